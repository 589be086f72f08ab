/** The machine that the numbers are from. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { run } from '../sim/compile.ts';

export interface Machine {
  readonly processor: string;
  /** Logical processors that this process may use. */
  readonly cores: number;
  readonly memoryGiB: number;
  /** Distribution, and kernel with release. */
  readonly system: string;
  readonly node: string;
  readonly verilator: string;
  readonly compiler: string;
  /** Runnable processes, mean over the minute before the benchmarks began. */
  readonly loadBefore: number;
}

export async function describeMachine(): Promise<Machine> {
  const firstLine = async (command: string) =>
    (await run(command, ['--version'])).split('\n')[0]?.trim() ?? '';
  return {
    processor: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    system: `${distribution()}, ${type()} ${release()}`,
    node: process.version,
    verilator: await firstLine('verilator'),
    compiler: await firstLine('g++'),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** freedesktop's os-release(5). */
function distribution(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'unknown distribution';
  } catch {
    return 'unknown distribution';
  }
}
