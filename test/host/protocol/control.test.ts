import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../host/protocol/clock.ts';
import {
  buildControl,
  ControlError,
  type ControlMessage,
  fromRuns,
  MAX_CONTROL_MESSAGE,
  pageOf,
  parseControl,
  RUNS_PER_PAGE,
  toRuns,
} from '../../../host/protocol/control.ts';
import { ControlAsker } from '../../../host/protocol/control-asker.ts';
import { ExpiringMap } from '../../../host/protocol/expiring-map.ts';

const hello: ControlMessage = {
  v: 1,
  id: 'a.1',
  request: { type: 'hello', name: 'sip-1', incarnation: 'abc', wantsSlot: 3 },
};

describe('control messages', () => {
  it('come back as they were', () => {
    expect(parseControl(buildControl(hello))).toEqual(hello);
  });

  it.each([
    ['{', 'not JSON'],
    ['{"v":2,"id":"x","request":{"type":"bye","name":"a"}}', 'version 1'],
    ['{"v":1,"id":"x","request":{"type":"bye","name":"../a"}}', 'request.name'],
    ['{"v":1,"id":"x","request":{"type":"shout"}}', 'request.type'],
    [
      '{"v":1,"id":"x","request":{"type":"load","name":"a","sequence":-1,"sessions":0,"capacity":1}}',
      'request.sequence',
    ],
    ['x'.repeat(MAX_CONTROL_MESSAGE + 1), 'at most'],
  ])('are refused by the field at fault: %.60s', (text, problem) => {
    const result = parseControl(Buffer.from(text));
    expect('problem' in result ? result.problem : 'read').toContain(problem);
  });

  it('keep the id of a bad request, so that it can be answered', () => {
    const result = parseControl(Buffer.from('{"v":1,"id":"x","request":{"type":"shout"}}'));
    expect(result).toMatchObject({ id: 'x' });
  });

  it('never throw while reading', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        parseControl(Buffer.from(text));
      }),
    );
  });

  it('fit a datagram with full pages of the longest VIDs', () => {
    const vids = Array.from({ length: 200 }, (_, i) => 60000 + ((i * i) % 5000)).sort();
    const page = pageOf([...new Set(vids)], 0);
    expect(page.runs).toHaveLength(RUNS_PER_PAGE);
    const message: ControlMessage = {
      v: 1,
      id: 'x'.repeat(64),
      reply: {
        type: 'hello',
        slot: 63,
        epoch: 255,
        mac: 'ff:ff:ff:ff:ff:ff',
        assignment: 999_999,
        reportInterval: 1000,
        services: [{ name: 'sip', port: 5060, vidPorts: { base: 20000, step: 1 } }],
        vids: page,
        backupVids: page,
      },
    };
    expect(parseControl(buildControl(message))).toEqual(message);
    const tooLong = { ...message, id: 'x', error: undefined, reply: undefined };
    expect(() =>
      buildControl({ ...tooLong, error: { code: 'refused', message: 'x'.repeat(2000) } } as never),
    ).toThrow(/2\d\d\d bytes; at most 1400/);
  });
});

describe('runs of VIDs', () => {
  it('are the list again, in pages too', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(0xffff), { maxLength: 200 }), (unsorted) => {
        const vids = unsorted.sort((a, b) => a - b);
        expect(fromRuns(toRuns(vids))).toEqual(vids);
        const paged: number[] = [];
        for (let from: number | undefined = 0; from !== undefined; ) {
          const page = pageOf(vids, from);
          paged.push(...fromRuns(page.runs));
          from = page.next;
        }
        expect(paged).toEqual(vids);
      }),
    );
  });

  it('are short for blocks and for every n-th VID', () => {
    expect(toRuns(Array.from({ length: 1000 }, (_, i) => 5 + i))).toEqual([
      { vid: 5, count: 1000, stride: 1 },
    ]);
    expect(toRuns(Array.from({ length: 300 }, (_, i) => 7 + 3 * i))).toHaveLength(1);
  });
});

describe('ControlAsker', () => {
  function asker() {
    const clock = new ManualClock();
    const sent: ControlMessage[] = [];
    const made = new ControlAsker('me', clock, (payload) =>
      sent.push(parseControl(payload) as ControlMessage),
    );
    return { clock, sent, made };
  }

  it('repeats the same request until it is answered', async () => {
    const { clock, sent, made } = asker();
    const asked = made.ask({ type: 'bye', name: 'a' });
    clock.advance(100 + 200 + 400);
    expect(sent).toHaveLength(4);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    const id = sent[0]?.id ?? '';
    expect(made.answer({ v: 1, id: 'other', reply: { type: 'bye' } })).toBe(false);
    expect(made.answer({ v: 1, id, reply: { type: 'load', assignment: 1 } })).toBe(false);
    expect(made.answer({ v: 1, id, reply: { type: 'bye' } })).toBe(true);
    await expect(asked).resolves.toEqual({ type: 'bye' });
    clock.advance(60_000);
    expect(sent).toHaveLength(4);
    expect(made.answer({ v: 1, id, reply: { type: 'bye' } })).toBe(false);
  });

  it('does not repeat what is to be sent once', async () => {
    const { clock, sent, made } = asker();
    const asked = made.ask({ type: 'bye', name: 'a' }, { timeout: 1000, once: true });
    const fails = expect(asked).rejects.toThrow('no answer');
    clock.advance(5000);
    await fails;
    expect(sent).toHaveLength(1);
    expect(clock.next).toBeUndefined();
  });

  it('gives up after its time, rejects with what the answer says, and when it is closed', async () => {
    const { clock, sent, made } = asker();
    const late = made.ask({ type: 'bye', name: 'a' }, { timeout: 500 });
    const lateFails = expect(late).rejects.toThrow('no answer to "bye" within 500 ms');
    clock.advance(1000);
    await lateFails;
    const refused = made.ask({ type: 'bye', name: 'a' });
    const error = { code: 'not_up', message: 'who?' } as const;
    made.answer({ v: 1, id: sent.at(-1)?.id ?? '', error });
    await expect(refused).rejects.toThrow(ControlError);
    await expect(refused).rejects.toMatchObject({ code: 'not_up', message: 'who?' });
    const open = made.ask({ type: 'bye', name: 'a' });
    made.close('closed');
    await expect(open).rejects.toThrow('closed');
    expect(clock.next).toBeUndefined();
  });
});

describe('ExpiringMap', () => {
  it('forgets after its life, counts from the last set, and keeps to its limit', () => {
    let now = 0;
    const map = new ExpiringMap<string, number>({ life: 10, limit: 3, now: () => now });
    map.set('a', 1);
    now = 6;
    map.set('b', 2);
    map.set('a', 3);
    now = 15;
    expect(map.get('a')).toBe(3);
    now = 16;
    expect(map.get('a')).toBeUndefined();
    map.age();
    expect([map.size, map.expired, map.evicted]).toEqual([0, 2, 0]);
    for (const key of ['c', 'd', 'e', 'f']) map.set(key, 0);
    expect([map.size, map.evicted, map.get('c'), map.get('d')]).toEqual([3, 1, undefined, 0]);
  });
});

describe('ManualClock', () => {
  it('fires timers in the order in which they are due, also those set meanwhile', () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.schedule(20, () => fired.push(`late ${clock.now()}`));
    clock.schedule(10, () => {
      fired.push(`early ${clock.now()}`);
      clock.schedule(5, () => fired.push(`between ${clock.now()}`));
    });
    clock.schedule(10, () => fired.push('never')).cancel();
    clock.advance(30);
    expect(fired).toEqual(['early 10', 'between 15', 'late 20']);
    expect(clock.now()).toBe(30);
  });
});
