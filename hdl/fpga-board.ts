/** The boards in hdl/boards, as their board.yaml describes them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { PART_NAMES, PARTS, type Part } from './parts.ts';

export const BOARDS = fileURLToPath(new URL('boards', import.meta.url));

const schema = z.strictObject({
  name: z.string(),
  part: z.enum(PART_NAMES),
  package: z.string(),
  speed: z.int(),
  configuration: z.string(),
  fpga: z.string(),
  programmer: z.string(),
  parameters: z.strictObject({ CLOCK_KHZ: z.int(), BAUD: z.int(), RMII: z.int().min(0).max(1) }),
  clocks: z.record(z.string(), z.number().positive()),
  ports: z.array(
    z.strictObject({ name: z.string(), what: z.string(), role: z.enum(['line', 'fabric']) }),
  ),
});

export interface Board extends Omit<z.infer<typeof schema>, 'part' | 'fpga'> {
  /** Its folder in hdl/boards, and what it is called on a command line. */
  readonly id: string;
  readonly part: Part;
  /** Path of the top module's source. */
  readonly fpga: string;
  /** Path of the pins. */
  readonly pins: string;
}

export class UnknownBoard extends Error {}

export function boardNames(): string[] {
  return readdirSync(BOARDS)
    .filter((name) => existsSync(join(BOARDS, name, 'board.yaml')))
    .sort();
}

/** Throws UnknownBoard, in words, or what zod says of a board.yaml. */
export function readBoard(id: string): Board {
  if (!boardNames().includes(id)) {
    throw new UnknownBoard(`hdl/boards has no "${id}"; it has ${boardNames().join(', ')}`);
  }
  const folder = join(BOARDS, id);
  const { part, fpga, ...rest } = schema.parse(
    parse(readFileSync(join(folder, 'board.yaml'), 'utf8')),
  );
  return {
    ...rest,
    id,
    part: PARTS[part],
    fpga: resolve(folder, fpga),
    pins: join(folder, 'pins.lpf'),
  };
}

/** Pins and clocks in one file, as nextpnr reads them: a clock is a port or a net inside. */
export function constraints(board: Board): string {
  const pins = readFileSync(board.pins, 'utf8');
  const frequencies = Object.entries(board.clocks).map(([name, mhz]) => {
    const kind = pins.includes(`LOCATE COMP "${name}"`) ? 'PORT' : 'NET';
    return `FREQUENCY ${kind} "${name}" ${mhz} MHZ;\n`;
  });
  return pins + frequencies.join('');
}
