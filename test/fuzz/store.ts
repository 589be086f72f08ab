/** Trials as files: JSON with everything, and a capture of the frames for Wireshark. */
import { readFileSync, writeFileSync } from 'node:fs';
import { PcapngWriter } from '../../sim/index.ts';
import type { Trial } from './trial.ts';

export function saveTrial(trial: Trial, path: string): void {
  writeFileSync(path, `${JSON.stringify(trial, plain, 1)}\n`);
}

export function loadTrial(path: string): Trial {
  return JSON.parse(readFileSync(path, 'utf8'), (_, value) => meant(value)) as Trial;
}

/** What JSON has no form for is an object with one key. */
function plain(this: unknown, key: string, value: unknown): unknown {
  // Buffers have a toJSON of their own, which comes before this function.
  const raw = (this as Record<string, unknown>)[key];
  if (raw instanceof Uint8Array) return { $bytes: Buffer.from(raw).toString('hex') };
  if (typeof value === 'bigint') return { $big: `0x${value.toString(16)}` };
  if (value instanceof Map) return { $map: [...value] };
  if (value instanceof Set) return { $set: [...value] };
  return value === undefined ? { $undefined: true } : value;
}

function meant(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const tagged = value as Record<string, unknown>;
  if (typeof tagged.$bytes === 'string') return Buffer.from(tagged.$bytes, 'hex');
  if (typeof tagged.$big === 'string') return BigInt(tagged.$big);
  if (Array.isArray(tagged.$map)) return new Map(tagged.$map as [unknown, unknown][]);
  if (Array.isArray(tagged.$set)) return new Set(tagged.$set);
  if (tagged.$undefined !== true) return value;
  return undefined;
}

/** The frames in the order of the steps, each with where it came from. */
export function saveCapture(trial: Trial, path: string): void {
  const names = [...trial.state.ports.map((_, port) => `port${port}`), 'host'];
  const writer = PcapngWriter.open(
    path,
    names.map((name) => ({ name })),
  );
  let time = BigInt(trial.startUs) * 1000n;
  for (const step of trial.steps) {
    if (step.kind === 'time') time += BigInt(step.us) * 1000n;
    if (step.kind !== 'frames') continue;
    for (const { frame, arrival } of step.frames) {
      const { from, receiver } = arrival;
      const interfaceId = 'port' in from ? from.port : names.length - 1;
      const what = 'port' in from ? '' : `mode ${from.inject.mode}, target ${from.inject.target}`;
      const comment = `${what}${receiver?.error ? ' marked bad by the receiver' : ''}`.trim();
      writer.write({ interfaceId, timestampNs: time++, data: frame, ...(comment && { comment }) });
    }
  }
  writer.close();
}
