/** The grammar of a service file. `service-file.ts` reads the text and adds places to errors. */
import { z } from 'zod';
import {
  field,
  oneOf,
  readFlag,
  readName,
  readPorts,
  readPrefixes,
  readProtocol,
  readText,
  readTypes,
  show,
  Wrong,
  whole,
  wholeBig,
} from './fields.ts';
import type { Compare, Identifier, Match, Override, PuntLimit, Rule, Setup } from './rule.ts';

const WORD = 0xffffffffn;
const NO_SETUP: Setup = { always: false, zero: false, types: undefined };
const SETUP_WORDS = { always: { always: true }, zero: { zero: true } };

const text = field(readText).optional();
const number = (min: number, max: number) => field((value) => whole(value, min, max));
const big = (max: bigint) => field((value) => wholeBig(value, 0n, max));

/** Reports what only several fields together show; zod adds the path to the object itself. */
function together<In, Out>(build: (input: In) => Out) {
  return (input: In, context: z.RefinementCtx): Out => {
    try {
      return build(input);
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      const { message, remedy } = error;
      context.issues.push({ code: 'custom', message, input, params: { remedy } });
      return z.NEVER;
    }
  };
}

const compare = z
  .strictObject({
    offset: number(0, 12),
    value: big(WORD),
    mask: field((value) => wholeBig(value, 1n, WORD)).optional(),
  })
  .transform(
    together(({ offset, value, mask = WORD }): Compare => {
      if ((value & ~mask) !== 0n) {
        const kept = (value & mask).toString(16).padStart(8, '0');
        throw new Wrong('the value has bits set that the mask leaves out', `write 0x${kept}`);
      }
      return { offset, value: Number(value), mask: Number(mask) };
    }),
  );

const match = z
  .strictObject({
    protocol: field(readProtocol).optional(),
    destination: field(readPrefixes).optional(),
    port: field(readPorts).optional(),
    compare: compare.optional(),
  })
  .transform(
    ({ protocol = 'any', destination = 'any', port = 'any', compare }): Match => ({
      protocol,
      destinations: destination,
      ports: port,
      compare,
    }),
  );

const portShorthand = z.strictObject({
  base: number(0, 0xffff),
  shift: number(0, 15).optional(),
});

const identifier = z
  .strictObject({
    port: portShorthand.optional(),
    base: field((value) =>
      oneOf(value, ['l3', 'l4', 'payload', 'destination'] as const),
    ).optional(),
    offset: number(0, 255).optional(),
    width: number(1, 8).optional(),
    order: field((value) => oneOf(value, ['big', 'little'] as const)).optional(),
    mask: big(2n ** 64n - 1n).optional(),
    subtract: big(2n ** 64n - 1n).optional(),
    shift: number(0, 63).optional(),
  })
  .transform(
    together(({ port, ...fields }): Identifier => {
      if (port !== undefined) return portAsIdentifier(port, fields);
      const { base, offset = 0, width, order = 'big', subtract = 0n, shift = 0 } = fields;
      if (base === undefined || width === undefined) {
        throw new Wrong(
          `${base === undefined ? 'base' : 'width'} is missing`,
          'write { base: payload, offset: 4, width: 4 } or { port: { base: 20000 } }',
        );
      }
      const whole = 2n ** BigInt(width * 8) - 1n;
      const mask = fields.mask ?? whole;
      if (mask > whole || mask === 0n) {
        const last = `0x${whole.toString(16)}`;
        throw new Wrong(
          `a mask of 0x${mask.toString(16)} does not fit an identifier of ${width} bytes`,
          `use 1 to ${last}`,
        );
      }
      return { base, offset, width, order, mask, subtract, shift };
    }),
  );

/** A destination port stands for the VID `(port - base) >> shift`. */
function portAsIdentifier(
  port: z.infer<typeof portShorthand>,
  others: Readonly<Record<string, unknown>>,
): Identifier {
  const also = Object.keys(others).find((name) => others[name] !== undefined);
  if (also !== undefined) {
    throw new Wrong(`port and ${also} say two things`, `leave out ${also} or port`);
  }
  const subtract = BigInt(port.base);
  const place = { base: 'l4', offset: 2, width: 2, order: 'big', mask: 0xffffn } as const;
  return { ...place, subtract, shift: port.shift ?? 0 };
}

const setup = z.preprocess(
  (value, context) => {
    if (value === 'always' || value === 'zero') return SETUP_WORDS[value];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    const remedy = 'write always, zero, or { zero: true, types: [32], typeOffset: 1 }';
    const message = `${show(value)} says not when a packet is a set-up`;
    context.issues.push({ code: 'custom', message, input: value, params: { remedy } });
    return z.NEVER;
  },
  z
    .strictObject({
      always: field(readFlag).optional(),
      zero: field(readFlag).optional(),
      types: field(readTypes).optional(),
      typeOffset: number(0, 15).optional(),
    })
    .transform(
      together(({ always = false, zero = false, types, typeOffset }): Setup => {
        if ((types === undefined) !== (typeOffset === undefined)) {
          throw new Wrong(
            `${types === undefined ? 'types' : 'typeOffset'} is missing`,
            'types and typeOffset (bytes from the start of the payload) go together',
          );
        }
        if (types === undefined || typeOffset === undefined) {
          return { always, zero, types: undefined };
        }
        return { always, zero, types: { offset: typeOffset, values: types } };
      }),
    ),
);

const override = z
  .strictObject({
    by: field((value) => oneOf(value, ['identifier', 'source', 'source_identifier'] as const)),
    only: field(readFlag).optional(),
    space: number(0, 255).optional(),
  })
  .transform(({ by, only = false, space = 0 }): Override => ({ by, only, space }));

/** Rates as far as the card's policers go: 24 bits of 1/256 µs a packet. */
const readRate = (value: unknown) => (value === 'any' ? undefined : whole(value, 16, 256_000_000));

const punt = z
  .strictObject({
    rate: field(readRate),
    burst: number(1, 65536).optional(),
    share: number(1, 127).optional(),
  })
  .transform(({ rate, burst = 64, share = 64 }): PuntLimit => ({ rate, burst, share }));

const rule = z
  .strictObject({
    name: field(readName),
    doc: text,
    match,
    identifier: identifier.optional(),
    override: override.optional(),
    setup: setup.optional(),
    punt: punt.optional(),
  })
  .transform(
    together(
      ({
        name,
        doc = '',
        match,
        identifier,
        override,
        setup = NO_SETUP,
        punt,
      }): Omit<Rule, 'service' | 'origin'> => {
        if (identifier === undefined && !setup.always) {
          if (override?.by !== 'source') {
            throw new Wrong(
              'the rule has no identifier',
              'say where it is (identifier: …), or that each packet is a set-up (setup: always)',
            );
          }
          if (setup.zero) {
            throw new Wrong(
              'no identifier is there to be zero',
              'leave out zero, or add identifier',
            );
          }
          // Nothing is there to compute a VID from.
          const only = { ...override, only: true };
          return { name, doc, match, identifier, override: only, setup, punt };
        }
        return { name, doc, match, identifier, override, setup, punt };
      },
    ),
  );

/** A service file after its parameters are filled in. */
export const serviceSchema = z.strictObject({
  service: field(readName),
  doc: text,
  punt: punt.optional(),
  parameters: z.unknown().optional(),
  rules: z.array(rule).min(1),
});

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  '': ['service', 'doc', 'punt', 'parameters', 'rules'],
  rule: Object.keys(rule.in.shape),
  match: Object.keys(match.in.shape),
  compare: Object.keys(compare.in.shape),
  identifier: Object.keys(identifier.in.shape),
  port: Object.keys(portShorthand.shape),
  override: Object.keys(override.in.shape),
  setup: ['always', 'zero', 'types', 'typeOffset'],
  punt: Object.keys(punt.in.shape),
};

/** Names of the fields that may stand at `path` (`['rules', 0, 'match']`). */
export function fieldsAt(path: readonly PropertyKey[]): readonly string[] {
  const last = path.at(-1) ?? '';
  return FIELDS[typeof last === 'number' ? 'rule' : String(last)] ?? [];
}
