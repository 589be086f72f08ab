/** A card that is nothing but its registers, with faults on request: for tests of the driver alone. */
import { EventEmitter } from 'node:events';
import type {
  Access,
  CardSizes,
  InjectedFrame,
  Transport,
  TransportEvents,
} from '../../driver/index.ts';
import { MAP, REGISTERS } from '../../driver/index.ts';

export const SIZES: CardSizes = {
  dataWidth: 64,
  ports: 2,
  slots: 8,
  vids: 256,
  rules: 4,
  prefixes: 2,
  overrides: 128,
  fragments: 64,
  maxFrame: 1536,
  window: 160,
  vidCounterBits: 32,
  vidByteCounterBits: 0,
};

export class MemoryTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly name = 'memory:test';
  readonly words = new Map<number, number>();
  /** All accesses so far, in order. */
  readonly log: Access[] = [];
  /** Calls to `access` so far. */
  calls = 0;
  readonly injected: InjectedFrame[] = [];
  /** What a write leaves in the word: a fault where it is not the value. */
  store = (_address: number, value: number): number => value;
  /** The next `access` is done, but rejects with it: the reply is lost. */
  failure: Error | undefined;
  closed = 0;

  constructor(sizes: Partial<CardSizes> = {}) {
    super();
    const { identity } = REGISTERS;
    const all = { ...SIZES, ...sizes };
    const set = (address: number, value: number) => this.words.set(address, value);
    set(identity.magic, MAP.magic);
    set(identity.version, (MAP.major << 16) | MAP.minor);
    set(identity.build_id, 0xdeadbeef);
    set(identity.configuration, 9);
    set(identity.data_width, all.dataWidth);
    set(identity.ports, all.ports);
    set(identity.slots, all.slots);
    set(identity.vids, all.vids);
    set(identity.rules, all.rules);
    set(identity.prefixes, all.prefixes);
    set(identity.max_frame, all.maxFrame);
    set(identity.window, all.window);
    set(identity.vid_counter_bits, all.vidCounterBits);
    set(identity.vid_byte_counter_bits, all.vidByteCounterBits);
    set(identity.overrides, all.overrides);
    set(identity.fragments, all.fragments);
  }

  async access(accesses: readonly Access[]): Promise<Uint32Array> {
    this.calls += 1;
    this.log.push(...accesses);
    await Promise.resolve();
    const words = Uint32Array.from(accesses, ({ address, write }) => {
      if (write === undefined) return this.read(address);
      this.write(address, write);
      return write;
    });
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure;
    return words;
  }

  protected read(address: number): number {
    return this.words.get(address) ?? 0;
  }

  protected write(address: number, value: number): void {
    this.words.set(address, this.store(address, value));
  }

  async inject(frames: readonly InjectedFrame[]): Promise<void> {
    this.injected.push(...frames);
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  /** Addresses written since the log was last emptied. */
  written(): number[] {
    return this.log.flatMap(({ address, write }) => (write === undefined ? [] : [address]));
  }
}
