/** tshark as a second opinion on frames that we write. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';

export const tsharkIsThere = spawnSync('tshark', ['--version']).status === 0;
if (!tsharkIsThere) {
  console.warn('tshark is not installed: our frames get no second opinion (apt install tshark)');
}

/** A frame, and the fields that tshark has to find in it. */
export type Expected = readonly [name: string, frame: Buffer, fields: Record<string, string>];

/** A classic capture file of link type Ethernet. */
function captureOf(frames: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(1, 20);
  const records = frames.map((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return Buffer.concat([record, frame]);
  });
  return Buffer.concat([header, ...records]);
}

/** The fields of each frame of a capture as tshark finds them, one map a frame. */
export function fieldsOf(
  file: string,
  names: readonly string[],
  options: readonly string[] = [],
): Record<string, string>[] {
  const fields = names.flatMap((name) => ['-e', name]);
  const run = spawnSync('tshark', ['-r', file, '-T', 'fields', ...options, ...fields], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (run.status !== 0) throw new Error(`tshark: ${run.stderr}`);
  return run.stdout
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => Object.fromEntries(line.split('\t').map((value, i) => [names[i], value])));
}

/** The fields of each frame as tshark finds them, one map a frame. */
export function decode(
  frames: readonly Buffer[],
  names: readonly string[],
): Record<string, string>[] {
  const folder = mkdtempSync(join(tmpdir(), 'vidline-tshark-'));
  try {
    const file = join(folder, 'frames.pcap');
    writeFileSync(file, captureOf(frames));
    // Checksums are off by default, since captures of one's own machine have unfinished ones.
    const checks = ['ip', 'udp', 'tcp'].map((name) => `${name}.check_checksum:TRUE`);
    const options = [...checks, 'sctp.checksum:crc-32c'].flatMap((option) => ['-o', option]);
    return fieldsOf(file, names, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** tshark finds these fields, and nothing malformed or worse than a note. */
export function expectDecoded(frames: readonly Expected[]): void {
  const wanted = [...new Set(frames.flatMap(([, , fields]) => Object.keys(fields)))];
  const names = [...wanted, '_ws.malformed', '_ws.expert.severity', '_ws.expert.message'];
  const decoded = decode(
    frames.map(([, frame]) => frame),
    names,
  );
  expect(decoded).toHaveLength(frames.length);
  frames.forEach(([name, , fields], i) => {
    const found = decoded[i] ?? {};
    expect(found, name).toMatchObject(fields);
    expect(found['_ws.malformed'], name).toBe('');
    // Severities: 0x100000 comment, 0x200000 chat, 0x400000 note; warnings and errors are above.
    const severities = (found['_ws.expert.severity'] ?? '').split(',').filter((s) => s !== '');
    const worst = Math.max(0, ...severities.map(Number));
    expect(worst, `${name}: ${found['_ws.expert.message']}`).toBeLessThan(0x600000);
  });
}
