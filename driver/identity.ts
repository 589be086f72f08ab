/** Who the card is: read first, and refused in words where this driver would do harm. */

import { getField } from './bits.ts';
import { DriverError, hex } from './errors.ts';
import type { CardSizes } from './generated/registers.ts';
import { FIELDS, MAP, REGISTERS } from './generated/registers.ts';
import type { Transport } from './transport.ts';

export interface CardIdentity {
  readonly major: number;
  readonly minor: number;
  /** First 32 bits of the SHA-256 over the RTL sources and the configuration. */
  readonly buildId: number;
  /** `id` of a configuration in hdl/configurations.yaml. */
  readonly configuration: number;
  readonly sizes: CardSizes;
}

interface Limit {
  readonly size: keyof CardSizes;
  readonly register: keyof typeof REGISTERS.identity;
  readonly least: number;
  readonly most: number;
  /** Why no more: the field that would not hold it. */
  readonly why: string;
}

/** What the register map can express, whatever the configuration. */
const LIMITS: readonly Limit[] = [
  { size: 'ports', register: 'ports', least: 1, most: 15, why: 'decision.ingress has 4 bits' },
  { size: 'slots', register: 'slots', least: 1, most: 64, why: 'vid_row.active has 6 bits' },
  { size: 'vids', register: 'vids', least: 1, most: 65536, why: 'decision.vid has 16 bits' },
  { size: 'rules', register: 'rules', least: 1, most: 32, why: 'decision.rule has 5 bits' },
  { size: 'prefixes', register: 'prefixes', least: 1, most: 8, why: 'rule.prefixes has 8 bits' },
  {
    size: 'maxFrame',
    register: 'max_frame',
    least: 64,
    most: 65535,
    why: 'decision.length has 16 bits',
  },
  {
    size: 'window',
    register: 'window',
    least: 64,
    most: 65535,
    why: 'a window is no longer than a frame',
  },
  {
    size: 'overrides',
    register: 'overrides',
    least: 64,
    most: 131072,
    why: 'each way is indexed by a hash of 16 bits',
  },
  {
    size: 'fragments',
    register: 'fragments',
    least: 1,
    most: 65536,
    why: 'it is indexed by a hash of 16 bits',
  },
  {
    size: 'vidCounterBits',
    register: 'vid_counter_bits',
    least: 0,
    most: 64,
    why: 'it is read as two words',
  },
  {
    size: 'vidByteCounterBits',
    register: 'vid_byte_counter_bits',
    least: 0,
    most: 64,
    why: 'it is read as two words',
  },
];

const DATA_WIDTHS = [64, 512];

/** Rejects with `DriverError` (NOT_A_CARD, VERSION, SIZES) or with the transport's errors. */
export async function readIdentity(transport: Transport): Promise<CardIdentity> {
  const registers = REGISTERS.identity;
  // Magic and version alone first: what is no card may not bear being read further.
  const [magic = 0, version = 0] = await transport.access([
    { address: registers.magic },
    { address: registers.version },
  ]);
  if (magic !== MAP.magic) {
    const cause =
      magic === 0 || magic === 0xffffffff
        ? 'Nothing answers there: is the card configured, and is this its transport?'
        : 'Something else answers there: is this the right device?';
    throw new DriverError(
      'NOT_A_CARD',
      `${transport.name}: magic is ${hex(magic)}, a vidline card has ${hex(MAP.magic)} ("VIDL"). ${cause}`,
    );
  }
  const words = Uint32Array.of(version);
  const major = Number(getField(words, FIELDS.identity_version.major));
  const minor = Number(getField(words, FIELDS.identity_version.minor));
  if (major !== MAP.major) {
    const older = major > MAP.major ? 'this driver' : 'the card';
    throw new DriverError(
      'VERSION',
      `${transport.name}: register map ${major}.${minor}, this driver knows ${MAP.major}.x. ` +
        `Update ${older}: the driver and the card's RTL must come from one source tree.`,
    );
  }
  if (minor < MAP.minor) {
    throw new DriverError(
      'VERSION',
      `${transport.name}: register map ${major}.${minor}, this driver needs at least ` +
        `${MAP.major}.${MAP.minor}. Build and load the card again from this source tree.`,
    );
  }
  const names = [
    ...LIMITS.map(({ register }) => register),
    'data_width',
    'build_id',
    'configuration',
  ] as const;
  const values = await transport.access(names.map((name) => ({ address: registers[name] })));
  const value = (name: (typeof names)[number]) => values[names.indexOf(name)] ?? 0;

  const sizes: Record<string, number> = { dataWidth: value('data_width') };
  const wrong: string[] = [];
  if (!DATA_WIDTHS.includes(value('data_width')))
    wrong.push(`data_width is ${value('data_width')}, not one of ${DATA_WIDTHS.join(', ')}`);
  for (const { size, register, least, most, why } of LIMITS) {
    const found = value(register);
    sizes[size] = found;
    if (found < least || found > most)
      wrong.push(`${register} is ${found}, not between ${least} and ${most} (${why})`);
  }
  for (const register of ['overrides', 'fragments'] as const)
    if (Math.log2(value(register)) % 1 !== 0)
      wrong.push(`${register} is ${value(register)}, no power of two (bits of a hash index it)`);
  if (wrong.length > 0) {
    throw new DriverError(
      'SIZES',
      `${transport.name}: ${wrong.join('; ')}. The identity block is damaged or the card was built ` +
        'with parameters that `npm run generate` refuses: build it from hdl/configurations.yaml.',
    );
  }
  return {
    major,
    minor,
    buildId: value('build_id'),
    configuration: value('configuration'),
    sizes: sizes as unknown as CardSizes,
  };
}

/** What a caller needs of a card: exact values, except that tables may be larger. */
export type ExpectedSizes = Partial<CardSizes>;

const EXACT: readonly (keyof CardSizes)[] = [
  'dataWidth',
  'maxFrame',
  'window',
  'vidCounterBits',
  'vidByteCounterBits',
];

/** Throws `DriverError` SIZES where the card has other widths or smaller tables than expected. */
export function checkSizes(name: string, found: CardSizes, expected: ExpectedSizes): void {
  const wrong: string[] = [];
  for (const [size, wanted] of Object.entries(expected) as [keyof CardSizes, number][]) {
    const exact = EXACT.includes(size);
    if (exact ? found[size] === wanted : found[size] >= wanted) continue;
    wrong.push(`${size} is ${found[size]}, ${exact ? '' : 'at least '}${wanted} is needed`);
  }
  if (wrong.length === 0) return;
  throw new DriverError(
    'SIZES',
    `${name}: ${wrong.join('; ')}. Use a card of another configuration (hdl/configurations.yaml) or ask for less.`,
  );
}
