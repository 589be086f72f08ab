/** Frames whose cost is measured. */
import { buildUdpFrame } from '../../protocol/udp.ts';
import { LINE_MAC } from '../layout.ts';

/** Frames that one engine meets again and again, each addressed to the card. */
export interface Workload {
  readonly name: string;
  readonly frames: readonly Buffer[];
}

/** Bytes of Ethernet's shortest frame without its FCS: 64 on the wire (IEEE 802.3 §3.2.8). */
export const SHORTEST = 60;
/** Of the address that gtp.yaml has where nobody says another one. */
const GATEWAY = '192.0.2.2';
/** Ethernet, IPv4 without options, UDP; the TEID is bytes 4 to 7 behind them (TS 29.281 §5.1). */
const HEADERS = 14 + 20 + 8;
export const TEID_AT = HEADERS + 4;

/** Shortest G-PDUs, one for each TEID. */
export function gtpFrames(teids: Iterable<number>): Buffer[] {
  return Array.from(teids, (teid) => {
    const payload = Buffer.alloc(SHORTEST - HEADERS);
    payload.writeUInt32BE(0x30ff_0000 | (payload.length - 8), 0);
    payload.writeUInt32BE(teid >>> 0, 4);
    return buildUdpFrame({
      dstMac: LINE_MAC,
      srcMac: '02:00:00:00:ee:01',
      src: '198.51.100.9',
      dst: GATEWAY,
      srcPort: 2152,
      dstPort: 2152,
      payload,
    });
  });
}

/** TEID of a session: sessions are dealt out over the VIDs, so each VID has as many as another. */
export function teidOf(session: number, vids: number): number {
  const vid = session % vids;
  return ((vid << 16) | (1 + Math.floor(session / vids))) >>> 0;
}
