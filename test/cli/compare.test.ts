/** `vidline compare` as it is typed, on captures made here. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompareReport } from '../../host/compare/report/report.ts';
import { ensureRouter } from '../../host/router/build.ts';
import { ensureBuilt, PcapngWriter } from '../../sim/index.ts';
import { gpdu, sctp, udp } from '../host/compare/frames.ts';

const COMMAND = fileURLToPath(new URL('../../host/cli/vidline.mjs', import.meta.url));
const SERVICES = fileURLToPath(new URL('../../host/services/', import.meta.url));
const service = (name: string) => join(SERVICES, `${name}.yaml`);

let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vidline-compare-'));
  await ensureBuilt({ configuration: 'sim' });
  await ensureRouter();
  const writer = PcapngWriter.open(at('all.pcapng'), [{ name: 'eth0' }]);
  const write = (data: Buffer, more: object = {}) =>
    writer.write({ interfaceId: 0, timestampNs: 5n, data, ...more });
  for (const teid of ['00000000', '00050007', '00060007']) write(gpdu(teid));
  for (let n = 0; n < 2; n++) write(sctp(0x1a2b3c4d));
  write(udp('192.0.2.77', 9, ''));
  write(gpdu('00050007').subarray(0, 48), { originalLength: 60 });
  writer.close();
  writeFileSync(at('cut.pcapng'), readFileSync(at('all.pcapng')));
  truncateSync(at('cut.pcapng'), readFileSync(at('all.pcapng')).length - 7);
  const radio = PcapngWriter.open(at('radio.pcapng'), [{ name: 'wlan0', linkType: 127 }]);
  radio.write({ interfaceId: 0, timestampNs: 0n, data: gpdu('00050007') });
  radio.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function compare(...words: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 1 << 24 };
    execFile(process.execPath, [COMMAND, 'compare', ...words], options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const BOTH = ['--services', service('gtp'), service('sctp')];

describe('vidline compare', () => {
  it('says that all engines agree, and what each costs', { timeout: 120_000 }, async () => {
    const words = [at('all.pcapng'), ...BOTH, '--quick', '--json', '--html', at('out.html')];
    const ran = await compare(...words, '--write', at('page.md'));
    expect(ran.status).toBe(0);
    const report = JSON.parse(ran.stdout) as CompareReport;
    expect(report).toMatchObject({
      schema: 'vidline.compare/1',
      capture: 'all.pcapng',
      frames: 7,
      mismatches: 0,
      cut: 1,
      examples: [],
      machine: { node: process.version },
    });
    expect(report.command).not.toContain(folder);
    const { rtl, cpp, typescript } = report.engines;
    expect(rtl.clocksPerFrame).toBeGreaterThanOrEqual(6);
    expect(rtl.latencyClocks?.samples).toBe(6);
    expect(cpp.costs).toHaveLength(8);
    expect(typescript.costs).toHaveLength(4);
    expect(cpp.costs.every(({ p50, p99 }) => p50 > 0 && p99 >= p50)).toBe(true);
    expect(cpp.sessions?.map(({ sessions }) => sessions)).toContain(2 ** 18);
    expect(readFileSync(at('out.html'), 'utf8').match(/<svg /g)).toHaveLength(4);
    const page = readFileSync(at('page.md'), 'utf8');
    for (const [, file = ''] of page.matchAll(/\]\((page\/\w+\.svg)\)/g)) {
      expect(existsSync(at(file)), file).toBe(true);
    }
    expect(page.match(/\.svg\)/g)).toHaveLength(4);
  });

  it('tells people, and measures nothing where nothing is asked for', async () => {
    const ran = await compare(at('all.pcapng'), ...BOTH, '--no-cost');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^6 frames: RTL, C\+\+ and TypeScript decided all of them alike\./);
    expect(ran.stdout).toMatch(/1 frame of the capture is cut/);
    expect(ran.stdout).toMatch(/steer_active +│ +3/);
    expect(ran.stdout).not.toMatch(/Software: nanoseconds/);
  });
});

describe('what cannot be compared', () => {
  it.each([
    ['a capture that was cut off', ['cut.pcapng'], /cut\.pcapng/],
    ['a link that is not read', ['radio.pcapng'], /link type .*127.*read are/s],
    ['what is no capture', ['text.txt'], /text\.txt/],
    ['a file that is not there', ['none.pcap'], /there is no such file/],
  ])('%s', async (_, [name = ''], message) => {
    writeFileSync(at('text.txt'), 'no capture at all');
    const ran = await compare(at(name), ...BOTH, '--no-cost');
    expect(ran).toMatchObject({ status: 5, stdout: '' });
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr).not.toMatch(/ {4}at /);
  });

  it('rules that hide each other', async () => {
    writeFileSync(
      at('bad.yaml'),
      `service: bad
rules:
  - { name: all, match: { protocol: udp }, setup: always }
  - { name: some, match: { protocol: udp, port: 7 }, setup: always }
`,
    );
    const ran = await compare(at('all.pcapng'), '--services', at('bad.yaml'), '--no-cost');
    expect(ran.status).toBe(5);
    expect(ran.stderr).toMatch(/bad\.yaml:4:.*some.*all/);
  });
});
