/** The tables of a comparison, for terminal and pages alike. */
import type { Cost } from '../cost/router-cost.ts';
import { sessionsText } from './pictures.ts';
import type { CompareReport } from './report.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  /** Numbers stand to the right. */
  readonly rows: readonly (readonly (string | number)[])[];
}

const whole = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
const tenth = (value: number) =>
  value.toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
/** Million frames a second. */
export const rateText = (value: number) => value.toFixed(value < 1 ? 2 : 1);
const bytes = (value: number) =>
  value >= 2 ** 20 ? `${whole(value / 2 ** 20)} MiB` : `${whole(value / 2 ** 10)} KiB`;

export function tablesOf(report: CompareReport): Table[] {
  return [ends(report), rtl(report), costs(report), kernel(report), sessions(report)].filter(
    (table) => table.rows.length > 0,
  );
}

function ends({ ends: rows }: CompareReport): Table {
  return {
    title: 'What became of the frames',
    head: ['end', 'reason', 'frames'],
    rows: rows.map(({ end, reason, frames }) => [end, reason, frames]),
  };
}

function rtl({ engines: { rtl: result } }: CompareReport): Table {
  const { latencyClocks: latency, clocksPerFrame, clock } = result;
  const time = (clocks: number) => tenth((1000 * clocks) / (clock?.mhz ?? Number.NaN));
  return {
    title: `The card's RTL, ${result.configuration}, ${result.dataWidth} bits wide: clocks`,
    head: ['', 'median', '99 %', 'most'],
    rows: [
      ...(latency === null
        ? []
        : [['first beat in to the end of the decision', latency.p50, latency.p99, latency.max]]),
      ...(latency === null || clock === null
        ? []
        : [
            [
              `computed at ${clock.mhz.toFixed(1)} MHz, ns`,
              time(latency.p50),
              time(latency.p99),
              time(latency.max),
            ],
          ]),
      ...(clocksPerFrame === null
        ? []
        : [['between frames that follow each other, mean', tenth(clocksPerFrame), '', '']]),
      ...(clocksPerFrame === null || clock === null
        ? []
        : [[`computed at ${clock.mhz.toFixed(1)} MHz, ns`, time(clocksPerFrame), '', '']]),
    ],
  };
}

function costs({ engines }: CompareReport): Table {
  const rows = (name: string, list: readonly Cost[]) =>
    list.map((cost) => [
      ...[
        name,
        cost.workload,
        cost.batch === 1 ? 'one by one' : `${cost.batch} together`,
        cost.caches,
      ],
      ...[cost.p50, cost.p99, cost.p999].map(tenth),
      rateText(1000 / cost.p50),
    ]);
  return {
    title: 'Software: nanoseconds a frame on one core',
    head: [
      'engine',
      'frames',
      'taken',
      'caches',
      'median',
      '99 %',
      '99.9 %',
      'Mframes/s by the median',
    ],
    rows: [...rows('C++', engines.cpp.costs), ...rows('TypeScript', engines.typescript.costs)],
  };
}

function kernel({ engines: { xdp, nftables } }: CompareReport): Table {
  const rows = (
    [
      ['XDP', xdp],
      ['nftables', nftables],
    ] as const
  ).flatMap(([name, engine]) =>
    engine === undefined || 'skipped' in engine
      ? []
      : engine.costs.map((cost) => [
          name,
          cost.name,
          ...[cost.median, cost.low, cost.high].map(tenth),
          cost.runs,
        ]),
  );
  return {
    title: 'Linux, 64 bytes of GTP-U: nanoseconds a frame, means of runs',
    head: ['engine', 'what', 'median', 'lowest', 'highest', 'runs'],
    rows,
  };
}

function sessions({ engines: { cpp } }: CompareReport): Table {
  return {
    title: 'C++ by the number of sessions, batches of 32: nanoseconds a frame',
    head: ['sessions', 'looked up in', 'bytes', 'median', '99 %', '99.9 %'],
    rows: (cpp.sessions ?? []).map((one) => [
      ...[sessionsText(one.sessions), one.table, bytes(one.bytes)],
      ...[one.p50, one.p99, one.p999].map(tenth),
    ]),
  };
}
