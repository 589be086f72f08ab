import { execFile } from 'node:child_process';

/** Debian keeps ip and ethtool where a user's search path may not look. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;

/** Environment for programs of the system: full search path, messages in English. */
export const SYSTEM_ENVIRONMENT: NodeJS.ProcessEnv = { ...process.env, PATH, LC_ALL: 'C' };

/** A program of the system that could not be started or ended badly. */
export class ToolError extends Error {
  readonly command: string;
  readonly status: number | string;
  readonly output: string;

  constructor(command: string, status: number | string, output: string) {
    const said = output.trim() === '' ? '' : `: ${output.trim()}`;
    super(
      status === 'ENOENT'
        ? `${command.split(' ')[0]} is not installed (node sim/prepare.mjs demo installs it)`
        : `"${command}" ended with ${status}${said}`,
    );
    this.name = 'ToolError';
    this.command = command;
    this.status = status;
    this.output = output;
  }
}

export interface RunOptions {
  /** Written to the program's standard input. */
  readonly input?: string;
  /** Milliseconds after which the program is killed; 20 s unless told. */
  readonly timeout?: number;
}

/**
 * Runs a program to its end and resolves with its standard output. Arguments go to it as they are;
 * no shell is between. Rejects with a ToolError when it cannot be started or its status is not 0.
 */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { env: SYSTEM_ENVIRONMENT, timeout: options.timeout ?? 20_000, encoding: 'utf8' },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
          return;
        }
        const status = error.killed ? 'a time-out' : (error.code ?? error.signal ?? 'an error');
        reject(new ToolError([program, ...args].join(' '), status, stderr || stdout));
      },
    );
    // A program that ends without reading its input closes the pipe; its status tells the rest.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}
