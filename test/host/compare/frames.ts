/** Frames of the shipped services, addressed to somebody who is not the card, as captures have them. */
import { buildSctpFrame } from '../../../host/protocol/sctp.ts';
import { buildUdpFrame } from '../../../host/protocol/udp.ts';

export const LINK = { dstMac: '00:00:5e:00:53:01', srcMac: '00:00:5e:00:53:02' };
const CLIENT = '198.51.100.9';

/** A payload given as hexadecimal digits, blanks allowed. */
export function udp(dst: string, dstPort: number, hex: string, srcPort = 40000): Buffer {
  const payload = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return buildUdpFrame({ ...LINK, src: CLIENT, dst, srcPort, dstPort, payload });
}

export function sctp(verificationTag: number, dst = '192.0.2.5'): Buffer {
  return buildSctpFrame({
    ...LINK,
    src: CLIENT,
    dst,
    srcPort: 2905,
    dstPort: 2905,
    verificationTag,
    chunks: Buffer.from('0e000004', 'hex'), // SHUTDOWN COMPLETE: all that the tag needs behind it
  });
}

/** Flags, type, length, TEID: TS 29.281 §5.1. */
export const gpdu = (teid: string) => udp('192.0.2.2', 2152, `30 ff 0004 ${teid} deadbeef`);
