/** Types of the addon (sim/native/addon.cc), the only door to native code. */
import { createRequire } from 'node:module';

/** Frames in one block, with words about each: layouts in sim/native/outbox.h. */
export interface NativeBatch {
  readonly bytes: Buffer;
  readonly meta: Uint32Array;
}

export interface NativeReply {
  readonly id: number;
  readonly code?: string;
  readonly error?: string;
  readonly words?: Uint32Array;
  readonly numbers?: Readonly<Record<string, number>>;
  readonly text?: string;
}

/** All that has gathered since the last time. */
export interface NativeMail {
  readonly host?: NativeBatch;
  readonly decisions?: NativeBatch;
  readonly ports: readonly (NativeBatch & { readonly port: number })[];
  readonly replies: readonly NativeReply[];
  readonly failed?: string;
}

export interface NativeOptions {
  readonly live: boolean;
  readonly observe: boolean;
  /** Of what registers and RAM without reset hold at first; 0: zeros. */
  readonly seed: number;
  readonly trace?: { readonly file: string; readonly from: number; readonly to: number };
}

/** Each call but `close` is answered by the reply that has its id. */
export interface NativeCard {
  attachMemory(id: number, port: number): void;
  attachInterface(id: number, port: number, interfaceName: string): void;
  /** Replies with the path of the pseudo-terminal. */
  attachSerial(id: number): void;
  detachSerial(id: number): void;
  /** Chances in a million. */
  setNoise(id: number, bitErrors: number, lost: number, doubled: number, seed: number): void;
  send(id: number, port: number, bytes: Uint8Array, lengths: Uint32Array, bad?: Uint32Array): void;
  inject(id: number, bytes: Uint8Array, lengths: Uint32Array, records: Uint32Array): void;
  /** Three words an access: address, 1 for a write, value. */
  access(id: number, words: Uint32Array): void;
  setTime(id: number, us: number): void;
  setLink(id: number, port: number, up: boolean): void;
  setPhy(
    id: number,
    port: number,
    speed: number,
    fullDuplex: boolean,
    clock: boolean,
    pad: boolean,
  ): void;
  setPatterns(
    id: number,
    port: number,
    gaps: number,
    pressure: number,
    seed: number,
    heedRoom: boolean,
  ): void;
  run(id: number, clocks: number): void;
  runUntilIdle(id: number, mostClocks: number): void;
  statistics(id: number): void;
  /** Ends the thread. Idempotent. */
  close(): void;
}

export interface NativeModule {
  readonly NativeCard: new (
    options: NativeOptions,
    onMail: (mail: NativeMail) => void,
  ) => NativeCard;
  readonly decisionWords: number;
  readonly canTrace: boolean;
  /** Finishes a checksum in place; false where it does not lie within the frame. For tests. */
  finishChecksum(frame: Uint8Array, start: number, offset: number): boolean;
}

export function loadAddon(path: string): NativeModule {
  return createRequire(import.meta.url)(path) as NativeModule;
}
