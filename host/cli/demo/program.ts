import { createInterface } from 'node:readline';
import type { Namespace } from '../namespaces/topology.ts';

/** A processor's program in a network namespace, which prints one JSON object a line. */
export interface Program {
  /** Rejects when it ends without having been told to; never resolves. */
  readonly lost: Promise<never>;
  readonly pid: number | undefined;
  /** A line on its standard input. */
  tell(line: string): void;
  /** Ends it without a word, as a crash would. */
  kill(): void;
  /** Ends it in good order, or at once where it does not. Idempotent. */
  stop(): Promise<void>;
}

export interface ProgramOptions {
  readonly name: string;
  readonly namespace: Namespace;
  /** Path of a TypeScript file of ours, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  /** Each line of its standard output that is JSON. */
  readonly event: (value: unknown) => void;
}

/** Milliseconds for a processor to say good-bye before it is killed. */
const PATIENCE = 3_000;

export function startProgram({ name, namespace, program, args, event }: ProgramOptions): Program {
  const words = ['--import', import.meta.resolve('tsx'), program, ...args];
  const stdio = ['pipe', 'pipe', 'pipe'] as const;
  const child = namespace.spawn(process.execPath, words, { stdio: [...stdio] });
  const said: string[] = [];
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (status, signal) => resolve(`ended with ${signal ?? status}`));
  });
  const lost = ended.then((how): never | Promise<never> => {
    if (stopping) return new Promise<never>(() => {});
    const last = said.slice(-3).join('; ');
    throw new Error(`${name} ${how}${last === '' ? '' : `: ${last}`}`);
  });
  lost.catch(() => {}); // whoever awaits it hears of it
  child.stdin?.on('error', () => {}); // it has ended; `lost` says so
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (text) => said.push(text));
  }
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      try {
        event(JSON.parse(text));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error; // words that are not for us
      }
    });
  }
  return {
    lost,
    get pid() {
      return child.pid;
    },
    tell(line) {
      child.stdin?.write(`${line}\n`);
    },
    kill() {
      stopping = true;
      child.kill('SIGKILL');
    },
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      await ended;
      clearTimeout(killer);
    },
  };
}
