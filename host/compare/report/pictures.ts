/** The pictures of a comparison as SVG texts. */
import * as echarts from 'echarts';
import type { CompareReport } from './report.ts';

export interface Picture {
  /** For a file's name. */
  readonly name: string;
  readonly caption: string;
  readonly svg: string;
}

const [WIDTH, HEIGHT] = [820, 420];
const COLOURS = ['#1b6ca8', '#d1495b', '#3a7d44', '#8e6c8a', '#edae49', '#66727f'];

type Option = echarts.EChartsCoreOption;

function draw(option: Option): string {
  const chart = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: HEIGHT,
  });
  chart.setOption({
    animation: false,
    color: COLOURS,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif' },
    grid: { left: 74, right: 28, top: 56, bottom: 62 },
    legend: { top: 8 },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

const axis = (name: string, more: object = {}) => ({
  type: 'value',
  name,
  nameLocation: 'middle',
  nameGap: 36,
  ...more,
});

const xAxis = (name: string, more: object = {}) => axis(name, { nameGap: 32, ...more });
const yAxis = (name: string, more: object = {}) => axis(name, { nameGap: 52, ...more });

const line = (name: string, data: readonly (readonly [number, number])[], more: object = {}) => ({
  type: 'line',
  name,
  data,
  showSymbol: false,
  ...more,
});

/** 1 k, 16 M: powers of two as they are called. */
export function sessionsText(count: number): string {
  if (count >= 2 ** 20) return `${count / 2 ** 20} M`;
  return count >= 2 ** 10 ? `${count / 2 ** 10} k` : `${count}`;
}

function bySessions(report: CompareReport): Picture | undefined {
  const { sessions = [] } = report.engines.cpp;
  if (sessions.length === 0) return undefined;
  const counts = [...new Set(sessions.map((one) => one.sessions))];
  const of = (table: string, key: 'p50' | 'p99') =>
    counts.map(
      (count) => sessions.find((one) => one.table === table && one.sessions === count)?.[key],
    );
  const series = (['vid rows', 'connection table'] as const).flatMap((table, n) =>
    (['p50', 'p99'] as const).map((key) => ({
      type: 'line',
      name: `${table}, ${key === 'p50' ? 'median' : '99 %'}`,
      data: of(table, key),
      color: COLOURS[n],
      lineStyle: { type: key === 'p50' ? 'solid' : 'dashed' },
    })),
  );
  return {
    name: 'sessions',
    caption: 'Cost of a frame by the number of sessions: C++, batches of 32',
    svg: draw({
      xAxis: { ...xAxis('sessions'), type: 'category', data: counts.map(sessionsText) },
      yAxis: yAxis('ns a frame', { min: 0 }),
      series,
    }),
  };
}

function latency(report: CompareReport): Picture | undefined {
  if (report.distributions.length === 0) return undefined;
  return {
    name: 'latency',
    caption: 'How long a frame takes in software: share of frames (or batches) that took no longer',
    svg: draw({
      xAxis: xAxis('ns a frame', { type: 'log' }),
      yAxis: yAxis('share, %', { min: 0, max: 100 }),
      series: report.distributions.map(({ name, points }) =>
        line(
          name,
          points.map(({ value, share }) => [Math.max(value, 1), share * 100] as const),
        ),
      ),
    }),
  };
}

const FCS = 4;
/** With FCS, as on the wire: where a beat more begins at either width, and just before. */
const LENGTHS = [
  64,
  ...Array.from({ length: 23 }, (_, n) => 64 * (n + 1) + FCS).flatMap((full) => [full, full + 1]),
  1518,
];
const RATES = [1, 10, 100] as const;
/** Preamble and gap (IEEE 802.3 §4.2.3.2.2, §4.4.2). */
const AROUND = 20;

/** Frames a second, in millions, of a wire of so many Gb/s. */
export function lineRate(gigabits: number, length: number): number {
  return (gigabits * 1000) / (8 * (length + AROUND));
}

/** Clocks that a frame keeps the data path, back to back: one a beat. */
export function beatsOf(length: number, dataWidth: number): number {
  return Math.ceil(((length - FCS) * 8) / dataWidth);
}

function headroom(report: CompareReport): Picture | undefined {
  const { cpp, typescript } = report.engines;
  const speeds = [
    ['C++, one core', Object.values(cpp.megaframesPerSecond).at(0)],
    ['TypeScript, one core', Object.values(typescript.megaframesPerSecond).at(0)],
  ] as const;
  if (speeds.some(([, speed]) => speed === undefined)) return undefined;
  return {
    name: 'headroom',
    caption: 'What one core decides, and what a full wire brings, by frame length',
    svg: draw({
      xAxis: xAxis('bytes of a frame, with FCS', { min: 64, max: 1518 }),
      yAxis: yAxis('million frames a second', { type: 'log' }),
      series: [
        ...speeds.map(([name, speed]) =>
          line(
            name,
            LENGTHS.map((length) => [length, speed ?? 0] as const),
          ),
        ),
        ...RATES.map((rate) =>
          line(
            `${rate} Gb/s`,
            LENGTHS.map((length) => [length, lineRate(rate, length)] as const),
            { lineStyle: { type: 'dashed' } },
          ),
        ),
      ],
    }),
  };
}

function clockNeeded(): Picture {
  const widths = [64, 512];
  return {
    name: 'clock',
    caption:
      'The clock that the card needs for a full wire, by frame length (arithmetic: clocks a frame times frames a second)',
    svg: draw({
      xAxis: xAxis('bytes of a frame, with FCS', { min: 64, max: 1518 }),
      yAxis: yAxis('MHz', { type: 'log' }),
      series: widths.flatMap((width, n) =>
        RATES.map((rate, m) =>
          line(
            `${width} bits, ${rate} Gb/s`,
            LENGTHS.map(
              (length) => [length, beatsOf(length, width) * lineRate(rate, length)] as const,
            ),
            { color: COLOURS[m], lineStyle: { type: n === 0 ? 'solid' : 'dashed' } },
          ),
        ),
      ),
    }),
  };
}

/** Those for which the report has numbers. */
export function pictures(report: CompareReport): Picture[] {
  return [bySessions(report), latency(report), headroom(report), clockNeeded()].filter(
    (picture) => picture !== undefined,
  );
}
