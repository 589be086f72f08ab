/** A port of the simulated card on capture files: one is played into it, another records it. */
import { LINKTYPE_ETHERNET, PcapngWriter, readCapture } from './capture-file.ts';
import type { SimulatedCard } from './simulated-card.ts';

export interface CapturePortOptions {
  /** Capture whose Ethernet frames go into the port, back to back, in the order of the file. */
  readonly play?: string;
  /** Only frames of this interface of the file; all where not given. */
  readonly interfaceId?: number;
  /** pcapng file of what leaves the port. */
  readonly record?: string;
  /** Nanoseconds since 1970 for a frame that leaves; the wall clock where not given. */
  readonly now?: () => bigint;
}

/** Frames that cross to the card at once. */
const BATCH = 1024;

export class CapturePort {
  readonly #card: SimulatedCard;
  readonly #port: number;
  readonly #options: CapturePortOptions;
  readonly #writer: PcapngWriter | undefined;

  private constructor(card: SimulatedCard, port: number, options: CapturePortOptions) {
    this.#card = card;
    this.#port = port;
    this.#options = options;
    if (options.record !== undefined)
      this.#writer = PcapngWriter.open(options.record, [{ name: `port ${port}` }]);
  }

  /** Takes a port that nothing is attached to. `play` starts only when asked. */
  static async attach(
    card: SimulatedCard,
    port: number,
    options: CapturePortOptions,
  ): Promise<CapturePort> {
    const attached = new CapturePort(card, port, options);
    const now = options.now ?? (() => BigInt(Date.now()) * 1_000_000n);
    try {
      await card.attachMemory(port, (frames) => {
        for (const data of frames)
          attached.#writer?.write({ interfaceId: 0, timestampNs: now(), data });
      });
    } catch (error) {
      attached.close();
      throw error;
    }
    return attached;
  }

  /**
   * Queues the file's frames; resolves with how many were queued. Rejects with `CaptureFileError`
   * where the file is damaged, or a frame is not Ethernet or was cut by the capture: the frames
   * before have been queued.
   */
  async play(): Promise<number> {
    const { play, interfaceId } = this.#options;
    if (play === undefined) return 0;
    let batch: Buffer[] = [];
    let number = 0;
    let queued = 0;
    const flush = async () => {
      await this.#card.send(this.#port, batch);
      queued += batch.length;
      batch = [];
    };
    for await (const frame of readCapture(play)) {
      number += 1;
      if (interfaceId !== undefined && frame.interfaceId !== interfaceId) continue;
      const cut = frame.data.length < frame.originalLength;
      if (frame.linkType !== LINKTYPE_ETHERNET || cut || frame.data.length === 0) {
        const what = cut
          ? `was cut to ${frame.data.length} of ${frame.originalLength} bytes: capture whole frames (-s 0)`
          : `has link type ${frame.linkType}, not Ethernet (1)`;
        throw new Error(`${play}: frame ${number} ${what}`);
      }
      batch.push(frame.data);
      if (batch.length === BATCH) await flush();
    }
    await flush();
    return queued;
  }

  /** Writes the recording out. Idempotent; the port stays with the card. */
  close(): void {
    this.#writer?.close();
  }
}
