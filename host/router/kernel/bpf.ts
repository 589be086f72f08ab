/** Types of the addon (bpf.cc), the door to bpf(2). */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ensureAddon } from '../../../sim/index.ts';

/** What a program said of a frame (linux/bpf.h, enum xdp_action). */
export const XDP = { drop: 1, pass: 2, tx: 3 } as const;

/** All throw the error of the system call, with its `errno`. */
export interface Bpf {
  /** File descriptor of an array of values. */
  createArray(valueSize: number, entries: number): number;
  /** Writes values from entry 0 on. */
  fill(map: number, valueSize: number, values: Uint8Array): void;
  /** File descriptor of a program of kind XDP; the verifier's last words are part of the error. */
  load(instructions: Uint8Array): number;
  /** Runs it on the frame, again and again on what the run before has left. */
  run(
    program: number,
    frame: Uint8Array,
    repeat: number,
  ): { readonly verdict: number; readonly ns: number; readonly data: Buffer };
  close(fd: number): void;
}

/** Rejects with BuildError. */
export async function loadBpf(): Promise<Bpf> {
  const path = await ensureAddon(fileURLToPath(new URL('bpf.cc', import.meta.url)));
  return createRequire(import.meta.url)(path) as Bpf;
}
