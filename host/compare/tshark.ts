/** Identifiers as they were read, against what tshark calls the same field. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What tshark calls a rule's identifier, and the number that its text stands for. */
export interface TsharkField {
  readonly field: string;
  /** The identifier under the rule's own reading; `key` as the card read it. */
  readonly same: (text: string, key: bigint) => boolean;
}

const number = (field: string): TsharkField => ({
  field,
  same: (text, key) => BigInt(text) === key,
});

/** Text of an address as its bytes, or some of them. */
const address = (field: string, first: number, count: number): TsharkField => ({
  field,
  same: (text, key) => {
    const bytes = text.includes(':') ? groups(text) : text.split('.').map(Number);
    const wanted = bytes.slice(first, first + count);
    return wanted.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) === key;
  },
});

/** By `service/rule` of the shipped files. */
export const FIELDS: Readonly<Record<string, TsharkField>> = {
  'gtp/user': number('gtp.teid'),
  'gtp/control-v1': number('gtp.teid'),
  'gtp/control-v2': number('gtpv2.teid'),
  'gtp/responses': number('udp.dstport'),
  'gtp/downlink-ipv4': address('ip.dst', 0, 4),
  'gtp/downlink-ipv6': address('ipv6.dst', 4, 2),
  'pfcp/session': number('pfcp.seid'),
  'l2tp/with-length': number('l2tp.tunnel'),
  'l2tp/without-length': number('l2tp.tunnel'),
  'vxlan/segment': number('vxlan.vni'),
  'sctp/tag': number('sctp.verification_tag'),
  'sip/dialog': number('udp.dstport'),
  'mgcp/notified': number('udp.dstport'),
  'quic-lb/short': serverId(),
  'quic-lb/long': serverId(),
  'ss7/circuit': {
    field: 'isup.cic',
    // Twelve bits, the lower octet first (Q.763 §1.2).
    same: (text, key) => BigInt(text) === (((key & 0xfn) << 8n) | ((key >> 8n) & 0xffn)),
  },
};

/** Octets 1 and 2 of the destination connection ID. */
function serverId(): TsharkField {
  return {
    field: 'quic.dcid',
    same: (text, key) => BigInt(`0x${text.replaceAll(':', '').slice(2, 6)}`) === key,
  };
}

/** An IPv6 address as sixteen numbers. */
function groups(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':'));
  const behind = words(tail ?? '');
  const front = words(head);
  const zeros = Array.from({ length: 8 - front.length - behind.length }, () => '0');
  return [...front, ...(tail === undefined ? [] : zeros), ...behind].flatMap((word) => {
    const value = Number.parseInt(word, 16);
    return [value >> 8, value & 0xff];
  });
}

export class TsharkError extends Error {}

/**
 * Frame by frame what tshark shows in these fields: the first of each, which is the outermost. Rejects
 * with TsharkError where there is no tshark, or it cannot read the file.
 */
export async function* tsharkFields(
  path: string,
  fields: readonly string[],
  options: readonly string[] = [],
): AsyncGenerator<ReadonlyMap<string, string>, void, undefined> {
  const words = ['-r', path, '-n', '-T', 'fields', '-E', 'occurrence=f', '-E', 'separator=/t'];
  // Each frame for itself: an identifier stands in the first fragment.
  words.push('-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE', ...options);
  const child = spawn('tshark', [...words, ...fields.flatMap((field) => ['-e', field])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-2000);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', () => reject(new TsharkError('tshark is not installed')));
    child.once('close', (status) =>
      status === 0 ? resolve() : reject(new TsharkError(`tshark: ${said.trim()}`)),
    );
  });
  // Whoever waits for the lines hears of it behind them.
  ended.catch(() => {});
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const texts = line.split('\t');
      yield new Map(fields.map((field, n) => [field, texts[n] ?? '']));
    }
    await ended;
  } finally {
    child.kill();
  }
}
