/** What the C++ of the router needs to know of hdl/registers.yaml, as a header. */
import { resolve } from 'node:path';
import {
  FIELDS,
  HASHES,
  MAP,
  ORIGIN,
  REASON,
  REASONS,
  REGISTERS,
  TABLES,
  VALUES,
} from '../../driver/index.ts';
import { ROOT } from '../../hdl/configuration.ts';
import { loadDescription } from '../../hdl/generate/model.ts';

const hex = (value: number | bigint) => `0x${value.toString(16)}`;

/** Reasons with one of these ends, as bits. */
function reasonsWith(...ends: readonly string[]): string {
  const codes = REASONS.flatMap((reason) =>
    reason !== undefined && ends.includes(reason.end) ? [BigInt(reason.code)] : [],
  );
  return `${hex(codes.reduce((bits, code) => bits | (1n << code), 0n))}u`;
}

/** What each byte of {space, key} contributes to both hashes: way0 in the low half, way1 in the high. */
function hashTable(): string[] {
  const masks = [...HASHES.way0, ...HASHES.way1].map(BigInt);
  const rows: string[] = [];
  for (let byte = 0; byte < 17; byte++) {
    const shift = BigInt(8 * (16 - byte));
    const ofBit = Array.from({ length: 8 }, (_, bit) =>
      masks.reduce(
        (sum, mask, n) => sum + Number((mask >> (shift + BigInt(bit))) & 1n) * 2 ** n,
        0,
      ),
    );
    const values = Array.from({ length: 256 }, (_, value) =>
      ofBit.reduce((sum, part, bit) => ((value >> bit) & 1 ? sum ^ part : sum) >>> 0, 0),
    );
    rows.push(`    {${values.map((value) => `${hex(value)}u`).join(',')}},`);
  }
  return rows;
}

/** Text of router_constants.h. */
export function constantsHeader(): string {
  const lines = [
    '// Made from hdl/registers.yaml by host/router/constants.ts.',
    '#ifndef VIDLINE_ROUTER_CONSTANTS_H',
    '#define VIDLINE_ROUTER_CONSTANTS_H',
    '#include <cstdint>',
    'namespace vidline::map {',
    'struct Field { unsigned bit, width; };',
    `constexpr uint32_t MAGIC = ${hex(MAP.magic)}u, VERSION = ${hex((MAP.major << 16) | MAP.minor)}u;`,
    `constexpr unsigned ADDRESS_BITS = ${MAP.addressBits};`,
  ];
  for (const [block, registers] of Object.entries(REGISTERS)) {
    for (const [name, address] of Object.entries(registers)) {
      const prefix = block === 'control' && name === 'control' ? '' : `${block}_`;
      lines.push(`constexpr uint32_t ${prefix}${name} = ${hex(address)}u;`);
    }
  }
  const { bit } = FIELDS.control_control.enable;
  lines.push(`constexpr uint32_t CONTROL_ENABLE = ${hex(1 << bit)}u;`);
  for (const { name, offset, stride, words, fields } of Object.values(TABLES)) {
    lines.push(`namespace ${name} {`);
    lines.push(
      `constexpr uint32_t OFFSET = ${hex(offset)}u, STRIDE = ${stride}, WORDS = ${words};`,
    );
    for (const [field, place] of Object.entries(fields)) {
      lines.push(`constexpr Field ${field}{${place.bit}, ${place.width}};`);
    }
    lines.push('}');
  }
  const { records } = loadDescription(resolve(ROOT, 'hdl/registers.yaml'));
  const decision = records.find(({ name }) => name === 'decision');
  lines.push('namespace decision {');
  let at = 0;
  for (const { name, width } of decision?.fields ?? []) {
    lines.push(`constexpr Field ${name}{${at}, ${width}};`);
    at += width;
  }
  lines.push(`constexpr unsigned WORDS = ${Math.ceil(at / 32)};`, '}');
  for (const [choice, values] of Object.entries(VALUES)) {
    for (const [name, value] of Object.entries(values)) {
      lines.push(`constexpr unsigned ${choice}_${name} = ${value};`);
    }
  }
  for (const [space, codes] of Object.entries({ reason: REASON, origin: ORIGIN })) {
    lines.push(`namespace ${space} {`);
    for (const [name, code] of Object.entries(codes)) {
      lines.push(`constexpr uint8_t ${name} = ${code};`);
    }
    lines.push('}');
  }
  lines.push(
    `/// Bit n: with reason n a frame goes to the host.`,
    `constexpr uint64_t FOR_HOST = ${reasonsWith('punt', 'host')};`,
    `constexpr uint32_t HASH[17][256] = {`,
    ...hashTable(),
    '};',
    '}  // namespace vidline::map',
    '#endif',
    '',
  );
  return lines.join('\n');
}
