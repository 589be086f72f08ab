/** The chain of IPv6 extension headers (RFC 8200 §4; docs/card.md, step 2). */

/** Next headers that are extensions (RFC 7045 §4, without the experimental ones). */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 44, 51, 60, 135, 139, 140]);
const FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Bytes of extension headers that the card reads through. */
const LONGEST = 64;

export interface Chain {
  /** What no receiver would take, or more than the card reads; the rest means little then. */
  readonly unreadable: boolean;
  /** Where the chain ends. */
  readonly l4: number;
  readonly protocol: number;
  /** Whether any extension header is there. */
  readonly empty: boolean;
  /** Bytes of the frame that hold what was read. */
  readonly headerMin: number;
  readonly laterFragment: boolean;
  readonly firstFragment: boolean;
  /** Of the fragmented packet; 0 where there is no fragment header. */
  readonly identification: number;
}

/**
 * @param l3 where the fixed header begins.
 * @param nextHeader of the fixed header.
 */
export function readChain(frame: Uint8Array, l3: number, nextHeader: number): Chain {
  const begin = l3 + 40;
  const limit = begin + LONGEST;
  let at = begin;
  let protocol = nextHeader;
  let identification = 0;
  let fragmentSeen = false;
  let firstFragment = false;
  let laterFragment = false;
  let unreadable = false;
  while (EXTENSIONS.has(protocol) && !laterFragment) {
    const length = lengthOf(protocol, frame[at + 1] ?? 0);
    // RFC 4302 §2.2: of IPv6 the header is a multiple of 8 bytes.
    const odd = protocol === AUTHENTICATION && length % 8 !== 0;
    const second = protocol === FRAGMENT && fragmentSeen;
    if (at + length > limit || odd || second) {
      unreadable = true;
      break;
    }
    if (protocol === FRAGMENT) {
      fragmentSeen = true;
      const word = 256 * (frame[at + 2] ?? 0) + (frame[at + 3] ?? 0);
      laterFragment = word >> 3 !== 0;
      // Offset 0 without more to come is an atomic fragment (RFC 6946): a packet like any other.
      firstFragment = !laterFragment && (word & 1) === 1;
      identification = word32(frame, at + 4);
    }
    protocol = frame[at] ?? 0;
    at += length;
  }
  return {
    unreadable,
    l4: at,
    protocol,
    empty: at === begin && !unreadable,
    headerMin: unreadable ? Math.min(at + 8, limit) : at,
    laterFragment,
    firstFragment,
    identification,
  };
}

/** Bytes of an extension header whose second byte is `field`. */
function lengthOf(protocol: number, field: number): number {
  if (protocol === FRAGMENT) return 8;
  return protocol === AUTHENTICATION ? (field + 2) * 4 : (field + 1) * 8;
}

function word32(frame: Uint8Array, at: number): number {
  const high = ((frame[at] ?? 0) << 24) | ((frame[at + 1] ?? 0) << 16);
  return (high | ((frame[at + 2] ?? 0) << 8) | (frame[at + 3] ?? 0)) >>> 0;
}
