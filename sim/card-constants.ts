/** What the C++ of the simulation needs to know of hdl/registers.yaml, as a header. */
import { resolve } from 'node:path';
import { ROOT } from '../hdl/configuration.ts';
import { loadDescription } from '../hdl/generate/model.ts';

/** Fields of the decision record that the simulation looks at to put frames and decisions together. */
const LOOKED_AT = ['reason', 'ingress', 'egress'];

/** Text of card_constants.h. Throws where registers.yaml is not right. */
export function constantsHeader(): string {
  const description = loadDescription(resolve(ROOT, 'hdl/registers.yaml'));
  const lines = [
    '// Made from hdl/registers.yaml by sim/card-constants.ts.',
    '#ifndef VIDLINE_CARD_CONSTANTS_H',
    '#define VIDLINE_CARD_CONSTANTS_H',
    '#include <cstdint>',
    'namespace vidline {',
  ];
  for (const { name, fields } of description.records) {
    let bit = 0;
    for (const field of fields) {
      if (name === 'decision' && LOOKED_AT.includes(field.name)) {
        const prefix = `DECISION_${field.name.toUpperCase()}`;
        lines.push(`constexpr unsigned ${prefix}_BIT = ${bit}, ${prefix}_WIDTH = ${field.width};`);
      }
      bit += field.width;
    }
    lines.push(`constexpr unsigned ${name.toUpperCase()}_BITS = ${bit};`);
    lines.push(`constexpr unsigned ${name.toUpperCase()}_WORDS = ${Math.ceil(bit / 32)};`);
  }
  let drops = 0n;
  for (const { code, end } of description.reasons) {
    if (end === 'drop' || end === 'consume') drops |= 1n << BigInt(code);
  }
  lines.push(
    '/// Bit n: with reason n no frame leaves.',
    `constexpr uint64_t DROP_REASONS = 0x${drops.toString(16)}u;`,
    '}  // namespace vidline',
    '#endif',
    '',
  );
  return lines.join('\n');
}
