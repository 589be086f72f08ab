/** What a build for a board came to: `vidline.fpga/1`, as `npm run fpga` writes it and others read it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BOARDS, boardNames } from './fpga-board.ts';

export const FPGA_SCHEMA = 'vidline.fpga/1';

const use = z.object({
  used: z.int(),
  /** That the part has. */
  of: z.int(),
});

const clock = z.object({
  /** MHz that were asked for. */
  constraint: z.number(),
  /** MHz after routing, over all seeds. */
  worst: z.number(),
  median: z.number(),
  seeds: z.array(z.object({ seed: z.int(), mhz: z.number() })),
});

const stretch = z.object({
  instance: z.string(),
  module: z.string(),
  /** Nanoseconds in cells and in wires. */
  logic: z.number(),
  routing: z.number(),
  cells: z.int(),
});

const report = z.object({
  schema: z.literal(FPGA_SCHEMA),
  /** Folder in hdl/boards. */
  board: z.string(),
  part: z.string(),
  package: z.string(),
  speed: z.int(),
  /** Of hdl/configurations.yaml. */
  configuration: z.string(),
  /** Of the sources, as the card reports it: eight hexadecimal digits. */
  build: z.string(),
  /** Programs with their versions. */
  tools: z.array(z.string()),
  /** Why there is no bitstream; null: it is placed and routed. */
  misfit: z.string().nullable(),
  /** By clock; empty where it was not routed. */
  fmax: z.record(z.string(), clock),
  /** After packing; where it was not routed, as synthesis estimates it. */
  lut: use,
  ff: use,
  bram: use,
  dsp: use,
  /** The slowest path of the clock that misses most, or has least to spare, in its worst seed. */
  path: z
    .object({
      clock: z.string(),
      seed: z.int(),
      nanoseconds: z.number(),
      from: z.string(),
      to: z.string(),
      stretches: z.array(stretch),
    })
    .nullable(),
  /** The seed that the bitstream is of. */
  bitstream: z.object({ seed: z.int(), meetsTiming: z.boolean() }).nullable(),
});

export type FpgaReport = z.infer<typeof report>;
export type FpgaClock = z.infer<typeof clock>;

/** Throws, naming the field, where the text is not of this schema. */
export function parseReport(text: string): FpgaReport {
  return report.parse(JSON.parse(text));
}

/** Where a board's last report is kept. */
export const reportFile = (board: string) => join(BOARDS, board, 'report.json');

/** A board's last report; undefined where there is none. */
export function readReport(board: string): FpgaReport | undefined {
  const file = reportFile(board);
  return existsSync(file) ? parseReport(readFileSync(file, 'utf8')) : undefined;
}

/** Reports of all boards that have one. */
export function readReports(): FpgaReport[] {
  return boardNames().flatMap((name) => readReport(name) ?? []);
}

/** The clock of the card, MHz, in its worst seed; undefined where it was not routed. */
export function coreMhz({ fmax }: FpgaReport): number | undefined {
  return fmax.clk_core?.worst;
}
