/** A transport that holds words and nothing else, as fast as can be: for what needs no card. */
import { EventEmitter } from 'node:events';
import type { Access, Transport, TransportEvents } from '../driver/index.ts';
import { MAP, REGISTERS } from '../driver/index.ts';

export class TableInMemory extends EventEmitter<TransportEvents> implements Transport {
  readonly name = 'memory:';
  readonly #words = new Map<number, number>();

  /** @param overrides places of the override table. */
  constructor(overrides: number) {
    super();
    const { identity } = REGISTERS;
    const values: Partial<Record<keyof typeof identity, number>> = {
      ...{ magic: MAP.magic, version: (MAP.major << 16) | MAP.minor, data_width: 64 },
      ...{ ports: 1, slots: 1, vids: 256, rules: 1, prefixes: 1, max_frame: 1518, window: 160 },
      ...{ overrides, fragments: 1 },
    };
    for (const [name, value] of Object.entries(values))
      this.#words.set(identity[name as keyof typeof identity], value);
  }

  async access(accesses: readonly Access[]): Promise<Uint32Array> {
    return Uint32Array.from(accesses, ({ address, write }) => {
      if (write === undefined) return this.#words.get(address) ?? 0;
      this.#words.set(address, write);
      return write;
    });
  }

  async inject(): Promise<void> {}
  async close(): Promise<void> {}
}
