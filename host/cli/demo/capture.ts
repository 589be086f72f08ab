import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeDecision } from '../../../driver/generated/registers.ts';
import { type Observation, PcapngWriter } from '../../../sim/index.ts';
import { explain } from './explain.ts';

/** How a port's frames are filed. */
export interface CapturedPort {
  readonly port: number;
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
  readonly #writers = new Map<number, PcapngWriter>();
  readonly #ports: string[] = [];
  #rules: readonly string[] = [];
  /** Nanoseconds since 1970 at the card's time 0, from the first frame seen. */
  #epochNs: bigint | undefined;

  /** Creates `folder`, in one that is there, and the files in it. Throws the errors of node:fs. */
  constructor(folder: string, ports: readonly CapturedPort[]) {
    // Not recursive: Node 20 never comes back from that where a folder can be in no way, as in /proc.
    if (!existsSync(folder)) mkdirSync(folder);
    for (const { port, name, file } of ports) {
      const path = join(folder, `${file}.pcapng`);
      this.#writers.set(port, PcapngWriter.open(path, [{ name }]));
      this.#ports[port] = name;
    }
  }

  /** Files that are written. */
  get paths(): string[] {
    return [...this.#writers.values()].map(({ path }) => path);
  }

  /** Names for the rules, by index, in comments from now on. */
  nameRules(rules: readonly string[]): void {
    this.#rules = rules;
  }

  write(observations: readonly Observation[]): void {
    for (const { decision: words, ingress, egress } of observations) {
      const decision = decodeDecision(words);
      this.#epochNs ??= (BigInt(Date.now()) * 1000n - decision.time_us) * 1000n;
      const timestampNs = this.#epochNs + decision.time_us * 1000n;
      const comment = explain(decision, { rules: this.#rules, ports: this.#ports });
      const file = (port: number, data: Uint8Array | undefined) => {
        if (data === undefined) return;
        this.#writers.get(port)?.write({ interfaceId: 0, timestampNs, data, comment });
      };
      file(decision.ingress, ingress);
      file(decision.egress, egress);
    }
  }

  /** Writes the rest out. Idempotent. */
  close(): void {
    for (const writer of this.#writers.values()) writer.close();
  }
}
