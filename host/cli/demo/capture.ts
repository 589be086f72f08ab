import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeDecision } from '../../../driver/generated/registers.ts';
import { type Observation, PcapngWriter } from '../../../sim/index.ts';
import { explain, type Names } from './explain.ts';

/** How a port's frames are filed. */
export interface CapturedPort {
  /** Of the interface, as Wireshark shows it. */
  readonly name: string;
  /** Of the file, without `.pcapng`. */
  readonly file: string;
}

/**
 * Writes every frame of the card to a file for the side that it came in by and one for the side that
 * it left by, with the card's decision as its comment.
 */
export class Capture {
  readonly #writers: readonly PcapngWriter[];
  readonly #names: Names;
  /** Nanoseconds since 1970 at the card's time 0, from the first frame seen. */
  #epochNs: bigint | undefined;

  /**
   * Creates `folder` and the files in it; the last of `ports` stands for the host. Throws the errors
   * of node:fs.
   */
  constructor(folder: string, ports: readonly CapturedPort[], rules: readonly string[]) {
    mkdirSync(folder, { recursive: true });
    this.#writers = ports.map(({ name, file }) =>
      PcapngWriter.open(join(folder, `${file}.pcapng`), [{ name }]),
    );
    this.#names = { rules, ports: ports.map(({ name }) => name) };
  }

  /** Files that are written. */
  get paths(): readonly string[] {
    return this.#writers.map(({ path }) => path);
  }

  write(observations: readonly Observation[]): void {
    for (const { decision: words, ingress, egress } of observations) {
      const decision = decodeDecision(words);
      this.#epochNs ??= (BigInt(Date.now()) * 1000n - decision.time_us) * 1000n;
      const timestampNs = this.#epochNs + decision.time_us * 1000n;
      const comment = explain(decision, this.#names);
      const file = (port: number, data: Uint8Array | undefined) => {
        if (data !== undefined) {
          this.#writers[port]?.write({ interfaceId: 0, timestampNs, data, comment });
        }
      };
      file(decision.ingress, ingress);
      file(decision.egress, egress);
    }
  }

  /** Writes the rest out. Idempotent. */
  close(): void {
    for (const writer of this.#writers) writer.close();
  }
}
