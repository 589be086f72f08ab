/** A stream of random frames, among them fragments that belong together. */
import type { Arrival, CardState } from '../../host/steering/state.ts';
import { randomArrival, randomFrame, randomRule, wrap } from './frame.ts';
import { mutate } from './mutate.ts';
import { type L3, randomPacket, toL3 } from './packet.ts';
import { extension, fragmentHeader } from './packets.ts';
import type { Random } from './random.ts';

export interface Sent {
  readonly frame: Buffer;
  readonly arrival: Arrival;
}

export interface TrafficOptions {
  /** Fragmented packets, in 1000 frames; 30 where not given. */
  readonly fragmented?: number;
  /** Frames that the receiver marks bad, in 1000; 20 where not given. */
  readonly bad?: number;
  /** Frames about as long as the longest, in 1000; 3 where not given. */
  readonly long?: number;
}

export class Traffic {
  readonly #random: Random;
  readonly #state: CardState;
  readonly #options: Required<TrafficOptions>;
  /** Fragments on their way. */
  readonly #coming: Sent[] = [];

  constructor(random: Random, state: CardState, options: TrafficOptions = {}) {
    this.#random = random;
    this.#state = state;
    this.#options = { fragmented: 30, bad: 20, long: 3, ...options };
  }

  next(): Sent {
    const random = this.#random;
    const coming = random.chance(60) ? this.#coming.shift() : undefined;
    if (coming !== undefined) return this.#received(coming);
    if (random.below(1000) < this.#options.fragmented) {
      this.#coming.push(...this.#fragments());
      const first = this.#coming.shift();
      if (first !== undefined) return this.#received(first);
    }
    const arrival = randomArrival(random, this.#state);
    const { maxFrame } = this.#state.sizes;
    const frame =
      random.below(1000) < this.#options.long
        ? random.bytes(maxFrame + random.between(-1, 40))
        : randomFrame(random, this.#state, arrival);
    return this.#received({ frame, arrival });
  }

  #received({ frame, arrival }: Sent): Sent {
    const bad = 'port' in arrival.from && this.#random.below(1000) < this.#options.bad;
    return { frame, arrival: bad ? { ...arrival, receiver: { error: true } } : arrival };
  }

  /** The fragments of one packet: in order, out of order, doubled, some of them lost. */
  #fragments(): Sent[] {
    const random = this.#random;
    const parts = this.#parts();
    const same = this.#arrival();
    const kind = random.below(100);
    const ordered = kind < 55 ? parts : kind < 75 ? parts.toReversed() : random.shuffle(parts);
    return ordered.flatMap((part): Sent[] => {
      if (random.chance(6)) return [];
      const arrival = random.chance(85) ? same : this.#arrival();
      const { frame, l3 } = wrap(random, this.#state, arrival, part);
      const sent = { frame: random.chance(85) ? frame : mutate(random, frame, l3), arrival };
      return random.chance(5) ? [sent, sent] : [sent];
    });
  }

  /** By which fragments are looked at. */
  #arrival(): Arrival {
    const random = this.#random;
    const line = this.#state.ports.flatMap(({ fabric }, port) => (fabric ? [] : [port]));
    const port = random.pick(line);
    return random.chance(90) ? { from: { port } } : { from: { inject: { mode: 2, target: port } } };
  }

  #parts(): L3[] {
    const random = this.#random;
    const packet = randomPacket(random, this.#state, randomRule(random, this.#state));
    const least = 16 + random.below(24);
    const padding = random.bytes(Math.max(0, least - packet.segment.length));
    const segment = Buffer.concat([packet.segment, padding]);
    const identification = random.word();
    const before = random.chance(20) ? [extension(0, 8)] : [];
    const parts: L3[] = [];
    for (let at = 0; at < segment.length; ) {
      const left = segment.length - at;
      const most = Math.max(1, Math.floor(Math.min(left, 400) / 8));
      const size = parts.length >= 3 ? left : Math.min(left, random.between(1, most) * 8);
      const more = at + size < segment.length;
      const part = { ...packet, segment: segment.subarray(at, at + size) };
      parts.push(
        packet.version === 4
          ? toL3(part, {
              identification: identification & 0xffff,
              fragment: (at / 8) | (more ? 0x2000 : 0),
            })
          : toL3(part, { extensions: [...before, fragmentHeader(at, more, identification)] }),
      );
      at += size;
    }
    return parts;
  }
}
