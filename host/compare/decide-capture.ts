/** The frames of a capture file through a card, one after the other; no more of it in memory. */
import { stat } from 'node:fs/promises';
import {
  type CapturedFrame,
  CaptureFileError,
  ETHERNET_FROM,
  ethernetOf,
  linkTypeName,
  type ReadOptions,
  readCapture,
} from '../../sim/index.ts';
import type { Decided, Engine, Offer } from './engine.ts';
import { type FrameReport, notOffered, reportOf } from './frame-report.ts';

/** Frames, and bytes of them, that cross to the card at once. */
const BATCH = 64;
const BATCH_BYTES = 1 << 20;

/** A frame as it stands in the capture. */
export interface NumberedFrame {
  readonly number: number;
  readonly captured: CapturedFrame;
}

export interface DecidedCapture<E = Decided<NumberedFrame>> {
  readonly report: FrameReport;
  readonly captured: CapturedFrame;
  /** Undefined where the card was not asked. */
  readonly end: E | undefined;
}

/**
 * Throws as `decideCapture` does for what the file's first frame shows: for a look before a card is
 * built. A pipe cannot be read twice, and is not looked into.
 */
export async function checkCapture(path: string): Promise<void> {
  const kind = await stat(path);
  if (kind.isFIFO() || kind.isSocket() || kind.isCharacterDevice()) return;
  for await (const captured of readCapture(path)) {
    if (ethernetOf(captured) === undefined) throw notRead(path, 1, captured);
    return;
  }
}

/**
 * Yields frames in the order of their ends, which is that of the file, but for fragments that came
 * before their first. Throws `CaptureFileError` where the file is damaged or holds what is no
 * Ethernet, after the frames before; the errors of `fs.open`; SimulationError.
 */
export async function* decideCapture<E extends Decided<NumberedFrame>>(
  path: string,
  engine: Engine<NumberedFrame, E>,
  options: ReadOptions = {},
): AsyncGenerator<DecidedCapture<E>, void, undefined> {
  const { rules } = engine.state;
  let offers: Offer<NumberedFrame>[] = [];
  let bytes = 0;
  const told = (ends: readonly E[]): DecidedCapture<E>[] =>
    ends.map((end) => ({
      report: reportOf(end.offered.number, end, rules),
      captured: end.offered.captured,
      end,
    }));
  const flush = async () => {
    const batch = offers;
    offers = [];
    bytes = 0;
    return told(await engine.pass(batch));
  };
  let number = 0;
  let firstNs: bigint | undefined;
  try {
    for await (const captured of readCapture(path, options)) {
      number++;
      const frame = ethernetOf(captured);
      if (frame === undefined) throw notRead(path, number, captured);
      const cut = captured.data.length < captured.originalLength;
      if (cut || frame.length === 0) {
        yield* await flush();
        const report = notOffered(number, cut ? 'cut' : 'empty');
        yield { report, captured, end: undefined };
        continue;
      }
      firstNs ??= captured.timestampNs;
      const timeUs = Number((captured.timestampNs - firstNs) / 1000n);
      offers.push({ offered: { number, captured }, frame, timeUs });
      bytes += frame.length;
      if (offers.length >= BATCH || bytes >= BATCH_BYTES) yield* await flush();
    }
  } catch (error) {
    // What came before the damage is whole.
    if (error instanceof CaptureFileError) yield* await rest();
    throw error;
  }
  yield* await rest();

  async function rest(): Promise<DecidedCapture<E>[]> {
    return [...(await flush()), ...told(await engine.finish())];
  }
}

function notRead(path: string, number: number, { linkType, interfaceName }: CapturedFrame) {
  const where = interfaceName === undefined ? '' : ` (interface ${interfaceName})`;
  return new CaptureFileError(
    path,
    { frame: number },
    `link type ${linkTypeName(linkType)} (${linkType})${where}: ` +
      `read are ${ETHERNET_FROM}; capture on an Ethernet interface, or take its frames out with ` +
      'tshark -r IN -Y FILTER -w OUT',
  );
}
