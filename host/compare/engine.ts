/** What decides the frames of a capture: the card's RTL, or a program that must agree with it. */
import type { Decision } from '../../driver/index.ts';
import { macToBytes } from '../protocol/address.ts';
import { isGroupMac } from '../steering/mac.ts';
import type { CardState } from '../steering/state.ts';
import { LINE_MAC } from './layout.ts';

export interface Offer<T> {
  readonly offered: T;
  /** One byte at least. */
  readonly frame: Uint8Array;
  /** When it came, in microseconds; a time before the last one is taken for that. */
  readonly timeUs: number;
}

/** A frame's end. `T` is what the caller offered it as. */
export interface Decided<T> {
  readonly offered: T;
  /** As it went in: addressed to the card. */
  readonly frame: Buffer;
  readonly decision: Decision;
  /** As it leaves; undefined for drops. */
  readonly egress: Buffer | undefined;
  /**
   * From its first beat to its end. Undefined for a fragment that waited for its first, which depends
   * on the wire, and where there are no clocks.
   */
  readonly clocks: number | undefined;
  /** The VID that its identifier has from now on; the frame itself was punted. */
  readonly learned: number | undefined;
}

export interface Engine<T, E extends Decided<T> = Decided<T>> {
  /** The tables, without overrides. */
  readonly state: CardState;
  /**
   * Takes frames in by the line and gives their ends, and those of fragments that they set free. A
   * frame has none yet where it waits for the first fragment of its packet.
   *
   * A unicast destination address becomes the card's own: the card stands where frames were going.
   */
  pass(offers: readonly Offer<T>[]): Promise<E[]>;
  /** The ends of fragments whose first did not come. */
  finish(): Promise<E[]>;
}

/** Addressed to the line port, unless to a group. */
export function toCard(frame: Uint8Array): Buffer {
  const copy = Buffer.from(frame);
  if (copy.length >= 6 && !isGroupMac(copy)) macToBytes(LINE_MAC).copy(copy);
  return copy;
}
