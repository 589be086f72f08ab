import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CallCounts, type Caller, type CallerResult, SILENCE } from './caller.ts';

/** The scenario that follows Contact. */
export const SCENARIO = fileURLToPath(new URL('uac.xml', import.meta.url));

export interface SippOptions {
  /** Starts a program where the client lives, such as `Namespace.spawn`. */
  readonly spawn: (program: string, args: readonly string[], options: SpawnOptions) => ChildProcess;
  /** The client's own address. */
  readonly local: string;
  /** Where INVITEs go, as `address:port`. */
  readonly remote: string;
  /** New calls per second. */
  readonly rate: number;
  /** Calls altogether. */
  readonly calls: number;
  /** An existing folder for SIPp's reports; whoever made it removes it. */
  readonly folder: string;
}

const NO_CALLS: CallCounts = {
  attempted: 0,
  succeeded: 0,
  failed: 0,
  retransmissions: 0,
  current: 0,
  causes: {},
};

/** What SIPp may take beyond calls / rate: the last call's pause, its silence, and its ending. */
const MARGIN_S = 30;

/** A run of SIPp's client. */
export class Sipp implements Caller {
  readonly #options: SippOptions;
  readonly #process: ChildProcess;
  /** Resolves when SIPp has ended, however; rejects when it cannot be started. */
  readonly ended: Promise<CallerResult>;

  constructor(options: SippOptions) {
    this.#options = options;
    const seconds = Math.ceil(options.calls / options.rate) + MARGIN_S;
    const args = [
      ...['-sf', SCENARIO, '-i', options.local, '-t', 'u1'],
      ...['-r', `${options.rate}`, '-rp', '1000', '-m', `${options.calls}`],
      ...['-trace_stat', '-stf', this.#file('statistics.csv'), '-fd', '1'],
      ...['-trace_err', '-error_file', this.#file('errors.log')],
      ...['-recv_timeout', `${SILENCE}`, '-timeout', `${seconds}`, '-timeout_error'],
      ...['-nostdin', options.remote],
    ];
    // Standard error says why it does not start; standard output is a screen that nobody looks at.
    const standardError = openSync(this.#file('stderr.log'), 'w');
    this.#process = options.spawn('sipp', args, {
      cwd: options.folder,
      stdio: ['ignore', 'ignore', standardError],
      env: { TERM: 'dumb' },
    });
    closeSync(standardError);
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('exit', (status, signal) => {
        this.#result(status ?? signal ?? -1).then(resolve, reject);
      });
    });
    this.ended.catch(() => {}); // whoever awaits it hears of it
  }

  /** Process id of what was spawned; undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Counts as of at most a second ago; all 0 before SIPp's first report. */
  async progress(): Promise<CallCounts> {
    const text = await readFile(this.#file('statistics.csv'), 'utf8').catch(() => '');
    return parseStatistics(text);
  }

  /** Makes no new calls, lets those under way end. */
  quit(): void {
    this.#process.kill('SIGUSR1');
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async #result(status: number | string): Promise<CallerResult> {
    const read = async (name: string) => readFile(this.#file(name), 'utf8').catch(() => '');
    const [errors, stderr] = await Promise.all([read('errors.log'), read('stderr.log')]);
    // SIPp's log quotes whole messages; the lines with a time in front say what was wrong.
    const events = errors.matchAll(/^\d{4}-\d\d-\d\d\t\S+\t\S+: (.*)$/gm);
    const complaints = [...events].map(([, text = '']) => text.trim());
    complaints.push(...stderr.split('\n').filter((line) => !/^(Resolving .*)?$/.test(line.trim())));
    if (typeof status === 'string') complaints.unshift(`SIPp was ended by ${status}`);
    return {
      counts: await this.progress(),
      status: typeof status === 'number' ? status : 128,
      complaints: [...new Set(complaints)].slice(0, 10),
    };
  }

  #file(name: string): string {
    return join(this.#options.folder, name);
  }
}

/**
 * Reads the last whole line of what SIPp writes with `-trace_stat`: a table with semicolons and a
 * line of names. Text without such a line gives all zeros; a table that lacks one of the columns
 * used here is an error, since counts of failures must not be made up.
 */
export function parseStatistics(text: string): CallCounts {
  const end = text.lastIndexOf('\n');
  const [header, ...lines] = text.slice(0, Math.max(0, end)).split('\n');
  const last = lines.at(-1);
  if (header === undefined || last === undefined) return NO_CALLS;
  const names = header.split(';');
  const values = last.split(';');
  const column = (name: string): number => {
    const value = Number(values[names.indexOf(name)]);
    if (!Number.isFinite(value)) {
      throw new Error(
        `SIPp's statistics have no number in column "${name}": is this SIPp 3.6 or 3.7?`,
      );
    }
    return value;
  };
  const causes: Record<string, number> = {};
  for (const name of names) {
    const cause = /^Failed(\w+)\(C\)$/.exec(name)?.[1];
    if (cause !== undefined && cause !== 'Call' && column(name) > 0) causes[cause] = column(name);
  }
  return {
    attempted: column('OutgoingCall(C)'),
    succeeded: column('SuccessfulCall(C)'),
    failed: column('FailedCall(C)'),
    retransmissions: column('Retransmissions(C)'),
    current: column('CurrentCall'),
    causes,
  };
}
