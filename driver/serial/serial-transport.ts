/** The transport to a card on a serial line. */
import { EventEmitter } from 'node:events';
import { injectRecord } from '../inject-record.ts';
import type { Access, InjectedFrame, Transport, TransportEvents } from '../transport.ts';
import type { SerialPortAddress } from './address.ts';
import type { LineCounters } from './counters.ts';
import { type Line, openSerialPort } from './line.ts';
import { type LinkOptions, SerialLink } from './link.ts';

export class SerialTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly name: string;
  #link: SerialLink | undefined;

  private constructor(name: string) {
    super();
    this.name = name;
  }

  /** Opens the port and greets the card. Rejects with `DriverError` (NO_DEVICE, VERSION). */
  static async open(
    { path, baudRate }: SerialPortAddress,
    options: LinkOptions = {},
  ): Promise<SerialTransport> {
    return SerialTransport.over(await openSerialPort(path, baudRate), options);
  }

  /** Takes a line over: closing the transport closes it. */
  static async over(line: Line, options: LinkOptions = {}): Promise<SerialTransport> {
    const transport = new SerialTransport(line.name);
    transport.#link = await SerialLink.open(
      line,
      {
        frames: (frames) => void transport.emit('frames', frames),
        attention: () => void transport.emit('attention'),
        failed: (error) => void transport.emit('failed', error),
      },
      options,
    );
    return transport;
  }

  /** What the line has carried and lost; `LINE_MEANINGS` says what each means. */
  get counters(): Readonly<LineCounters> {
    return this.#session.counters;
  }

  access(accesses: readonly Access[]): Promise<Uint32Array> {
    return this.#session.access(accesses);
  }

  inject(frames: readonly InjectedFrame[]): Promise<void> {
    return this.#session.inject(
      frames.map(({ target, data }) => ({ record: injectRecord(target), data })),
    );
  }

  async close(): Promise<void> {
    await this.#link?.close();
  }

  get #session(): SerialLink {
    if (!this.#link) throw new Error(`${this.name} is not open`);
    return this.#link;
  }
}
