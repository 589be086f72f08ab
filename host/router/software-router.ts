/**
 * The software router: the card's job in C++ on one core, behind the card's own register map, so that
 * the same driver fills the same tables.
 */
import { EventEmitter } from 'node:events';
import type {
  Access,
  CardSizes,
  HostFrame,
  InjectedFrame,
  Transport,
  TransportEvents,
} from '../../driver/index.ts';
import { decodeDecision, encodeInject, REASONS, VALUES } from '../../driver/index.ts';
import { readConfiguration } from '../../sim/index.ts';
import { ensureRouter } from './build.ts';
import { FROM, loadRouter, type NativeEnds, type NativeRouter } from './native.ts';

/** Where a frame comes from. */
export type From =
  | { readonly port: number }
  | { readonly inject: { mode: number; target: number } };

export interface Arriving {
  readonly frame: Uint8Array;
  readonly from: From;
  /** The receiver marked it (FCS). */
  readonly bad?: boolean;
}

/** What became of a frame; the decision in the card's own record, which `decodeDecision` reads. */
export interface RouterEnd {
  /** Frames count from 0 as they come. */
  readonly number: number;
  readonly record: Uint32Array;
  /** As it leaves; empty for one that is too long. */
  readonly data: Buffer;
}

export interface SentFrame {
  readonly port: number;
  readonly data: Buffer;
}

/** What the RTL's package fixes for every configuration (hdl/rtl/linecard_pkg.sv). */
const FIXED = { maxFrame: 2000, window: 160 } as const;

/** Sizes of a configuration of hdl/configurations.yaml. */
export function sizesOf(name: string): CardSizes {
  const { parameters: p } = readConfiguration(name);
  const get = (parameter: string): number => {
    const value = p[parameter];
    if (value === undefined) throw new Error(`configuration ${name} has no ${parameter}`);
    return value;
  };
  return {
    ...FIXED,
    dataWidth: get('DATA_WIDTH'),
    ports: get('PORTS'),
    slots: get('SLOTS'),
    vids: get('VIDS'),
    rules: get('RULES'),
    prefixes: get('PREFIXES'),
    overrides: get('OVERRIDES'),
    fragments: get('FRAGMENTS'),
    vidCounterBits: get('VID_COUNTER_BITS'),
    vidByteCounterBits: get('VID_BYTE_COUNTER_BITS'),
  };
}

export class SoftwareRouter extends EventEmitter<TransportEvents> implements Transport {
  readonly name: string;
  readonly sizes: CardSizes;
  readonly native: NativeRouter;
  readonly #recordWords: number;
  readonly #sent: SentFrame[] = [];
  #number = 0;

  private constructor(name: string, sizes: CardSizes, native: NativeRouter, recordWords: number) {
    super();
    this.name = name;
    this.sizes = sizes;
    this.native = native;
    this.#recordWords = recordWords;
  }

  /** With the tables of a configuration; built if it is not there. Rejects with BuildError. */
  static async open(configuration: string): Promise<SoftwareRouter> {
    const { NativeRouter, recordWords } = loadRouter(await ensureRouter());
    const sizes = sizesOf(configuration);
    const { id } = readConfiguration(configuration);
    const native = new NativeRouter({ ...sizes, configuration: id, buildId: 0 });
    return new SoftwareRouter(`router:${configuration}`, sizes, native, recordWords);
  }

  async access(accesses: readonly Access[]): Promise<Uint32Array> {
    return this.write(accesses);
  }

  /** The same at once: nothing has to be waited for. */
  write(accesses: readonly Access[]): Uint32Array {
    const words = new Uint32Array(3 * accesses.length);
    for (const [n, { address, write }] of accesses.entries()) {
      words[3 * n] = address;
      words[3 * n + 1] = write === undefined ? 0 : 1;
      words[3 * n + 2] = write ?? 0;
    }
    return this.native.access(words);
  }

  /** Time goes on; gives the ends of fragments that waited in vain. */
  advance(nowUs: number): RouterEnd[] {
    return this.#ends(this.native.advance(nowUs));
  }

  /** Frames one after the other; ends in their order, with those of fragments that waited. */
  receive(arriving: readonly Arriving[]): RouterEnd[] {
    const lengths = Uint32Array.from(arriving, ({ frame }) => frame.length);
    const from = Uint32Array.from(arriving, wordOf);
    const bytes = Buffer.concat(arriving.map(({ frame }) => frame));
    const first = this.#number;
    this.#number += arriving.length;
    return this.#ends(this.native.process(bytes, lengths, from, first));
  }

  /** Frames of the host; those for the host itself come as `frames`. */
  async inject(frames: readonly InjectedFrame[]): Promise<void> {
    const ends = this.receive(
      frames.map(({ target, data }) => {
        const number = target.to === 'slot' ? target.slot : target.port;
        return {
          frame: data,
          from: { inject: { mode: VALUES.inject_mode[target.to], target: number } },
        };
      }),
    );
    const back: HostFrame[] = [];
    for (const { record, data } of ends) {
      const { reason, egress } = decodeDecision(record);
      const end = REASONS[reason]?.end;
      if (end === 'punt' || end === 'host') back.push({ decision: record, data });
      else if (end !== 'drop' && end !== 'consume') this.#sent.push({ port: egress, data });
    }
    if (back.length > 0) this.emit('frames', back);
  }

  /** Injected frames that have left by a port since the last time. */
  takeSent(): SentFrame[] {
    return this.#sent.splice(0);
  }

  async close(): Promise<void> {}

  #ends({ bytes, words }: NativeEnds): RouterEnd[] {
    const ends: RouterEnd[] = [];
    let offset = 0;
    for (let at = 0; at < words.length; at += 2 + this.#recordWords) {
      const length = words[at + 1] ?? 0;
      ends.push({
        number: words[at] ?? 0,
        record: words.subarray(at + 2, at + 2 + this.#recordWords),
        data: bytes.subarray(offset, offset + length),
      });
      offset += length;
    }
    return ends;
  }
}

function wordOf({ from, bad }: Arriving): number {
  const mark = bad ? FROM.bad : 0;
  if ('port' in from) return from.port | mark;
  const { mode, target } = from.inject;
  encodeInject({ mode, target }); // refuses what the card's record could not hold
  return target | (mode << FROM.modeShift) | FROM.injected | mark;
}
