/**
 * A processor as a program. Standard output is one JSON object a line: `up`, `counters` each so often,
 * `again`, `quiet` (it cannot send heartbeats), `exit`. It ends on SIGTERM, SIGINT, and when its standard
 * input or its IPC channel closes, so that nothing outlives the one who started it.
 */
import type { Assignment, Processor } from './processor.ts';

export interface ProgramOptions {
  readonly name: string;
  readonly processor: Processor;
  /** What a line of counters says. */
  readonly counters: () => object;
  /** Closes what the processor served with. */
  readonly close: () => Promise<void>;
  /** Milliseconds between lines of counters, at least 10. */
  readonly interval: number;
  /** Does not end when standard input closes. */
  readonly detached: boolean;
}

/** An ending of the command line: words, how to use it, and status 2. */
export function failWith(usage: string): (message: string) => never {
  return (message) => {
    process.stderr.write(`${message}\n${usage}\n`);
    process.exit(2);
  };
}

/** Starts the processor; the process ends with it. */
export function runProcessor(options: ProgramOptions): void {
  const { name, processor, counters, close, interval, detached } = options;
  const print = (event: string, values: object): void => {
    process.stdout.write(`${JSON.stringify({ event, name, ...values })}\n`);
  };
  let ending = false;
  const end = async (why: string, status: number): Promise<void> => {
    if (ending) return;
    ending = true;
    clearInterval(ticker);
    await processor.close();
    await close();
    print('exit', { why, ...counters() });
    // The last line may still be on its way into a pipe.
    process.stdout.write('', () => process.exit(status));
  };
  const refused = (error: Error): void => {
    if (ending) return;
    process.stderr.write(`${name}: ${error.message}\n`);
    void end(error.message, 1);
  };
  processor.on('up', ({ slot, epoch, mac, vids, backupVids }: Assignment) => {
    print('up', { slot, epoch, mac, vids, backupVids });
  });
  processor.on('quiet', (error) => print('quiet', { why: error.message }));
  processor.on('again', (why) => print('again', { why }));
  processor.on('refused', refused);
  const ticker = setInterval(() => print('counters', counters()), Math.max(10, interval));
  process.on('SIGTERM', () => void end('SIGTERM', 0));
  process.on('SIGINT', () => void end('SIGINT', 0));
  process.on('disconnect', () => void end('the starting process is gone', 0));
  process.stdout.on('error', () => process.exit(0));
  if (!detached) {
    process.stdin.on('end', () => void end('standard input closed', 0));
    process.stdin.on('close', () => void end('standard input closed', 0));
    process.stdin.resume();
  }
  processor.start().catch(refused);
}
