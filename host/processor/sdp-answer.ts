/**
 * The session description of a server that carries no media (RFC 4566, RFC 3264): it accepts the
 * first audio stream as inactive and refuses all others, so that the call stands and no packets of
 * it are expected.
 */
import { isIPv6 } from 'node:net';

/** PCMU, which every SIP phone has (RFC 3551). */
const OWN_OFFER = 'm=audio 9 RTP/AVP 0\r\na=inactive\r\n';

/** The answer to `offer`, or an offer of our own where it is empty. */
export function answerSdp(offer: Buffer, address: string, session: number): Buffer {
  const family = isIPv6(address) ? 'IP6' : 'IP4';
  let text =
    `v=0\r\no=- ${session} 1 IN ${family} ${address}\r\ns=-\r\n` +
    `c=IN ${family} ${address}\r\nt=0 0\r\n`;
  let accepted = false;
  let media = 0;
  for (const line of offer.toString('latin1').split('\n')) {
    if (!line.startsWith('m=')) continue;
    // m=<media> <port>[/<number>] <transport> <format> …  (RFC 4566 §5.14)
    const [kind = '', , transport = '', format = ''] = line.trim().slice(2).split(/ +/);
    if (transport === '' || format === '') continue;
    media++;
    const accept = !accepted && kind === 'audio' && /^RTP\/S?AVPF?$/.test(transport);
    if (accept) accepted = true;
    // As many media lines as the offer, in its order; port 0 refuses one (RFC 3264 §6). Port 9 is
    // "discard": a stream that is inactive needs a port that is not 0.
    text += `m=${kind} ${accept ? 9 : 0} ${transport} ${format}\r\n`;
    if (accept) text += 'a=inactive\r\n';
  }
  if (media === 0) text += OWN_OFFER;
  return Buffer.from(text, 'latin1');
}
