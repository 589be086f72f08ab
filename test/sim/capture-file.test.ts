import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapturedFrame } from '../../sim/capture-file.ts';
import { CaptureFileError, PcapngWriter, readCapture } from '../../sim/capture-file.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vidline-capture-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function all(path: string): Promise<CapturedFrame[]> {
  const frames: CapturedFrame[] = [];
  for await (const frame of readCapture(path)) frames.push(frame);
  return frames;
}

function file(name: string, ...parts: readonly Uint8Array[]): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

/** Integers of 1, 2, 4 or 8 bytes in one byte order, as the drafts write them. */
function bytes(
  little: boolean,
  ...fields: readonly [size: 1 | 2 | 4 | 8, value: number | bigint][]
) {
  return Buffer.concat(
    fields.map(([size, value]) => {
      const field = Buffer.alloc(size);
      let rest = BigInt.asUintN(64, BigInt(value));
      for (let i = 0; i < size; i++, rest >>= 8n)
        field[little ? i : size - 1 - i] = Number(rest & 0xffn);
      return field;
    }),
  );
}

function block(little: boolean, type: number, body: Buffer): Buffer {
  const length = body.length + 12;
  return Buffer.concat([bytes(little, [4, type], [4, length]), body, bytes(little, [4, length])]);
}

const section = (little: boolean) =>
  block(little, 0x0a0d0d0a, bytes(little, [4, 0x1a2b3c4d], [2, 1], [2, 0], [8, -1n]));

describe('classic pcap', () => {
  for (const little of [true, false])
    for (const [magic, unit] of [
      [0xa1b2c3d4, 1000n],
      [0xa1b23c4d, 1n],
    ] as const)
      test(`${little ? 'little' : 'big'} endian, unit ${unit} ns`, async () => {
        const path = file(
          `classic-${little}-${unit}.pcap`,
          bytes(little, [4, magic], [2, 2], [2, 4], [4, 0], [4, 0], [4, 65535], [4, 141]),
          bytes(little, [4, 1_700_000_000], [4, 123_456], [4, 3], [4, 1500]),
          Buffer.from([1, 2, 3]),
          bytes(little, [4, 1_700_000_001], [4, 0], [4, 1], [4, 1]),
          Buffer.from([9]),
        );
        expect(await all(path)).toEqual([
          {
            interfaceId: 0,
            linkType: 141,
            timestampNs: 1_700_000_000_000_000_000n + 123_456n * unit,
            data: Buffer.from([1, 2, 3]),
            originalLength: 1500,
          },
          {
            interfaceId: 0,
            linkType: 141,
            timestampNs: 1_700_000_001_000_000_000n,
            data: Buffer.from([9]),
            originalLength: 1,
          },
        ]);
      });
});

describe('pcapng', () => {
  for (const little of [true, false])
    test(`${little ? 'little' : 'big'} endian: two interfaces, resolutions, offset, SPB`, async () => {
      const path = file(
        `ng-${little}.pcapng`,
        section(little),
        // 2^-10 seconds, 100 s offset
        block(
          little,
          1,
          Buffer.concat([
            bytes(little, [2, 1], [2, 0], [4, 2]),
            bytes(little, [2, 9], [2, 1], [1, 0x8a], [1, 0], [2, 0]),
            bytes(little, [2, 14], [2, 8], [8, 100], [4, 0]),
          ]),
        ),
        // no options: microseconds
        block(little, 1, bytes(little, [2, 113], [2, 0], [4, 0])),
        block(little, 0xbad, bytes(little, [4, 0])), // unknown: skipped
        block(little, 6, bytes(little, [4, 0], [4, 0], [4, 1536], [4, 1], [4, 1], [4, 0x55])),
        block(little, 6, bytes(little, [4, 1], [4, 1], [4, 5], [4, 0], [4, 7])),
        block(little, 3, Buffer.concat([bytes(little, [4, 9]), Buffer.from([7, 8, 0, 0])])),
        block(
          little,
          2,
          Buffer.concat([
            bytes(little, [2, 1], [2, 0], [4, 0], [4, 2], [4, 1], [4, 1]),
            Buffer.from([3, 0, 0, 0]),
          ]),
        ),
      );
      const frames = await all(path);
      expect(frames.map((f) => [f.interfaceId, f.linkType, f.timestampNs])).toEqual([
        [0, 1, 101_500_000_000n],
        [1, 113, ((1n << 32n) + 5n) * 1000n],
        [0, 1, 0n],
        [1, 113, 2000n],
      ]);
      expect(frames.map((f) => f.originalLength)).toEqual([1, 7, 9, 1]);
      expect(frames[1]?.data).toHaveLength(0);
      expect(frames[2]?.data).toEqual(Buffer.from([7, 8])); // snap length 2 cuts it
      expect(frames[3]?.data).toEqual(Buffer.from([3]));
    });

  test('ids go on counting over sections', async () => {
    const description = block(true, 1, bytes(true, [2, 1], [2, 0], [4, 0]));
    const packet = block(true, 6, bytes(true, [4, 0], [4, 0], [4, 0], [4, 0], [4, 0]));
    const one = Buffer.concat([section(true), description, packet]);
    const frames = await all(file('sections.pcapng', one, one));
    expect(frames.map((f) => f.interfaceId)).toEqual([0, 1]);
  });
});

describe('what the writer writes', () => {
  const frames = Array.from({ length: 2000 }, (_, i) => ({
    interfaceId: i % 2,
    timestampNs: 1_700_000_000_123_456_789n + BigInt(i),
    data: Buffer.alloc(60 + (i % 300), i),
    ...(i % 3 === 0 ? { comment: `frame ${i}: steered · é` } : {}),
  }));
  let path = '';
  beforeAll(() => {
    path = join(folder, 'written.pcapng');
    const writer = PcapngWriter.open(path, [{ name: 'line 0' }, { name: 'slot 1' }]);
    for (const frame of frames) writer.write(frame);
    writer.close();
    writer.close();
  });

  test('is what the reader reads', async () => {
    const read = await all(path);
    expect(read.map(({ originalLength, linkType, interfaceName, ...rest }) => rest)).toEqual(
      frames,
    );
    expect(read.every((f) => f.linkType === 1 && f.originalLength === f.data.length)).toBe(true);
    expect(new Set(read.map((f) => f.interfaceName))).toEqual(new Set(['line 0', 'slot 1']));
  });

  const tshark = spawnSync('tshark', ['--version']).status === 0;
  test.runIf(tshark)('is what tshark reads', () => {
    const fields = ['frame.interface_name', 'frame.time_epoch', 'frame.len', 'frame.comment'];
    const out = execFileSync(
      'tshark',
      ['-r', path, '-c', '4', '-T', 'fields', ...fields.flatMap((f) => ['-e', f])],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    expect(out.split('\n').map((line) => line.split('\t'))).toEqual([
      ['line 0', '1700000000.123456789', '60', 'frame 0: steered · é'],
      ['slot 1', '1700000000.123456790', '61', ''],
      ['line 0', '1700000000.123456791', '62', ''],
      ['slot 1', '1700000000.123456792', '63', 'frame 3: steered · é'],
      [''],
    ]);
  });

  test('has frames that were cut, and interfaces that came later', async () => {
    const path = join(folder, 'later.pcapng');
    const writer = PcapngWriter.open(path, []);
    const id = writer.addInterface({ name: 'cooked', linkType: 113 });
    writer.write({ interfaceId: id, timestampNs: 1n, data: Buffer.alloc(5), originalLength: 99 });
    expect(writer.addInterface({ name: 'b' })).toBe(id + 1);
    writer.close();
    const told = { interfaceId: 0, interfaceName: 'cooked', linkType: 113, originalLength: 99 };
    expect(await all(path)).toEqual([{ ...told, timestampNs: 1n, data: Buffer.alloc(5) }]);
  });

  test('refuses an interface it does not have, and writes after close', () => {
    const writer = PcapngWriter.open(join(folder, 'refuse.pcapng'), [{ name: 'a' }]);
    const frame = { interfaceId: 1, timestampNs: 0n, data: Buffer.alloc(1) };
    expect(() => writer.write(frame)).toThrow(/interface 1 of 1/);
    writer.close();
    expect(() => writer.write({ ...frame, interfaceId: 0 })).toThrow(/already closed/);
  });
});

describe('a file packed with gzip', () => {
  const frames = Array.from({ length: 3000 }, (_, i) => ({
    interfaceId: 0,
    timestampNs: BigInt(i),
    data: Buffer.alloc(60 + (i % 1400), i),
  }));
  const written = (name: string, list = frames) => {
    const path = join(folder, name);
    const writer = PcapngWriter.open(path, [{ name: 'a' }]);
    for (const frame of list) writer.write(frame);
    writer.close();
    return readFileSync(path);
  };

  test('is read as the file that was packed, whatever its name', async () => {
    const bytes = written('plain.pcapng');
    const whole = await all(file('packed.bin', gzipSync(bytes)));
    expect(whole).toHaveLength(3000);
    const data = (list: readonly CapturedFrame[]) => Buffer.concat(list.map((it) => it.data));
    expect(data(whole).equals(data(await all(file('plain.bin', bytes))))).toBe(true);
    // Several members are one file, as tools that append leave it (RFC 1952 §2.2).
    const half = bytes.length >> 1;
    const members = [gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half))];
    expect(data(await all(file('members.gz', ...members))).equals(data(whole))).toBe(true);
  });

  test('comes through a pipe as well, packed or not', async () => {
    const bytes = written('for-a-pipe.pcapng');
    for (const [name, content] of [
      ['plain', bytes],
      ['packed', gzipSync(bytes)],
    ] as const) {
      const path = join(folder, `${name}.fifo`);
      execFileSync('mkfifo', [path]);
      const written = writeFile(path, content);
      expect(await all(path), name).toHaveLength(3000);
      await written;
    }
  });

  test('tells how much of the file has been read, packed as it is', async () => {
    const packed = gzipSync(written('progress.pcapng'), { level: 0 });
    const told: number[] = [];
    const path = file('progress.gz', packed);
    for await (const _ of readCapture(path, { onRead: (bytes) => told.push(bytes) }));
    expect(told.length).toBeGreaterThan(2);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(packed.length);
  });

  test('that was cut off gives the frames before the cut, then says so', async () => {
    const packed = gzipSync(written('cut.pcapng'), { level: 0 });
    const read: CapturedFrame[] = [];
    const run = async () => {
      const path = file('cut.gz', packed.subarray(0, packed.length >> 1));
      for await (const frame of readCapture(path)) read.push(frame);
    };
    await expect(run()).rejects.toThrow(/cut\.gz, byte \d+: the packing \(gzip\).*it was cut off/);
    expect(read.length).toBeGreaterThan(1000);
    expect(read.every(({ data }, i) => data.equals(frames[i]?.data ?? Buffer.alloc(0)))).toBe(true);
  });

  test('is let go of when nobody wants more of it', async () => {
    const path = file('first.gz', gzipSync(written('first.pcapng')));
    for await (const frame of readCapture(path)) {
      expect(frame.data).toHaveLength(60);
      break;
    }
  });
});

describe('damage is named with its place', () => {
  const good = () => {
    const path = join(folder, 'good.pcapng');
    const writer = PcapngWriter.open(path, [{ name: 'a' }]);
    writer.write({ interfaceId: 0, timestampNs: 0n, data: Buffer.alloc(60) });
    writer.write({ interfaceId: 0, timestampNs: 0n, data: Buffer.alloc(60) });
    writer.close();
    return readFileSync(path);
  };

  test('a cut file gives the frames before the cut, then the error', async () => {
    const bytes = good();
    const path = file('cut.pcapng', bytes.subarray(0, bytes.length - 10));
    const frames: CapturedFrame[] = [];
    const run = async () => {
      for await (const frame of readCapture(path)) frames.push(frame);
    };
    await expect(run()).rejects.toThrow(CaptureFileError);
    await expect(run()).rejects.toThrow(/cut\.pcapng, byte \d+: the file ends inside a block/);
    expect(frames).toHaveLength(2); // one for each of the two runs
  });

  test('a file cut anywhere never gives a frame that is not whole', async () => {
    const bytes = good();
    for (let length = 0; length < bytes.length; length += 7) {
      const path = file('anywhere.pcapng', bytes.subarray(0, length));
      const frames = await all(path).catch((error: unknown) => {
        expect(error).toBeInstanceOf(CaptureFileError);
        return [];
      });
      for (const frame of frames) expect(frame.data).toHaveLength(60);
    }
  });

  test.each([
    ['no capture', Buffer.from('hello world'), /no capture: it begins with 0x68656c6c/],
    [
      'gzip that ends at once',
      Buffer.from([0x1f, 0x8b, 8, 0, 0]),
      /byte 0: the packing \(gzip\) ends or breaks here: it was cut off/,
    ],
    [
      'gzip of no capture',
      gzipSync('hello world'),
      /no capture: it begins with 0x68656c6c.*unpacked/,
    ],
    [
      'gzip that is damaged',
      Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(40, 0xff)]),
      /the packing \(gzip\) ends or breaks here/,
    ],
    ['empty', Buffer.alloc(0), /fewer than 4 bytes/],
    [
      'unknown interface',
      Buffer.concat([
        section(true),
        block(true, 6, bytes(true, [4, 3], [4, 0], [4, 0], [4, 0], [4, 0])),
      ]),
      /interface 3, which the file does not describe/,
    ],
    [
      'lengths that differ',
      Buffer.concat([section(true), bytes(true, [4, 5], [4, 12], [4, 16])]),
      /two lengths of a block differ/,
    ],
    [
      'a short block',
      Buffer.concat([section(true), bytes(true, [4, 5], [4, 8], [4, 8])]),
      /damaged/,
    ],
  ] as const)('%s', async (name, content, message) => {
    await expect(all(file(`${name}.bad`, content))).rejects.toThrow(message);
  });
});
