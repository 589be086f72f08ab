/** One run of SIPp: calls at a steady rate, and how long the answers took. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CallCounts, SILENCE } from '../../demo/caller.ts';
import { parseStatistics } from '../../demo/sipp.ts';
import type { Namespace } from '../../namespaces/topology.ts';

export interface LoadOptions {
  readonly client: Namespace;
  /** The client's own address. */
  readonly local: string;
  /** `address:port` */
  readonly remote: string;
  readonly scenario: string;
  /** SIPp's: `u1` one socket for all calls, `un` one for each. */
  readonly transport: 'u1' | 'un';
  /** Calls a second, and altogether. */
  readonly rate: number;
  readonly calls: number;
  /** Where reports may lie. */
  readonly folder: string;
}

export interface Load {
  readonly counts: CallCounts;
  /** Milliseconds from each BYE to its answer: a packet of a standing session, there and back. */
  readonly byeMs: readonly number[];
}

const MARGIN_S = 20;

export async function runLoad(options: LoadOptions): Promise<Load> {
  const { client, local, remote, scenario, transport, rate, calls, folder } = options;
  const reports = join(folder, 'load');
  await mkdir(reports);
  const args = [
    ...['-sf', scenario, '-i', local, '-t', transport, '-max_socket', '10000'],
    ...['-r', `${rate}`, '-rp', '1000', '-m', `${calls}`],
    ...['-trace_stat', '-stf', join(reports, 'statistics.csv'), '-fd', '1'],
    ...['-trace_rtt', '-rtt_freq', '1'],
    ...['-recv_timeout', `${SILENCE}`, '-timeout', `${Math.ceil(calls / rate) + MARGIN_S}`],
    ...['-nostdin', remote],
  ];
  const child = client.spawn('sipp', args, {
    cwd: reports,
    stdio: 'ignore',
    env: { TERM: 'dumb' },
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
  const text = await readFile(join(reports, 'statistics.csv'), 'utf8').catch(() => '');
  const names = (await readdir(reports)).filter((name) => name.endsWith('_rtt.csv'));
  const times = await Promise.all(names.map((name) => readFile(join(reports, name), 'utf8')));
  return { counts: parseStatistics(text), byeMs: times.flatMap(byeTimes) };
}

/** Lines of `date;milliseconds;name`. */
export function byeTimes(text: string): number[] {
  return text.split('\n').flatMap((line) => {
    const [, time, name] = line.split(';');
    return name?.trim() === 'bye' && Number.isFinite(Number(time)) ? [Number(time)] : [];
  });
}
