import { DriverError } from '../../driver/index.ts';
import { BuildError, CaptureFileError, SimulationError } from '../../sim/index.ts';
import { ServiceError } from '../steering/problem.ts';
import { NoSwitchProcessorError, RequestError } from '../switch/control-client.ts';
import { CommandError, EXIT, type ExitStatus } from './exit.ts';

/** The exit status that an error stands for; undefined: a fault of this program. */
export function statusOf(error: unknown): ExitStatus | undefined {
  if (error instanceof CommandError) return error.status;
  if (error instanceof NoSwitchProcessorError) return EXIT.noDevice;
  if (error instanceof RequestError) {
    return { usage: EXIT.badInput, refused: EXIT.badInput, failed: EXIT.transport }[error.kind];
  }
  if (error instanceof ServiceError || error instanceof CaptureFileError) return EXIT.badInput;
  if (error instanceof BuildError || error instanceof SimulationError) return EXIT.simulator;
  if (error instanceof DriverError) {
    return error.code === 'LINE' ? EXIT.transport : EXIT.noDevice;
  }
  // A file that is not there, a folder that may not be written: node:fs says which.
  if (error instanceof Error && 'path' in error && 'syscall' in error) return EXIT.badInput;
  return undefined;
}

/** What to do about a file that node:fs could not open, by its code. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check its name',
  EACCES: 'it may not be read or written by you; check its permissions',
  EPERM: 'it may not be read or written by you; check its permissions',
  EISDIR: 'it is a folder; name a file',
  ENOTDIR: 'a part of its path is a file; check its name',
  ENOSPC: 'its disk is full; make room or name another place',
};

/** An error of node:fs names a call and a code; whoever typed a file's name wants that and a remedy. */
function wordsOf(error: Error): string {
  const { path, code } = error as NodeJS.ErrnoException;
  const remedy = REMEDIES[code ?? ''];
  return path !== undefined && remedy !== undefined ? `${path}: ${remedy}` : error.message;
}

/** Says on standard error what went wrong; returns the exit status. */
export function reportError(error: unknown): number {
  const status = statusOf(error);
  if (status !== undefined) {
    process.stderr.write(`vidline: ${wordsOf(error as Error)}\n`);
    return status;
  }
  // Nobody foresaw it: the stack is what whoever mends it needs.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`vidline: ${text}\n`);
  return EXIT.mismatch;
}
