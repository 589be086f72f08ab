/** What Ethernet has on the line around a frame (IEEE 802.3 clause 3), written out once more. */

/** Behind the frame, least significant octet first (clause 3.2.9). */
export function fcs(frame: Uint8Array): Buffer {
  let crc = 0xffffffff;
  for (const octet of frame) {
    for (let bit = 0; bit < 8; bit++) {
      const feedback = (crc ^ (octet >> bit)) & 1;
      crc = (crc >>> 1) ^ (feedback ? 0xedb88320 : 0);
    }
  }
  const result = Buffer.alloc(4);
  result.writeUInt32LE(~crc >>> 0);
  return result;
}

export interface OnLine {
  /** Octets of preamble before the SFD; 7 where not given. */
  readonly preamble?: number;
  /** 0: the carrier ends before the SFD. */
  readonly sfd?: boolean;
  /** Bits that the FCS has wrong. */
  readonly wrong?: number;
  /** Zeros to 60 octets; true where not given. */
  readonly pad?: boolean;
}

export const padded = (frame: Uint8Array): Buffer =>
  Buffer.concat([frame, Buffer.alloc(Math.max(0, 60 - frame.length))]);

/** Octets from the preamble to the FCS. */
export function onLine(
  frame: Uint8Array,
  { preamble = 7, sfd = true, wrong = 0, pad = true }: OnLine = {},
) {
  const start = Buffer.concat([Buffer.alloc(preamble, 0x55), Buffer.alloc(sfd ? 1 : 0, 0xd5)]);
  if (!sfd) return start;
  const content = pad ? padded(frame) : Buffer.from(frame);
  const check = fcs(content);
  check.writeUInt32LE((check.readUInt32LE() ^ wrong) >>> 0);
  return Buffer.concat([start, content, check]);
}

/** A carrier's octets as a frame without FCS; throws in words where they are none. */
export function fromLine(octets: Uint8Array): Buffer {
  const all = Buffer.from(octets);
  const start = Buffer.concat([Buffer.alloc(7, 0x55), Buffer.of(0xd5)]);
  if (!all.subarray(0, 8).equals(start)) throw new Error(`preamble ${all.toString('hex', 0, 8)}`);
  const frame = all.subarray(8, -4);
  if (frame.length < 60) throw new Error(`${frame.length} octets without FCS`);
  if (!all.subarray(-4).equals(fcs(frame))) throw new Error('wrong FCS');
  return frame;
}
