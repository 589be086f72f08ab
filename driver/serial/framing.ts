/** Octets of the line and the frames in them (RFC 1662 §4.2, its FCS-32 of appendix C.3). */
import { SERIAL } from '../generated/serial.ts';

const { flag: FLAG, escape: ESCAPE, toggle: TOGGLE, fcsPolynomial, fcsGood } = SERIAL;
const FCS_OCTETS = 4;

const TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? fcsPolynomial : 0);
  return crc;
});

/** The register of FCS-32 behind these octets, from its start at all ones. */
export function fcsRegister(octets: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of octets) crc = (crc >>> 8) ^ (TABLE[(crc ^ octet) & 0xff] as number);
  return crc >>> 0;
}

/** A frame as it goes over the line, with its FCS, and a flag at each end. */
export function encodeFrame(content: Uint8Array): Buffer {
  const fcs = Buffer.alloc(FCS_OCTETS);
  fcs.writeUInt32LE(~fcsRegister(content) >>> 0);
  const out = Buffer.allocUnsafe(2 * (content.length + FCS_OCTETS) + 2);
  let at = 0;
  out[at++] = FLAG;
  for (const part of [content, fcs])
    for (const octet of part) {
      if (octet === FLAG || octet === ESCAPE) {
        out[at++] = ESCAPE;
        out[at++] = octet ^ TOGGLE;
      } else out[at++] = octet;
    }
  out[at++] = FLAG;
  return out.subarray(0, at);
}

/** Octets that a frame takes on the line, at most: of its FCS each may need an escape. */
export function mostOctets(content: Uint8Array): number {
  let octets = content.length + 2 + 2 * FCS_OCTETS;
  for (const octet of content) if (octet === FLAG || octet === ESCAPE) octets += 1;
  return octets;
}

/** Takes the line's octets, however they are cut, and finds the frames among them. */
export class FrameReader {
  /** Octets between two flags that were no frame: something of them was lost or changed. */
  damaged = 0;
  readonly #content = new Uint8Array(64 * 1024);
  #length = 0;
  #escaped = false;
  #bad = false;

  /** Contents of the frames that end here, without their FCS. */
  push(octets: Uint8Array): Buffer[] {
    const frames: Buffer[] = [];
    for (const octet of octets) {
      if (octet === FLAG) {
        const frame = this.#end();
        if (frame) frames.push(frame);
      } else if (octet === ESCAPE) {
        this.#escaped = true;
      } else {
        // No frame is nearly so long.
        if (this.#length === this.#content.length) this.#bad = true;
        else this.#content[this.#length++] = this.#escaped ? octet ^ TOGGLE : octet;
        this.#escaped = false;
      }
    }
    return frames;
  }

  #end(): Buffer | undefined {
    const content = this.#content.subarray(0, this.#length);
    const nothing = this.#length === 0 && !this.#escaped;
    const good = !this.#bad && !this.#escaped && fcsRegister(content) === fcsGood;
    this.#length = 0;
    this.#escaped = false;
    this.#bad = false;
    if (nothing) return undefined;
    if (good && content.length > FCS_OCTETS)
      return Buffer.from(content.subarray(0, content.length - FCS_OCTETS));
    this.damaged += 1;
    return undefined;
  }
}
