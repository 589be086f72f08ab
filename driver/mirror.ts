/** Which frames the card copies to a port, for whoever watches. */
import { getField, setField } from './bits.ts';
import type { CardSizes, ReasonName } from './generated/registers.ts';
import { FIELDS, REASON, REASONS, REGISTERS } from './generated/registers.ts';
import type { Access } from './transport.ts';

export interface Mirror {
  /** Port that the copies leave by. */
  readonly port: number;
  /** Frames that end for one of these. */
  readonly reasons?: readonly ReasonName[];
  /** And frames of this VID. */
  readonly vid?: number;
}

const { select, reasons_low, reasons_high } = REGISTERS.mirror;
const PLACES = FIELDS.mirror_select;

/** The accesses that set it; undefined: no copies. Throws RangeError for a port or VID that is not there. */
export function mirrorAccesses(mirror: Mirror | undefined, sizes: CardSizes): Access[] {
  const off = { address: select, write: 0 };
  if (mirror === undefined) return [off];
  const { port, vid, reasons = [] } = mirror;
  if (!Number.isInteger(port) || port < 0 || port >= sizes.ports)
    throw new RangeError(`mirror to port ${port}: this card has ports 0 to ${sizes.ports - 1}`);
  if (vid !== undefined && !(Number.isInteger(vid) && vid >= 0 && vid < sizes.vids))
    throw new RangeError(`mirror of VID ${vid}: this card has VIDs 0 to ${sizes.vids - 1}`);
  const wanted = [0, 0];
  for (const name of reasons) {
    const code = REASON[name];
    wanted[code >> 5] = ((wanted[code >> 5] ?? 0) | (1 << (code & 31))) >>> 0;
  }
  const word = new Uint32Array(1);
  setField(word, PLACES.enable, 1, 'enable');
  setField(word, PLACES.by_vid, vid === undefined ? 0 : 1, 'by_vid');
  setField(word, PLACES.port, port, 'port');
  setField(word, PLACES.vid, vid ?? 0, 'vid');
  // Off while the reasons change: no frame meets half of them.
  return [
    off,
    { address: reasons_low, write: wanted[0] ?? 0 },
    { address: reasons_high, write: wanted[1] ?? 0 },
    { address: select, write: word[0] ?? 0 },
  ];
}

export const MIRROR_READS: readonly Access[] = [
  { address: select },
  { address: reasons_low },
  { address: reasons_high },
];

/** What the three words say. */
export function decodeMirror(words: Uint32Array): Mirror | undefined {
  if (getField(words, PLACES.enable) === 0) return undefined;
  const byVid = getField(words, PLACES.by_vid) === 1;
  const reasons = REASONS.flatMap((reason, code) =>
    reason !== undefined && (((words[1 + (code >> 5)] ?? 0) >>> (code & 31)) & 1) === 1
      ? [reason.name]
      : [],
  );
  return {
    port: Number(getField(words, PLACES.port)),
    ...(reasons.length === 0 ? {} : { reasons }),
    ...(byVid ? { vid: Number(getField(words, PLACES.vid)) } : {}),
  };
}
