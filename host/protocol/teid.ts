/**
 * Tunnel endpoint identifiers that carry a VID: its 16 bits above, 16 random ones below, which the
 * processor chooses. `host/services/gtp.yaml` reads them.
 */
import { randomBytes } from 'node:crypto';

/** Tunnels that one VID serves. */
export const TEIDS_PER_VID = 0x10000;

export const vidOfTeid = (teid: number): number => teid >>> 16;

export const makeTeid = (vid: number, low: number): number => ((vid << 16) | (low & 0xffff)) >>> 0;

/** Random bytes in stock: a call for each TEID would cost more than all else that a set-up does. */
const STOCK = 4096;
let stock = Buffer.alloc(0);
let used = 0;

function random16(): number {
  if (used + 2 > stock.length) {
    stock = randomBytes(STOCK);
    used = 0;
  }
  used += 2;
  return stock.readUInt16BE(used - 2);
}

/**
 * A TEID of `vid` that `taken` does not know; never 0, which stands for none (TS 29.281 §5.1). Undefined
 * where all are taken. From the first random one it goes on to the next that is free, so it ends.
 */
export function chooseTeid(vid: number, taken: (teid: number) => boolean): number | undefined {
  const first = random16();
  for (let i = 0; i < TEIDS_PER_VID; i++) {
    // A few random tries keep what is chosen scattered, as long as there is room.
    const teid = makeTeid(vid, i < 16 ? random16() : first + i);
    if (teid !== 0 && !taken(teid)) return teid;
  }
  for (let low = 0; low < TEIDS_PER_VID; low++) {
    const teid = makeTeid(vid, low);
    if (teid !== 0 && !taken(teid)) return teid;
  }
  return undefined;
}
