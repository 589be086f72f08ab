import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { beats, frameLength, Random } from './harness/streams.ts';

const WIDTHS = [64, 512] as const;
const BYTES = { 64: 1024, 512: 8192 } as const;
const FRAMES = 16;
const INDEX_BITS = 4;
const NOTE_BITS = 14;
/** Clocks from the merge to the look-up, and from there to finish. */
const TO_LOOKUP = 6;
const TO_FINISH = 7;
/** Clocks at most from the search for the oldest of a place to its offer. */
const CHOOSING = FRAMES + 5;
const NEVER = 2n ** 48n - 1n;

let makers: Record<'hold64' | 'hold512', Make>;
beforeAll(async () => {
  const module = 'fragment_hold';
  const parameters = (width: 64 | 512) => ({
    DATA_WIDTH: width,
    BYTES: BYTES[width],
    INDEX_BITS,
    NOTE_BITS,
    FRAMES,
  });
  makers = await build('fragment-hold', {
    hold64: { module, parameters: parameters(64) },
    hold512: { module, parameters: parameters(512) },
  });
});

interface Fragment {
  id: number;
  bytes: Buffer;
  /** Its packet, and the packet's place in the table. */
  packet: number;
  index: number;
  note: number;
  deadline: bigint | undefined;
  tries: number;
}
interface Pass {
  fragment: Fragment;
  returned: boolean;
  expired: boolean;
  missed: boolean;
  learnedCount: number;
}
/** A beat on the lane from the merge to finish. */
interface Beat {
  pass: Pass;
  data: Buffer;
  bytes: number;
  first: boolean;
  last: boolean;
}
const ids = (fragments: readonly Fragment[]) => fragments.map(({ id }) => id);
type Fate = 'direct' | 'full' | 'followed' | 'timeout' | 'ill';

/**
 * The buffer in its loop: a lane of fixed length from merge to finish, with the fragment table's
 * look-up on the way. What is offered is checked byte by byte, and what becomes of each fragment is noted.
 */
class Loop {
  readonly dut: Dut;
  readonly width: 64 | 512;
  readonly random: Random;
  time = 1000n;
  limit = 1_000_000;
  now = 0;
  /** Percent of the clocks in which the merge takes nothing of what is offered between frames. */
  stalls = 0;
  /** Percent of returning fragments that the card loses on the way. */
  ill = 0;
  readonly table = new Map<number, number>();
  readonly fates: { fragment: Fragment; fate: Fate }[] = [];
  readonly held: Fragment[] = [];
  /** Fragments of the line that wait for the lane. */
  readonly line: Fragment[] = [];
  /** Chosen for another try when a first fragment of their packet came: they may overtake. */
  readonly ahead = new Set<number>();
  readonly #learnedAt = new Map<number, number>();
  offers = 0;
  early = 0;
  #lane: (Beat | undefined)[] = Array(TO_LOOKUP + TO_FINISH).fill(undefined);
  #sending: Beat[] = [];
  #fromHold: { parts: Buffer[]; pass: Pass } | undefined;
  #learn: number | undefined; // becomes the pulse of the next clock
  #refused = false;
  #offeredSince = 0;
  #ids = 0;

  constructor(width: 64 | 512, seed: number) {
    this.width = width;
    this.dut = makers[`hold${width}`](seed);
    this.random = new Random(seed);
    this.dut.set({ valid_i: 0, back_i: 0, learned_i: 0, ready_i: 0, returned_i: 0 }).reset();
  }

  fragment(packet: number, length: number): Fragment {
    const bytes = this.random.bytes(length);
    const note = (this.#ids * 5 + 77) % 2 ** NOTE_BITS;
    const index = packet % 2 ** INDEX_BITS;
    return { id: this.#ids++, bytes, packet, index, note, deadline: undefined, tries: 0 };
  }

  /** Soonest time of all that are held. */
  get soonest(): bigint {
    let soonest = NEVER;
    for (const { deadline = NEVER } of this.held) if (deadline < soonest) soonest = deadline;
    return soonest;
  }

  get quiet(): boolean {
    return !this.line.length && !this.#sending.length && this.#lane.every((beat) => !beat);
  }

  /** One clock; `learns`: the packet that a first fragment of has come. */
  clock(learns?: number): void {
    const { dut, random } = this;
    dut.set({ time_us_i: this.time, fragment_us_i: this.limit });
    // The table is written at the end of the clock; the pulse comes in the next.
    dut.set({ learned_i: this.#learn !== undefined });
    dut.set({ learned_index_i: (this.#learn ?? random.below(256)) % 2 ** INDEX_BITS });
    this.#look();
    const done = this.#finish();
    this.#merge();
    dut.clock();
    if (done) this.#settle(done);
    expect(dut.get('held_o')).toBe(this.held.length);
    if (dut.get('idle_o') === 1) expect(dut.big('deadline_us_o')).toBe(this.soonest);
    this.#learn = learns;
    if (learns !== undefined) {
      this.table.set(learns % 2 ** INDEX_BITS, learns);
      this.#learnedAt.set(learns, this.now);
      const trying = this.#trying;
      if (trying?.packet === learns) this.ahead.add(trying.id);
    }
    this.now++;
  }

  /** The look-up, before what is learned in this clock. */
  #look(): void {
    const beat = this.#lane[TO_LOOKUP];
    if (!beat?.first) return;
    const { pass } = beat;
    pass.missed = this.table.get(pass.fragment.index) !== pass.fragment.packet;
    pass.learnedCount = this.dut.get('learn_count_o');
  }

  /** Finish: what the frame at the lane's end becomes, with its last beat. */
  #finish(): { pass: Pass; kept: boolean } | undefined {
    const { dut, random } = this;
    const beat = this.#lane.pop();
    const holds = beat?.pass.missed === true && !beat.pass.expired;
    dut.set({ valid_i: holds, last_i: beat?.last ?? random.below(2), keep_i: 0, back_i: 0 });
    dut.set({ returned_i: beat?.pass.returned ?? random.below(2) });
    dut.set({ data_i: beat?.data ?? random.bytes(this.width / 8) });
    dut.set({ count_i: (beat?.bytes ?? 1) - 1, index_i: beat?.pass.fragment.index ?? 0 });
    dut.set({ learned_count_i: beat?.pass.learnedCount ?? 0 });
    dut.set({ note_i: beat?.pass.fragment.note ?? 0 }).settle();
    if (beat?.first) this.#refused = false;
    const accepted = dut.get('accept_o') === 1;
    if (holds && !accepted) {
      // What has been refused once stays refused.
      this.#refused = true;
      expect(beat.pass.returned).toBe(false);
    }
    if (holds && this.#refused) expect(accepted).toBe(false);
    if (!beat?.last) return undefined;
    const { pass } = beat;
    const ill = pass.returned && random.chance(this.ill);
    const kept = holds && accepted && !ill;
    dut.set({ keep_i: kept, back_i: pass.returned }).settle();
    return { pass, kept };
  }

  #settle({ pass, kept }: { pass: Pass; kept: boolean }): void {
    const { fragment, returned } = pass;
    if (kept) {
      if (returned) return;
      fragment.deadline = this.time + BigInt(this.limit);
      this.held.push(fragment);
      return;
    }
    let fate: Fate = returned ? 'followed' : 'direct';
    if (pass.missed) fate = pass.expired ? 'timeout' : returned ? 'ill' : 'full';
    this.fates.push({ fragment, fate });
    if (returned) this.held.splice(this.held.indexOf(fragment), 1);
  }

  /** The merge: whole frames, of the line or of what is held, without gaps inside. */
  #merge(): void {
    const { dut, random } = this;
    const busy = this.#sending.length > 0;
    const offered = dut.settle().get('valid_o') === 1;
    if (!offered) this.#offeredSince = this.now + 1;
    const begun = this.#fromHold !== undefined;
    if (begun) expect(offered, 'no gap inside a frame').toBe(true);
    const takes = offered && !busy && (begun || !random.chance(this.stalls));
    dut.set({ ready_i: takes });
    if (takes) {
      this.#lane.unshift(this.#take());
      return;
    }
    if (!busy && this.line.length > 0 && !begun && random.chance(90)) {
      const fragment = this.line.shift() as Fragment;
      const pass = { fragment, returned: false, expired: false, missed: false, learnedCount: 0 };
      this.#sending = beats(fragment.bytes, this.width, random).map((beat) => ({ pass, ...beat }));
    }
    this.#lane.unshift(this.#sending.shift());
  }

  #take(): Beat {
    const { dut } = this;
    const first = this.#fromHold === undefined;
    const note = dut.get('note_o');
    const expired = dut.get('expired_o') === 1;
    if (!this.#fromHold) {
      const found = this.held.filter((candidate) => candidate.note === note);
      expect(found, 'what is offered is held').toHaveLength(1);
      const fragment = found[0] as Fragment;
      fragment.tries++;
      const learned = this.#learnedAt.get(fragment.packet) ?? -CHOOSING;
      if (this.#offeredSince - learned < CHOOSING) this.ahead.add(fragment.id);
      this.offers++;
      const late = this.time >= (fragment.deadline ?? 0n);
      if (expired && !late) this.early++;
      const pass = { fragment, returned: true, expired, missed: false, learnedCount: 0 };
      this.#fromHold = { parts: [], pass };
    }
    const { parts, pass } = this.#fromHold;
    expect(note).toBe(pass.fragment.note);
    expect(expired).toBe(pass.expired);
    const bytes = dut.get('count_o') + 1;
    const data = dut.bytes('data_o');
    const last = dut.get('last_o') === 1;
    parts.push(data.subarray(0, bytes));
    if (last) {
      expect(Buffer.concat(parts).equals(pass.fragment.bytes), 'byte by byte').toBe(true);
      this.#fromHold = undefined;
    } else {
      expect(bytes).toBe(this.width / 8);
    }
    return { pass, data, bytes, first, last };
  }

  run(clocks: number): void {
    for (let i = 0; i < clocks; i++) this.clock();
  }

  /** Until the buffer says that nothing moves. */
  settle(): void {
    this.run(2); // what has just been learned comes a clock later
    for (let i = 0; !this.quiet || this.dut.settle().get('idle_o') === 0; i++) {
      if (i > 20_000) throw new Error('the loop does not come to rest');
      this.clock();
    }
  }

  get waiting(): number[] {
    return ids(this.held);
  }

  /** The held fragment that is on its way through the pipeline. */
  get #trying(): Fragment | undefined {
    const offered = this.#fromHold ?? this.#lane.find((beat) => beat?.pass.returned);
    if (offered) return offered.pass.fragment;
    if (this.dut.settle().get('valid_o') === 0) return undefined;
    return this.held.find(({ note }) => note === this.dut.get('note_o'));
  }

  /** Sends one and waits until it is held or gone. */
  hold(packet: number, length: number): number {
    const fragment = this.fragment(packet, length);
    this.line.push(fragment);
    this.settle();
    return fragment.id;
  }

  of(fate: Fate): number[] {
    return ids(this.fates.filter((one) => one.fate === fate).map(({ fragment }) => fragment));
  }
}

describe.each(WIDTHS)('fragment_hold at %i bits', (width) => {
  const k = width / 8;

  test.each([
    ['the merge takes at once', 0, 0],
    ['the merge makes it wait', 95, 0],
    ['some are lost on the way', 50, 20],
  ])('random packets, first fragments in between; %s', (_, stalls, ill) => {
    const loop = new Loop(width, 11 + stalls);
    Object.assign(loop, { stalls, ill });
    const { random } = loop;
    const sent: Fragment[] = [];
    let packet = 100;
    let lastLearn = -10;
    for (let i = 0; i < 12_000; i++) {
      // Packets come in groups; places are shared by some.
      if (random.chance(3)) packet = random.pick([packet + 1, packet + 16, random.below(300)]);
      if (loop.line.length < 3 && random.chance(width === 64 ? 5 : 25)) {
        const fragment = loop.fragment(packet, frameLength(random, k, 12 * k));
        sent.push(fragment);
        loop.line.push(fragment);
      }
      if (random.chance(10)) loop.time += 1n;
      const learns = loop.now - lastLearn >= (width === 64 ? 5 : 1) && random.chance(2);
      if (learns) lastLearn = loop.now;
      const awaited = random.pick([packet, ...loop.held.map((fragment) => fragment.packet)]);
      loop.clock(learns ? awaited : undefined);
    }
    loop.settle();
    // Nobody has been forgotten whose first fragment is known.
    const forgotten = loop.held.filter(({ packet: of, index }) => loop.table.get(index) === of);
    expect(ids(forgotten)).toEqual([]);
    // None is lost, none comes twice.
    const ends = ids([...loop.fates.map(({ fragment }) => fragment), ...loop.held]);
    expect(ends.sort((a, b) => a - b)).toEqual(ids(sent));
    expect(loop.of('timeout')).toEqual([]);
    expect(loop.early).toBe(0);
    // Those of one packet leave in the order in which they came to be held.
    for (const packet of new Set(sent.map((fragment) => fragment.packet))) {
      const left = loop
        .of('followed')
        .filter((id) => sent[id]?.packet === packet && !loop.ahead.has(id));
      const came = [...left].sort((a, b) => a - b);
      expect(left).toEqual(came);
    }
    expect(loop.of('followed').length).toBeGreaterThan(40);
    if (ill > 0) expect(loop.of('ill').length).toBeGreaterThan(5);
    expect(Math.max(...sent.map(({ tries }) => tries))).toBeGreaterThan(1);
  });

  test('held until its place is learned, then offered once and gone', () => {
    const loop = new Loop(width, 12);
    const one = loop.hold(5, 3 * k + 1);
    loop.run(500);
    expect(loop.offers).toBe(0);
    loop.clock(6); // another place
    loop.run(500);
    expect(loop.offers).toBe(0);
    loop.clock(5 + 16); // another packet, the same place
    loop.settle();
    expect([loop.offers, loop.waiting]).toEqual([1, [one]]);
    loop.clock(5);
    loop.settle();
    expect([loop.offers, loop.waiting, loop.of('followed')]).toEqual([2, [], [one]]);
  });

  test('one that waits makes no other wait; those of one place keep their order', () => {
    const loop = new Loop(width, 13);
    const held = [1, 2, 1, 3, 2, 1].map((packet) => loop.hold(packet, 2 * k));
    loop.clock(2);
    loop.settle();
    loop.clock(1);
    loop.settle();
    loop.clock(3);
    loop.settle();
    expect(loop.of('followed')).toEqual([1, 4, 0, 2, 5, 3].map((n) => held[n]));
    expect(loop.offers).toBe(6);
  });

  test('a place learned again and again by others costs a try for each frame there, no more', () => {
    const loop = new Loop(width, 14);
    for (const packet of [7, 7, 7, 8]) loop.hold(packet, k);
    for (let i = 1; i <= 10; i++) {
      loop.clock(7 + 16 * i);
      loop.settle();
      expect(loop.offers).toBe(3 * i);
    }
  });

  test('the first fragment at every clock around the look-up and the coming', () => {
    for (const length of [1, k, 2 * k, 5 * k + 3]) {
      for (let at = 0; at < 40; at++) {
        const loop = new Loop(width, 15);
        const fragment = loop.fragment(9, length);
        loop.line.push(fragment);
        for (let i = 0; i < 60; i++) loop.clock(i === at ? 9 : undefined);
        loop.settle();
        expect(loop.waiting).toEqual([]);
        expect(loop.fates.map(({ fate }) => fate)).toEqual([
          loop.offers > 0 ? 'followed' : 'direct',
        ]);
        expect(loop.offers).toBeLessThan(2);
      }
    }
  });

  test('the first fragment at every clock of a try that others have caused', () => {
    for (const length of [k, 12 * k]) {
      for (let at = 0; at < 50; at++) {
        const loop = new Loop(width, 23);
        loop.hold(9, length);
        for (let i = 0; i < 60; i++) loop.clock(i === 0 ? 9 + 16 : i === at ? 9 : undefined);
        loop.settle();
        expect(loop.waiting).toEqual(at === 0 ? [0] : []);
        expect(loop.offers).toBeLessThan(3);
      }
    }
  });

  test('a limit that has become shorter holds for who comes then, and older ones of the place', () => {
    const loop = new Loop(width, 24);
    loop.limit = 5000;
    const [one, two] = [loop.hold(1, k), loop.hold(2, k)];
    loop.limit = 100;
    const three = loop.hold(2, k);
    loop.time += 101n;
    loop.run(200);
    expect([loop.of('timeout'), loop.waiting]).toEqual([[two, three], [one]]);
  });

  test('first fragments of others on its way cost a try at most', () => {
    const loop = new Loop(width, 16);
    loop.line.push(loop.fragment(9, 10 * k));
    for (let i = 0; i < 400; i++) loop.clock(i % 5 === 0 ? 10 + (i % 3) : undefined);
    // Between look-up and finish a learned place may be its own: it goes round while that happens.
    expect(loop.held).toHaveLength(1);
    const { offers } = loop;
    loop.settle();
    expect(loop.offers - offers).toBeLessThan(2);
    loop.run(300);
    expect(loop.held).toHaveLength(1);
  });

  test('dropped when its time has passed, not before, however far the clock jumps', () => {
    for (const [start, jump] of [
      [1000n, 0n],
      [1000n, 10_000_000n],
      [2n ** 47n - 40n, 0n],
    ] as const) {
      const loop = new Loop(width, 17);
      loop.time = start;
      loop.limit = 300;
      const one = loop.hold(1, k);
      loop.time += 100n;
      const two = loop.hold(1, k);
      const three = loop.hold(2, k);
      const deadline = (loop.held[0]?.deadline ?? 0n) - 1n;
      loop.time = deadline;
      loop.run(200);
      expect(loop.offers).toBe(0);
      loop.time = deadline + 1n + jump;
      loop.run(60);
      loop.settle();
      const gone = jump > 0n ? [one, two, three] : [one];
      expect(loop.of('timeout').sort()).toEqual(gone);
      expect(loop.early).toBe(0);
      loop.time += 400n;
      loop.run(60);
      loop.settle();
      expect(loop.of('timeout').sort()).toEqual([one, two, three]);
      expect(loop.of('timeout').filter((id) => id !== three)).toEqual([one, two]);
      expect(loop.waiting).toEqual([]);
    }
  });

  test('a try does not make its time longer, and its first may still come with it', () => {
    const loop = new Loop(width, 18);
    loop.limit = 300;
    const one = loop.hold(1, k);
    for (let i = 0; i < 5; i++) {
      loop.time += 50n;
      loop.clock(1 + 16 * (i + 1));
      loop.settle();
    }
    expect([loop.offers, loop.waiting]).toEqual([5, [one]]);
    loop.time = loop.held[0]?.deadline ?? 0n;
    loop.run(60);
    expect(loop.of('timeout')).toEqual([one]);
  });

  test('deadline_us_o is the soonest of all that are held, also when the limit has changed', () => {
    const loop = new Loop(width, 19);
    const { dut, random } = loop;
    expect([dut.get('idle_o'), dut.big('deadline_us_o')]).toEqual([1, NEVER]);
    for (let i = 0; i < 40; i++) {
      loop.limit = random.between(1000, 5000);
      loop.time += BigInt(random.below(20));
      loop.hold(random.below(16), k);
      const { soonest } = loop;
      expect(dut.big('deadline_us_o')).toBe(soonest);
      if (loop.held.length > 10 || random.chance(20)) {
        const count = loop.held.length;
        loop.time = soonest;
        loop.run(100);
        loop.settle();
        expect(loop.held.length).toBeLessThan(count);
      }
    }
    loop.time += 10_000n;
    loop.run(60);
    loop.settle();
    expect([loop.waiting, dut.get('idle_o'), dut.big('deadline_us_o')]).toEqual([[], 1, NEVER]);
  });

  test('as many frames as there are places for; what finds no room leaves nothing', () => {
    const loop = new Loop(width, 20);
    for (let i = 0; i < FRAMES + 3; i++) loop.hold(i % 5, 1);
    expect([loop.held.length, loop.of('full').length]).toEqual([FRAMES, 3]);
    for (let packet = 0; packet < 5; packet++) loop.clock(packet);
    loop.settle();
    expect([loop.held.length, loop.of('followed').length]).toEqual([0, FRAMES]);
  });

  test('as many bytes; the room comes back from the oldest on', () => {
    const loop = new Loop(width, 21);
    const quarter = BYTES[width] / 4;
    for (let packet = 1; packet <= 5; packet++) loop.hold(packet, quarter);
    expect(loop.of('full')).toEqual([4]);
    loop.clock(2); // not the oldest: its room lies behind
    loop.settle();
    loop.hold(5, quarter);
    expect(loop.of('full')).toEqual([4, 5]);
    loop.clock(1);
    loop.settle();
    loop.hold(6, quarter + 1);
    loop.hold(7, quarter - k);
    loop.hold(8, 1);
    expect(loop.of('full')).toHaveLength(3);
    // A packet with no room is no hindrance for those that are tried again.
    for (const packet of [3, 4, 6, 7, 8]) loop.clock(packet);
    loop.settle();
    expect(loop.waiting).toEqual([]);
    loop.hold(9, BYTES[width]);
    expect(loop.held).toHaveLength(1);
    loop.clock(9);
    loop.settle();
    expect(loop.waiting).toEqual([]);
  });

  test('full, and all of them come back from a try: none needs room', () => {
    const loop = new Loop(width, 22);
    for (let packet = 1; packet <= 4; packet++) loop.hold(packet, BYTES[width] / 4);
    for (let packet = 1; packet <= 4; packet++) loop.clock(packet + 16);
    // The line goes on meanwhile and finds no room.
    for (let packet = 5; packet <= 9; packet++) loop.line.push(loop.fragment(packet, 3 * k));
    loop.settle();
    expect([loop.held.length, loop.offers, loop.of('full').length]).toEqual([4, 4, 5]);
    for (let packet = 1; packet <= 4; packet++) loop.clock(packet);
    loop.settle();
    expect(loop.of('followed').sort()).toEqual([0, 1, 2, 3]);
  });
});
