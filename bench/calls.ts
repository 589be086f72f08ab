/** SIP calls a second with no failure: the demo itself, at rising rates. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DemoReport } from '../host/cli/demo/report.ts';
import type { Benchmark, Context } from './benchmark.ts';
import type { Measured, Value } from './report.ts';

const MAIN = fileURLToPath(new URL('../host/cli/main.ts', import.meta.url));
const PLAN = {
  quick: { rates: [500, 1000], seconds: 3, again: 0 },
  full: { rates: [500, 1000, 1500, 2000, 2500, 3000], seconds: 10, again: 2 },
};
const AIM = 3000;
const LEAST = 1000;
/** Milliseconds beyond the calls for the demo to start and to end. */
const MARGIN = 60_000;

export interface Attempt {
  readonly rate: number;
  /** undefined where the demo gave no report. */
  readonly report: DemoReport | undefined;
  /** Seconds from the first call to the end of the last, its pause of 200 ms with it. */
  readonly seconds: number;
  /** Last words where there is no report. */
  readonly said: string;
}

/** No call failed, and the demo found nothing else wrong. */
export const noFailure = ({ report }: Attempt): boolean =>
  report !== undefined && report.calls.failed === 0 && report.problems.length === 0;

/** Nothing had to be sent twice either: the calls were not only saved by SIP's timers. */
export const clean = (attempt: Attempt): boolean =>
  noFailure(attempt) && attempt.report?.calls.retransmissions === 0;

/** The highest rate of which every attempt was good, and of all below it; 0 where there is none. */
export function highest(attempts: readonly Attempt[], good: (attempt: Attempt) => boolean): number {
  let best = 0;
  for (const rate of [...new Set(attempts.map((one) => one.rate))].sort((a, b) => a - b)) {
    if (!attempts.filter((one) => one.rate === rate).every(good)) break;
    best = rate;
  }
  return best;
}

function attempt(rate: number, seconds: number): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    const args = ['--import', import.meta.resolve('tsx'), MAIN, 'demo', '--json'];
    args.push('--rate', String(rate), '--calls', String(rate * seconds));
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const leave = () => void child.kill('SIGTERM');
    process.once('exit', leave);
    const late = setTimeout(leave, seconds * 1000 + MARGIN);
    let out = '';
    let said = '';
    let began: number | undefined;
    let ended: number | undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
      if (began === undefined && /^Calling /m.test(said)) began = performance.now();
    });
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(late);
      process.off('exit', leave);
      ended = performance.now();
      const last = out.trim().split('\n').at(-1) ?? '';
      resolve({
        rate,
        report: last.startsWith('{') ? (JSON.parse(last) as DemoReport) : undefined,
        seconds: Math.round((ended - (began ?? ended)) / 100) / 10,
        said: said.trim().split('\n').slice(-3).join('; '),
      });
    });
  });
}

async function run({ quick, say }: Context): Promise<Measured> {
  const { rates, seconds, again } = quick ? PLAN.quick : PLAN.full;
  const attempts: Attempt[] = [];
  const make = async (rate: number) => {
    const made = await attempt(rate, seconds);
    attempts.push(made);
    const calls = made.report?.calls;
    say(
      calls === undefined
        ? `${rate} calls/s: no report: ${made.said}`
        : `${rate} calls/s: ${calls.failed} of ${calls.attempted} failed, ${calls.retransmissions} retransmissions`,
    );
    return noFailure(made);
  };
  for (const rate of rates) if (!(await make(rate))) break;
  // The highest rate that was good must be so every time; where it is not, the one below.
  for (let best = highest(attempts, noFailure), n = 0; n < again && best > 0; n++) {
    if (!(await make(best))) n = -1;
    best = highest(attempts, noFailure);
  }
  return summary(attempts, seconds);
}

function summary(attempts: readonly Attempt[], seconds: number): Measured {
  const [first] = attempts;
  const rows = attempts.map(({ rate, report, seconds: took, said }): Record<string, Value> => {
    if (report === undefined) return { rate, why: said };
    const { calls, packets } = report;
    return {
      rate,
      calls: calls.attempted,
      failed: calls.failed,
      retransmissions: calls.retransmissions,
      took,
      punts: packets.punted / Math.max(1, calls.attempted),
      steered: packets.steered / Math.max(1, calls.attempted),
      clocks: report.card.clocks / Math.max(1, calls.attempted),
      why: report.problems.join('; '),
    };
  });
  return {
    configuration: first?.report?.card.configuration ?? 'sim',
    method: [
      `npm run demo -- --rate R --calls ${seconds}·R at rising R until calls fail; the highest good rate is then repeated. SIPp, four SIP servers, the switch processor and the simulated card all share this machine's processors.`,
      first?.report?.network === 'memory'
        ? 'PORTS IN MEMORY AND A CLIENT OF OUR OWN: this machine allows no network namespaces, so this is not the real thing.'
        : 'SIPp through network namespaces and veths, no Kamailio and no other proxy in the way. A call is INVITE, 200, ACK, 200 ms, BYE, 200.',
      'Good: no call failed, no in-dialog packet was punted, the card’s account balances. Retransmissions are counted apart: SIP repeats what was late or lost (RFC 3261 §17.1.1.2).',
      'For comparison, not measured by this benchmark but on a comparable machine with two cores: about 1,000 calls/s through the dispatcher of Kamailio 5.6 with two children, which failed at 1,500, and 3,000 through stateless nftables.',
    ],
    headlines: [
      {
        what: 'SIP calls with no failure (at least 1,000)',
        value: highest(attempts, noFailure),
        unit: 'calls/s',
        aim: { least: LEAST },
      },
      {
        what: 'SIP calls with no failure (aim)',
        value: highest(attempts, noFailure),
        unit: 'calls/s',
        aim: { least: AIM },
      },
      {
        what: 'SIP calls with no failure and no retransmission',
        value: highest(attempts, clean),
        unit: 'calls/s',
      },
    ],
    tables: [
      {
        caption: 'Every run, in the order in which they were made',
        columns: [
          { key: 'rate', title: 'calls/s' },
          { key: 'calls', title: 'calls' },
          { key: 'failed', title: 'failed' },
          { key: 'retransmissions', title: 'retransmissions' },
          { key: 'took', title: 'seconds, ending included', digits: 1 },
          { key: 'punts', title: 'punts a call', digits: 2 },
          { key: 'steered', title: 'steered a call', digits: 2 },
          { key: 'clocks', title: 'card clocks a call' },
          { key: 'why', title: 'what was wrong' },
        ],
        rows,
      },
    ],
    limits: [
      'The card’s limit: at these rates the processors of this machine end first, with SIPp and the servers on them.',
      'A rate between or above those tried.',
    ],
  };
}

export const calls: Benchmark = {
  name: 'calls',
  title: 'SIP calls a second',
  run,
};
