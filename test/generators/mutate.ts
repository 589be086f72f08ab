/** Breaks frames: lengths that lie, headers that cannot be, cuts, padding, flipped bits. */
import type { Random } from './random.ts';

/** The frame, or in about a quarter of the cases a broken copy; `l3` is where its IP header begins. */
export function mutate(random: Random, frame: Buffer, l3: number): Buffer {
  const kind = random.below(100);
  if (kind < 65) return frame;
  if (kind < 72) return Buffer.concat([frame, random.bytes(random.between(1, 60))]); // padding
  if (kind < 78) return frame.subarray(0, random.between(1, frame.length)); // cut anywhere
  if (kind < 81) return frame.subarray(0, random.between(1, Math.min(frame.length, l3 + 62)));
  const broken = Buffer.from(frame);
  if (kind < 96) {
    lie(random, broken, l3);
    return broken;
  }
  for (let flips = random.between(1, 8); flips > 0; flips--) {
    const at = random.below(Math.min(broken.length, 100));
    broken[at] = (broken[at] ?? 0) ^ (1 << random.below(8));
  }
  return broken;
}

function lie(random: Random, frame: Buffer, l3: number): void {
  const set = (at: number, value: number) => {
    if (at < frame.length) frame[at] = value & 0xff;
  };
  const set16 = (at: number, value: number) => {
    set(at, value >> 8);
    set(at + 1, value);
  };
  const v6 = frame[l3] !== undefined && frame[l3] >> 4 === 6;
  const l4 = l3 + (v6 ? 40 : 4 * ((frame[l3] ?? 5) & 15));
  const near = (value: number) => Math.max(0, value + random.between(-12, 12));
  const lies = [
    () => set(l3, random.below(256)), // version and IHL
    () => set16(v6 ? l3 + 4 : l3 + 2, random.chance(70) ? near(frame.length - l3) : random.word()),
    () => set16(v6 ? l3 + 4 : l3 + 2, random.below(70)), // short packet in a long frame
    () => set16(l4 + 4, random.chance(70) ? near(frame.length - l4) : random.below(0x10000)),
    () => set(l4 + 12, random.below(256)), // TCP's data offset
    () => set(l3 + (v6 ? 6 : 9), random.below(256)), // protocol
    () => (v6 ? set(l4, random.between(130, 140)) : set16(l3 + 6, random.below(0x10000))),
  ];
  random.pick(lies)();
}
