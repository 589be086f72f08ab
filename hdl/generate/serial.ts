/** hdl/serial.yaml, checked, as constants of SystemVerilog and of TypeScript. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const named = { name: z.string().regex(/^[a-z][a-z_]*$/), doc: z.string() };
const value = z.object({ ...named, value: z.int().nonnegative() });
const kind = z.object({ ...named, code: z.int().nonnegative() });
const flag = z.object({ ...named, bit: z.int().min(0).max(7) });
const field = z.object({ ...named, bit: z.int().min(0).max(31), width: z.int().min(1).max(8) });

const schema = z.object({
  version: z.int().min(0).max(15),
  octets: z.array(value),
  fcs: z.object({ polynomial: z.int(), good: z.int() }),
  requests: z.object({ kind_bits: z.int(), kinds: z.array(kind), flags: z.array(flag) }),
  segment: z.array(field),
  reports: z.object({ kind_bits: z.int(), kinds: z.array(kind), fields: z.array(field) }),
  sizes: z.array(value),
});

export type SerialDescription = z.infer<typeof schema>;

const HEAD = 'Generated from hdl/serial.yaml by `npm run generate`; do not edit.';
const upper = (name: string) => name.toUpperCase();
const hex = (number: number, digits: number) => `0x${number.toString(16).padStart(digits, '0')}`;

/** Throws where the file is not right: kinds that do not fit, fields on top of each other. */
export function loadSerial(path: string): SerialDescription {
  const description = schema.parse(parse(readFileSync(path, 'utf8')));
  for (const [what, { kind_bits, kinds }] of Object.entries({
    requests: description.requests,
    reports: description.reports,
  })) {
    const codes = kinds.map(({ code }) => code);
    if (new Set(codes).size !== codes.length) throw new Error(`${path}: two ${what} of one code`);
    if (codes.some((code) => code >= 2 ** kind_bits))
      throw new Error(`${path}: a kind of ${what} has no room in ${kind_bits} bits`);
  }
  const { requests, reports, segment } = description;
  checkRoom(path, 8, [
    { name: 'kind', bit: 0, width: requests.kind_bits },
    ...requests.flags.map(({ name, bit }) => ({ name, bit, width: 1 })),
  ]);
  checkRoom(path, 8, [{ name: 'kind', bit: 0, width: reports.kind_bits }, ...reports.fields]);
  checkRoom(path, 32, segment);
  return description;
}

function checkRoom(
  path: string,
  bits: number,
  fields: readonly { name: string; bit: number; width: number }[],
): void {
  let taken = 0n;
  for (const { name, bit, width } of fields) {
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(bit);
    if ((taken & mask) !== 0n || bit + width > bits)
      throw new Error(`${path}: no room for ${name} at bit ${bit}`);
    taken |= mask;
  }
}

export function serialSystemVerilog(description: SerialDescription): string {
  const { version, octets, fcs, requests, segment, reports, sizes } = description;
  const out = [
    `// ${HEAD}`,
    '// verilator lint_off UNUSEDPARAM',
    '// (constants that only the host needs)',
    'package serial_pkg;',
    '',
    `  localparam logic [3:0] VERSION = 4'd${version};`,
  ];
  for (const { name, value, doc } of octets)
    out.push(`  localparam logic [7:0] ${upper(name)} = 8'h${value.toString(16)};  // ${doc}`);
  out.push(
    `  localparam logic [31:0] FCS_POLYNOMIAL = 32'h${fcs.polynomial.toString(16)};`,
    `  localparam logic [31:0] FCS_GOOD = 32'h${fcs.good.toString(16)};`,
    '',
  );
  for (const { name, code, doc } of requests.kinds) {
    const bits = requests.kind_bits;
    out.push(
      `  localparam logic [${bits - 1}:0] REQUEST_${upper(name)} = ${bits}'d${code};  // ${doc}`,
    );
  }
  for (const { name, bit, doc } of requests.flags)
    out.push(`  localparam int LSB_REQUEST_${upper(name)} = ${bit};  // ${doc}`);
  out.push('');
  for (const { name, bit, width, doc } of segment) {
    out.push(`  localparam int LSB_SEGMENT_${upper(name)} = ${bit};  // ${doc}`);
    out.push(`  localparam int BITS_SEGMENT_${upper(name)} = ${width};`);
  }
  out.push('');
  for (const { name, code, doc } of reports.kinds) {
    const bits = reports.kind_bits;
    out.push(
      `  localparam logic [${bits - 1}:0] REPORT_${upper(name)} = ${bits}'d${code};  // ${doc}`,
    );
  }
  for (const { name, bit, width, doc } of reports.fields) {
    out.push(`  localparam int LSB_REPORT_${upper(name)} = ${bit};  // ${doc}`);
    out.push(`  localparam int BITS_REPORT_${upper(name)} = ${width};`);
  }
  out.push('');
  for (const { name, value, doc } of sizes)
    out.push(`  localparam int ${upper(name)} = ${value};  // ${doc}`);
  out.push('', 'endpackage', '');
  return out.join('\n');
}

const camel = (name: string) =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

export function serialTypeScript(description: SerialDescription): string {
  const { version, octets, fcs, requests, segment, reports, sizes } = description;
  const out = [`// ${HEAD}`, '', 'export const SERIAL = {', `  version: ${version},`];
  for (const { name, value, doc } of octets)
    out.push(`  /** ${doc} */`, `  ${camel(name)}: ${hex(value, 2)},`);
  out.push(`  fcsPolynomial: ${hex(fcs.polynomial, 8)},`, `  fcsGood: ${hex(fcs.good, 8)},`);
  for (const { name, value, doc } of sizes)
    out.push(`  /** ${doc} */`, `  ${camel(name)}: ${value},`);
  const kinds = (name: string, list: SerialDescription['requests']['kinds'], bits: number) => {
    out.push(`  ${name}: {`);
    for (const { name, code, doc } of list)
      out.push(`    /** ${doc} */`, `    ${camel(name)}: ${code},`);
    out.push('  },', `  ${name}Mask: ${hex(2 ** bits - 1, 2)},`);
  };
  const places = (
    name: string,
    list: readonly { name: string; doc: string; bit: number; width: number }[],
  ) => {
    out.push(`  ${name}: {`);
    for (const { name, bit, width, doc } of list)
      out.push(`    /** ${doc} */`, `    ${camel(name)}: { bit: ${bit}, width: ${width} },`);
    out.push('  },');
  };
  kinds('requestKind', requests.kinds, requests.kind_bits);
  places(
    'requestFlag',
    requests.flags.map((flag) => ({ ...flag, width: 1 })),
  );
  places('segment', segment);
  kinds('reportKind', reports.kinds, reports.kind_bits);
  places('reportField', reports.fields);
  out.push('} as const;', '');
  return out.join('\n');
}
