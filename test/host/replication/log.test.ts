import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../host/protocol/clock.ts';
import { Digest, hashEntry } from '../../../host/replication/digest.ts';
import { buildAck, parseDatagram } from '../../../host/replication/log-datagram.ts';
import { LogReceiver } from '../../../host/replication/log-receiver.ts';
import {
  type LogRecord,
  readRecord,
  sizeOf,
  writeRecord,
} from '../../../host/replication/log-record.ts';
import { LogSender } from '../../../host/replication/log-sender.ts';
import { KeyedState } from '../../../host/replication/state.ts';
import { Random } from '../../generators/random.ts';

const vid = fc.integer({ min: 0, max: 0xffff });
const term = fc.integer({ min: 0, max: 0xffffffff });
const key = fc.string({ maxLength: 40, unit: 'grapheme' });
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const record: fc.Arbitrary<LogRecord> = fc.oneof(
  fc.record({
    type: fc.constantFrom('open' as const, 'handover' as const, 'continue' as const),
    vid,
    term,
  }),
  fc.record({ type: fc.constant('put' as const), vid, key, value: bytes }),
  fc.record({ type: fc.constant('delete' as const), vid, key }),
  fc.record({
    type: fc.constant('mark' as const),
    vid,
    term,
    digest: fc.stringMatching(/^[0-9a-f]{16}$/),
  }),
  fc.record({ type: fc.constant('close' as const), vid }),
  fc.record({ type: fc.constant('packet' as const), vid, more: fc.boolean(), part: bytes }),
);

describe('records of a log', () => {
  it('come back as they were written, one behind the other', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        const buffer = Buffer.alloc(records.reduce((sum, it) => sum + sizeOf(it), 0));
        let at = 0;
        for (const it of records) at = writeRecord(buffer, at, it);
        expect(at).toBe(buffer.length);
        at = 0;
        for (const it of records) {
          const { record: read, end } = readRecord(buffer, at);
          expect(read).toEqual(it);
          at = end;
        }
      }),
    );
  });

  it('that are cut off or unknown are refused with a RangeError, never read beyond their end', () => {
    fc.assert(
      fc.property(record, fc.nat(), (it, cut) => {
        const buffer = Buffer.alloc(sizeOf(it));
        writeRecord(buffer, 0, it);
        expect(() => readRecord(buffer.subarray(0, cut % buffer.length), 0)).toThrow(RangeError);
      }),
    );
    expect(() => readRecord(Buffer.from([99, 0, 0]), 0)).toThrow(/record type 99/);
  });

  it('any bytes are a datagram or none', () => {
    fc.assert(fc.property(bytes, (it) => void parseDatagram(it)));
    const ack = { log: 7, next: 2 ** 40, gap: true, refused: [3, 2 ** 35] };
    expect(parseDatagram(buildAck(ack))).toEqual({ kind: 'ack', ...ack });
  });
});

describe('the digest', () => {
  it('is that of the entries, whatever way they came', () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      value: fc.option(bytes, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(change), fc.infiniteStream(fc.nat()), (changes, dice) => {
        const state = new KeyedState();
        for (const it of changes) state.apply(it);
        const other = new KeyedState();
        const entries = [...state.snapshot()];
        while (entries.length > 0) {
          const [next] = entries.splice((dice.next().value ?? 0) % entries.length, 1);
          if (next !== undefined) other.apply(next);
        }
        expect(other.digest()).toBe(state.digest());
        const again = new KeyedState();
        again.apply({ key: 'other', value: Buffer.from('gone') });
        again.restore(state.snapshot());
        expect(again.digest()).toBe(state.digest());
      }),
    );
  });

  it('differs where an entry differs, is missing, or moved its border between key and value', () => {
    const of = (...entries: [string, string][]) => {
      const digest = new Digest();
      for (const [name, value] of entries) digest.add(hashEntry(name, Buffer.from(value)));
      return digest.text;
    };
    const all = [
      of(),
      of(['a', '1']),
      of(['a', '2']),
      of(['b', '1']),
      of(['a', '1'], ['b', '1']),
      of(['a', '1'], ['a', '1']),
      of(['ab', '1']),
      of(['a', 'b1']),
      of(['', 'ab1']),
      of(['a', '1\0']),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('an entry that fits no frame is refused, and changes nothing', () => {
    const state = new KeyedState();
    const before = state.digest();
    expect(() => state.apply({ key: 'k', value: Buffer.alloc(1300) })).toThrow(/at most 1300/);
    expect(() => state.apply({ key: 'k'.repeat(256), value: Buffer.alloc(1) })).toThrow(
      /256 bytes/,
    );
    expect([state.size, state.digest()]).toEqual([0, before]);
  });
});

describe('a log', () => {
  it('arrives once and in order through loss, doubles and disorder', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const clock = new ManualClock();
      const got: string[] = [];
      let answered = 0;
      const bad = (deliver: () => void) => {
        for (let n = random.chance(25) ? 0 : random.chance(20) ? 2 : 1; n > 0; n--) {
          clock.schedule(random.below(40), deliver);
        }
      };
      const receiver = new LogReceiver({
        send: (datagram) => {
          const answer = parseDatagram(Buffer.from(datagram));
          bad(() => {
            if (answer?.kind === 'ack' || answer?.kind === 'unknown') sender.receive(answer);
          });
        },
        began: () => {},
        record: (it, number) => got.push(it.type === 'delete' ? `${number} ${it.key}` : it.type),
        refused: () => [],
        room: 8,
      });
      const sender: LogSender = new LogSender({
        clock,
        log: 1,
        window: 16,
        send: (datagram) => {
          const copy = Buffer.from(datagram);
          bad(() => {
            const read = parseDatagram(copy);
            if (read?.kind === 'log') receiver.receive(read);
          });
        },
        acknowledged: (next) => {
          // What is said to have arrived has arrived.
          expect(got.length).toBeGreaterThanOrEqual(next);
          answered = next;
        },
        unknown: () => expect.unreachable('the receiver has lost nothing'),
      });
      sender.append({ type: 'hello', vid: 0 });
      const total = 2000;
      for (let n = 1; answered <= total; ) {
        for (let burst = random.below(60); burst > 0 && n <= total; burst--) {
          sender.append({ type: 'delete', vid: 1, key: `${n++}`.padEnd(random.below(200), '.') });
        }
        await new Promise((resolve) => setImmediate(resolve));
        clock.advance(5);
        expect(clock.now(), `seed ${seed}: stuck at ${answered}`).toBeLessThan(200_000);
      }
      expect(got.length).toBe(total + 1);
      expect(got.slice(1).every((text, i) => text.startsWith(`${i + 1} ${i + 1}`))).toBe(true);
      expect(sender.waiting).toBe(0);
      expect(clock.next === undefined || sender.counters.repeated > 0).toBe(true);
    }
  });
});
