/** The machine that a comparison's costs are from. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { run } from '../../../sim/compile.ts';

export interface Machine {
  readonly processor: string;
  /** Logical processors that this process may use. */
  readonly cores: number;
  /** Of the first processor, such as `L2 2048K`; those that the system names. */
  readonly caches: readonly string[];
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly compiler: string;
  /** Runnable processes, mean over the minute before. */
  readonly loadBefore: number;
}

export async function describeMachine(): Promise<Machine> {
  return {
    processor: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    caches: caches(),
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    system: `${type()} ${release()}`,
    node: process.version,
    compiler: (await run('g++', ['--version'])).split('\n')[0]?.trim() ?? '',
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** From sysfs; elsewhere none. */
function caches(): string[] {
  const found: string[] = [];
  for (let index = 0; index < 8; index++) {
    const of = (name: string) =>
      readFileSync(`/sys/devices/system/cpu/cpu0/cache/index${index}/${name}`, 'utf8').trim();
    try {
      const kind = { Data: 'd', Instruction: 'i', Unified: '' }[of('type')] ?? '';
      found.push(`L${of('level')}${kind} ${of('size')}`);
    } catch {
      break;
    }
  }
  return found;
}
