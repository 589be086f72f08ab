/**
 * Addresses for users, which carry the VID so that the card finds the processor of what comes back
 * from the packet network (G13). Where in the address it stands is what the service's rule says.
 */
import { addressToBytes, bytesToAddress } from '../protocol/address.ts';
import { view } from '../protocol/bytes.ts';
import type { ControlPool } from '../protocol/control.ts';

/** Bits of a user's own prefix: one address of IPv4, a /64 of IPv6 (RFC 7278, TS 23.060 §9.2.1.1). */
const USER_PREFIX = { 4: 32, 6: 64 } as const;

/** Users of one VID that an IPv6 pool is used for at most; more TEIDs it has not, either. */
const MOST = 0x10000;

/** The lower half of an IPv6 address. */
const LOWER = (1n << 64n) - 1n;

export class UserAddresses {
  readonly version: 4 | 6;
  /** Users that one VID has room for. */
  readonly perVid: number;
  readonly #base: bigint;
  readonly #bits: 32 | 128;
  /** How far the VID stands from the right. */
  readonly #vidShift: bigint;
  readonly #vidMask: bigint;
  /** How far the pool's prefix stands from the right, and that prefix. */
  readonly #poolShift: bigint;
  readonly #poolBase: bigint;
  readonly #byVid = new Map<number, Buffer>();

  /** Throws RangeError where the pool has no room for a user behind the VID. */
  constructor({ prefix, vidEnd }: ControlPool) {
    const [address = '', length = ''] = prefix.split('/');
    const bytes = addressToBytes(address);
    this.version = bytes.length === 4 ? 4 : 6;
    this.#bits = this.version === 4 ? 32 : 128;
    const user = USER_PREFIX[this.version] - vidEnd;
    if (user < 0 || vidEnd <= Number(length)) {
      throw new RangeError(
        `pool ${prefix}: the VID ends at bit ${vidEnd}, behind ${length} and before a user's own ` +
          `${USER_PREFIX[this.version]} it must`,
      );
    }
    this.perVid = Math.min(MOST, 2 ** user);
    this.#base = BigInt(`0x${bytes.toString('hex')}`);
    this.#vidShift = BigInt(this.#bits - vidEnd);
    this.#vidMask = (1n << BigInt(vidEnd - Number(length))) - 1n;
    this.#poolShift = BigInt(this.#bits - Number(length));
    this.#poolBase = this.#base >> this.#poolShift;
  }

  /** The address of the VID's user of this number: for IPv6 the first of its /64. */
  address(vid: number, user: number): string {
    // The number has 16 bits at most, which end where a user's own prefix does.
    const at = USER_PREFIX[this.version] / 8 - 2;
    const bytes = Buffer.from(this.#ofVid(vid));
    bytes.writeUInt16BE(bytes.readUInt16BE(at) | user, at);
    return bytesToAddress(bytes);
  }

  /** The VID's first address: worked out once, and not for each of its users. */
  #ofVid(vid: number): Buffer {
    const known = this.#byVid.get(vid);
    if (known !== undefined) return known;
    const value = this.#base | ((BigInt(vid) & this.#vidMask) << this.#vidShift);
    const bytes = Buffer.alloc(this.#bits / 8);
    if (this.version === 4) bytes.writeUInt32BE(Number(value));
    else {
      bytes.writeBigUInt64BE(value >> 64n);
      bytes.writeBigUInt64BE(value & LOWER, 8);
    }
    this.#byVid.set(vid, bytes);
    return bytes;
  }

  /** The VID that an address given as its bytes carries; undefined where it is not of this pool. */
  vidOf(bytes: Uint8Array): number | undefined {
    if (bytes.length * 8 !== this.#bits) return undefined;
    const read = view(bytes);
    const value =
      this.version === 4
        ? BigInt(read.readUInt32BE())
        : (read.readBigUInt64BE() << 64n) | read.readBigUInt64BE(8);
    const vid = (value >> this.#vidShift) & this.#vidMask;
    return value >> this.#poolShift === this.#poolBase ? Number(vid) : undefined;
  }

  /**
   * An address of the VID that `taken` does not know, from number `from` on; with the number behind
   * it, for the next one. Undefined where all are taken.
   */
  choose(
    vid: number,
    from: number,
    taken: (address: string) => boolean,
  ): { readonly address: string; readonly next: number } | undefined {
    for (let i = 0; i < this.perVid; i++) {
      const user = (from + i) % this.perVid;
      const address = this.address(vid, user);
      if (!taken(address)) return { address, next: (user + 1) % this.perVid };
    }
    return undefined;
  }
}

/** The first address of the /64 that holds an IPv6 address given as its 16 bytes. */
export function userPrefix(bytes: Uint8Array): string {
  const prefix = Buffer.alloc(16);
  prefix.set(bytes.subarray(0, 8));
  return bytesToAddress(prefix);
}
