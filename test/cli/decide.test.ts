/** `vidline decide` as it is typed, on captures made here. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, PcapngWriter, readCapture } from '../../sim/index.ts';
import { gpdu, sctp, udp } from '../host/compare/frames.ts';

const COMMAND = fileURLToPath(new URL('../../host/cli/vidline.mjs', import.meta.url));
const SERVICES = fileURLToPath(new URL('../../host/services/', import.meta.url));
const service = (name: string) => join(SERVICES, `${name}.yaml`);
const TIME = 1_700_000_000_123_456_789n;

let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vidline-decide-'));
  // Here, so that no command's standard error tells of it.
  for (const configuration of ['sim', 'sim-512'])
    await ensureBuilt({ configuration, trace: false });
  const writer = PcapngWriter.open(at('all.pcapng'), [{ name: 'eth0' }, { name: 'eth1' }]);
  const write = (data: Buffer, more: object = {}) =>
    writer.write({ interfaceId: 0, timestampNs: TIME, data, ...more });
  write(gpdu('00000000'));
  write(gpdu('00050007'), { comment: 'mine' });
  write(sctp(0x1a2b3c4d), { interfaceId: 1 });
  write(sctp(0x1a2b3c4d), { interfaceId: 1 });
  write(udp('192.0.2.77', 9, ''));
  // Cut on the wire, and cut by the capture, at the same byte.
  write(gpdu('00050007').subarray(0, 48));
  write(gpdu('00050007').subarray(0, 48), { originalLength: gpdu('00050007').length });
  const cooked = Buffer.from(`0000000100060708090a0b0c00000800`, 'hex');
  writer.addInterface({ name: 'any', linkType: 113 });
  write(Buffer.concat([cooked, gpdu('00090007').subarray(14)]), { interfaceId: 2 });
  writer.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function decide(...words: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, 'decide', ...words], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const BOTH = ['--services', service('gtp'), service('sctp')];
const lines = ({ stdout }: Ran) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('vidline decide', () => {
  it('gives a JSON line for each frame, of a packed capture too', async () => {
    writeFileSync(at('all.gz'), gzipSync(readFileSync(at('all.pcapng'))));
    const [plain, packed] = await Promise.all([
      decide(at('all.pcapng'), ...BOTH, '--json'),
      decide(at('all.gz'), ...BOTH, '--json'),
    ]);
    expect(packed).toEqual(plain);
    expect(plain).toMatchObject({ status: 0, stderr: '' });
    const clocks = expect.any(Number);
    const none = { service: null, rule: null, key: null, vid: null, slot: null };
    const user = { service: 'gtp', rule: 'user' };
    const tag = { service: 'sctp', rule: 'tag', key: '0x1a2b3c4d', clocks };
    const steer = { end: 'steer', reason: 'steer_active', clocks };
    const learned = 23_208; // test/host/compare/identifier.test.ts
    expect(lines(plain)).toEqual([
      {
        ...{ frame: 1, end: 'punt', reason: 'punt_setup', ...user, key: '0x00000000' },
        ...{ vid: null, slot: null, clocks },
      },
      { frame: 2, ...steer, ...user, key: '0x00050007', vid: 5, slot: 5 },
      {
        ...{ frame: 3, end: 'punt', reason: 'punt_no_override', ...tag },
        ...{ vid: null, slot: null, learned },
      },
      { frame: 4, ...steer, ...tag, vid: learned, slot: learned % 64 },
      { frame: 5, end: 'drop', reason: 'no_service', ...none, clocks },
      { frame: 6, end: 'drop', reason: 'ip_length', ...none, clocks },
      { frame: 7, end: null, reason: 'cut by the capture', ...none, clocks: null, cut: true },
      { frame: 8, ...steer, ...user, key: '0x00090007', vid: 9, slot: 9 },
    ]);
  });

  it('sums up for people, and writes the capture with its grounds', async () => {
    writeFileSync(at('vids.yaml'), 'sctp/tag: { 0x1a2b3c4d: 70 }\n');
    const ran = await decide(
      ...[at('all.pcapng'), ...BOTH, '--configuration', 'sim-512'],
      ...['--vids', at('vids.yaml'), '--write', at('out.pcapng')],
    );
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^8 frames on card sim-512, 512 bits wide\n/);
    const row = (...cells: (string | number)[]) =>
      new RegExp(`${cells.map((cell) => `│ +${cell} +`).join('')}│`.replaceAll(' +│ +', ' *│ *'));
    expect(ran.stdout).toMatch(row('steer', 'steer_active', 4));
    expect(ran.stdout).toMatch(row('–', 'cut by the capture', 1));
    expect(ran.stdout).toMatch(row('gtp', 'user', 3, 2, 1, 0));
    expect(ran.stdout).toMatch(row('sctp', 'tag', 2, 2, 0, 0));
    expect(ran.stdout).toMatch(row(6, 2)); // the slot of VID 70
    expect(ran.stdout).toMatch(/1 frame was cut by the capture and not decided/);
    expect(ran.stdout).not.toMatch(/learned/);
    const before = [];
    for await (const frame of readCapture(at('all.pcapng'))) before.push(frame);
    const after = [];
    for await (const frame of readCapture(at('out.pcapng'))) after.push(frame);
    expect(after.map(({ comment: _, ...frame }) => frame)).toEqual(
      before.map(({ comment: _, ...frame }) => frame),
    );
    const comments = after.map(({ comment }) => comment ?? '');
    expect(comments[1]).toMatch(
      /^frame 2: line \(line\) → fabric \d: steer_active \(steer\)\. rule \d gtp\/user, .* VID 5, .* \d+ clocks\.\nmine$/,
    );
    expect(comments[6]).toBe('frame 7: cut by the capture');
  });

  it('learns every identifier when told to', async () => {
    const ran = await decide(at('all.pcapng'), ...BOTH, '--learn', '--json');
    const of = (frame: number) => lines(ran).find((it) => it.frame === frame);
    expect(of(2)).toMatchObject({ reason: 'punt_no_override', learned: expect.any(Number) });
    expect(of(8)).toMatchObject({ reason: 'punt_no_override', learned: expect.any(Number) });
    expect(of(1)).toMatchObject({ reason: 'punt_setup' });
  });

  it('takes parameters, and ends in peace when its reader leaves', async () => {
    const writer = PcapngWriter.open(at('many.pcapng'), [{ name: 'eth0' }]);
    const data = gpdu('00050007');
    // Their lines do not fit into a pipe, so that the command meets its end.
    for (let n = 0; n < 3000; n++) writer.write({ interfaceId: 0, timestampNs: 0n, data });
    writer.close();
    const words = [COMMAND, 'decide', at('many.pcapng'), ...BOTH.slice(0, 2), '--json'];
    const child = spawn(process.execPath, [...words, '--set', 'address=192.0.2.77,192.0.2.5']);
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const first = await new Promise<string>((resolve) => {
      child.stdout.once('data', (data) => {
        child.stdout.destroy();
        resolve(`${data}`);
      });
    });
    const status = await new Promise((resolve) => child.once('close', resolve));
    // Frame 1 goes to an address that is not the service's any more.
    expect(JSON.parse(first.split('\n')[0] ?? '')).toMatchObject({
      frame: 1,
      reason: 'no_service',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('what vidline decide refuses', () => {
  it('a capture that was cut off, after what was whole', async () => {
    const bytes = readFileSync(at('all.pcapng'));
    writeFileSync(at('short.pcapng'), bytes.subarray(0, bytes.length - 40));
    const ran = await decide(at('short.pcapng'), ...BOTH);
    expect(ran.status).toBe(5);
    expect(ran.stdout).toMatch(/^7 frames on card sim/);
    expect(ran.stderr).toMatch(
      /^vidline: .*short\.pcapng, byte \d+: the file ends inside a block: the capture was cut off/,
    );
  });

  it('a frame of a link that it does not read, after those before it', async () => {
    const writer = PcapngWriter.open(at('wlan.pcapng'), [
      { name: 'eth0' },
      { name: 'wlan0', linkType: 105 },
    ]);
    const data = gpdu('00050007');
    for (const interfaceId of [0, 1]) writer.write({ interfaceId, timestampNs: 0n, data });
    writer.close();
    const ran = await decide(at('wlan.pcapng'), ...BOTH, '--json');
    expect(ran.status).toBe(5);
    expect(lines(ran)).toHaveLength(1);
    expect(ran.stderr).toMatch(
      /wlan\.pcapng, frame 2: link type IEEE802_11 \(105\) \(interface wlan0\): read are ETHERNET \(1\), LINUX_SLL/,
    );
  });

  it.each([
    ['what is no capture', () => [at('text'), ...BOTH], 5, /text, byte 0: no capture: it begins/],
    ['a folder', () => [folder, ...BOTH], 5, /, byte 0: it cannot be read: EISDIR/],
    [
      'a file that is not there',
      () => [at('none'), ...BOTH],
      5,
      /none: there is no such file or folder; check its name/,
    ],
    [
      'a service with an error',
      () => [at('all.pcapng'), '--services', at('bad.yaml')],
      5,
      /bad\.yaml:4:\d+: rules\[0\]\.match\.port/,
    ],
    ['no service', () => [at('all.pcapng')], 2, /--services/],
    [
      'a configuration that there is not',
      () => [at('all.pcapng'), ...BOTH, '--configuration', 'huge'],
      2,
      /sim-512/,
    ],
    ['parameters without a name', () => [at('all.pcapng'), ...BOTH, '--set', 'x'], 2, /name=value/],
    [
      'VIDs for what asks for none',
      () => [at('all.pcapng'), ...BOTH, '--vids', at('wrong.yaml')],
      5,
      /wrong\.yaml:1:1: gtp\/user: the VID of this rule follows from the identifier/,
    ],
    [
      'to write over the capture',
      () => [at('all.pcapng'), ...BOTH, '--write', at('all.pcapng')],
      5,
      /--write .*all\.pcapng: that is the capture itself/,
    ],
  ])('%s', async (_, words, status, message) => {
    writeFileSync(at('text'), 'hello world');
    writeFileSync(at('wrong.yaml'), 'gtp/user: { 1: 2 }\n');
    writeFileSync(
      at('bad.yaml'),
      'service: bad\nrules:\n  - name: one\n    match: { port: 99999 }\n    setup: always\n',
    );
    const size = readFileSync(at('all.pcapng')).length;
    const ran = await decide(...words());
    expect(ran).toMatchObject({ status, stdout: '' });
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr).not.toMatch(/\n +at /);
    expect(readFileSync(at('all.pcapng'))).toHaveLength(size);
  });
});
