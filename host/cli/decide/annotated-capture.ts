/** The capture once more, each frame with what the card decided as its comment. */
import { realpathSync } from 'node:fs';
import { PcapngWriter } from '../../../sim/index.ts';
import type { DecidedCapture } from '../../compare/decide-capture.ts';
import { explain, type Names } from '../demo/explain.ts';
import { CommandError, EXIT } from '../exit.ts';

/** Of the comment that a frame had already; a comment has room for 65,535 bytes. */
const MOST_KEPT = 16_000;

export class AnnotatedCapture {
  readonly #writer: PcapngWriter;
  readonly #names: Names;
  /** Interface of the file that is written, by that of the file that is read. */
  readonly #interfaces = new Map<number, number>();

  /** Replaces `path`, unless it is the file that is read. Throws the errors of `fs.openSync`. */
  constructor(path: string, reading: string, names: Names) {
    if (realpath(path) === realpath(reading)) {
      throw new CommandError(EXIT.badInput, `--write ${path}: that is the capture itself`);
    }
    this.#names = names;
    this.#writer = PcapngWriter.open(path, []);
  }

  write({ captured, report, end }: DecidedCapture): void {
    const { data, originalLength, timestampNs, linkType } = captured;
    let interfaceId = this.#interfaces.get(captured.interfaceId);
    if (interfaceId === undefined) {
      const name = captured.interfaceName ?? `interface ${captured.interfaceId}`;
      interfaceId = this.#writer.addInterface({ name, linkType });
      this.#interfaces.set(captured.interfaceId, interfaceId);
    }
    const said = end === undefined ? report.reason : explain(end.decision, this.#names);
    const clocks = report.clocks === null ? '' : ` ${report.clocks} clocks.`;
    const learned =
      report.learned === undefined ? '' : ` Its identifier has VID ${report.learned} from now on.`;
    const before =
      captured.comment === undefined ? '' : `\n${captured.comment.slice(0, MOST_KEPT)}`;
    const comment = `frame ${report.frame}: ${said}${clocks}${learned}${before}`;
    this.#writer.write({ interfaceId, timestampNs, data, originalLength, comment });
  }

  /** Writes the rest out. Idempotent. */
  close(): void {
    this.#writer.close();
  }
}

/** Undefined where there is no such file. */
function realpath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
