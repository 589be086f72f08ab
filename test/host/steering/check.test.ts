import { describe, expect, it } from 'vitest';
import { checkServices } from '../../../host/steering/check.ts';
import { compileServices } from '../../../host/steering/compile.ts';
import { problemText, ServiceError } from '../../../host/steering/problem.ts';
import { parseService } from '../../../host/steering/service-file.ts';
import { SIZES } from '../../generators/sizes.ts';

/** A service whose rules have these match and identifier parts. */
function service(...rules: string[]) {
  const text = rules.map((rule, i) => `  - { name: r${i + 1}, ${rule} }\n`).join('');
  return parseService(`service: x\nrules:\n${text}`, 'x.yaml');
}

function findings(...rules: string[]) {
  const { errors, warnings } = checkServices([service(...rules)], SIZES);
  return { errors: errors.map(problemText), warnings: warnings.map(problemText) };
}

const UDP = 'protocol: udp';
const ALWAYS = 'setup: always';
const ID = 'identifier: { base: payload, width: 2 }';

describe('a rule that hides another', () => {
  it('is refused, and both are named', () => {
    const { errors } = findings(
      `match: { ${UDP}, port: 5000-6000 }, ${ALWAYS}`,
      `match: { ${UDP}, port: 5060 }, ${ALWAYS}`,
    );
    expect(errors).toEqual([
      'x.yaml:4:13: x/r2: no packet reaches this rule: x/r1 (line 3) is tried first and takes' +
        ' them all; put x/r2 before x/r1, or narrow x/r1',
    ]);
    expect(() =>
      compileServices([service('match: {}, setup: always', `match: { ${UDP} }, ${ALWAYS}`)], SIZES),
    ).toThrow(ServiceError);
  });

  const compare = (offset: number, value: string, mask: string) =>
    `compare: { offset: ${offset}, value: ${value}, mask: ${mask} }`;

  it.each([
    ['the same', `${UDP}, port: 1`, `${UDP}, port: 1`],
    ['any protocol', 'port: 1-9', `${UDP}, port: 2-3`],
    ['a wider prefix', 'destination: 10.0.0.0/8', 'destination: [10.1.0.0/16, 10.2.3.4]'],
    ['both versions whole', 'destination: [0.0.0.0/0, "::/0"]', `${UDP}`],
    ['all ports', 'port: 0-65535', `${UDP}, port: 1`],
    ['fewer bits', compare(0, '0x30000000', '0xf0000000'), compare(0, '0x32100000', '0xfff00000')],
    [
      'the same byte by another offset',
      compare(2, '0x00ab0000', '0x00ff0000'),
      compare(0, '0x120000ab', '0xff0000ff'),
    ],
  ])('%s', (_, first, second) => {
    expect(
      findings(`match: { ${first} }, ${ALWAYS}`, `match: { ${second} }, ${ALWAYS}`).errors,
    ).toHaveLength(1);
  });

  it.each([
    ['another protocol', `${UDP}`, 'protocol: tcp'],
    ['a narrower prefix', 'destination: 10.1.0.0/16', 'destination: [10.1.0.0/16, 10.2.0.0/16]'],
    ['another version', 'destination: 0.0.0.0/0', 'destination: "::/0"'],
    ['only packets with ports', 'port: 0-65535', 'protocol: any'],
    [
      'another value',
      compare(0, '0x30000000', '0xf0000000'),
      compare(0, '0x20000000', '0xf0000000'),
    ],
    ['fewer payloads', compare(0, '1', '0xff'), ''],
  ])('not by %s', (_, first, second) => {
    expect(
      findings(`match: { ${first} }, ${ALWAYS}`, `match: { ${second} }, ${ALWAYS}`).errors,
    ).toEqual([]);
  });

  it('not where only the second takes fragments without an L4 header', () => {
    const identifier = 'identifier: { base: destination, width: 2 }';
    expect(findings(`match: { ${UDP} }, ${ID}`, `match: { ${UDP} }, ${identifier}`).errors).toEqual(
      [],
    );
    const v6 = 'destination: "2001:db8::/32"';
    expect(findings(`match: { ${v6} }, ${ID}`, `match: { ${v6} }, ${identifier}`).errors).toEqual(
      [],
    );
  });

  it('not where keys of overrides would be of different make', () => {
    const override = (by: string, space: number) =>
      `match: { protocol: ${space} }, override: { by: ${by}, only: true, space: 9 }, ${ID}`;
    expect(findings(override('source', 1), override('source', 2)).errors).toEqual([]);
    expect(findings(override('source', 1), override('identifier', 2)).errors).toEqual([
      'x.yaml:4:88: x/r2 override.space: x/r1 has overrides by source in space 9; use another space',
    ]);
  });

  it('across services too', () => {
    const [a, b] = [
      parseService('service: a\nrules: [{ name: r, match: {}, setup: always }]', 'a.yaml'),
      parseService('service: b\nrules: [{ name: r, match: {}, setup: always }]', 'b.yaml'),
    ];
    const [error] = checkServices([a, b], SIZES).errors;
    expect(error && problemText(error)).toMatch(/^b\.yaml:2:17: b\/r: .* a\/r \(line 2\)/);
  });
});

describe('rules that overlap', () => {
  it('are warned of where neither is the exception to the other', () => {
    const first = `match: { ${UDP}, port: 1-10 }, ${ALWAYS}`;
    expect(findings(first, `match: { ${UDP}, port: 5-15 }, ${ALWAYS}`)).toEqual({
      errors: [],
      warnings: [
        'x.yaml:4:13: x/r2: some packets of this rule go to x/r1 (line 3), which is tried first;' +
          ' if that is not meant, narrow one of them',
      ],
    });
    expect(findings(first, `match: { ${UDP}, port: 0-65535 }, ${ALWAYS}`).warnings).toEqual([]);
    expect(findings(first, `match: { ${UDP}, port: 11 }, ${ALWAYS}`).warnings).toEqual([]);
    expect(findings(first, `match: { protocol: tcp, port: 5-15 }, ${ALWAYS}`).warnings).toEqual([]);
  });
});

describe('rules that cannot be', () => {
  it.each([
    [
      'ports where there are none',
      'match: { protocol: icmp, port: 1 }, setup: always',
      'IP protocol 1 has no ports, so nothing matches; leave out port',
    ],
    [
      'an extension header',
      'match: { protocol: 60, destination: "::/0" }, setup: always',
      '60 is an IPv6 extension header',
    ],
    [
      'an identifier beyond the window',
      `match: { ${UDP}, destination: "::/0" }, identifier: { base: payload, offset: 97, width: 2 }`,
      'last byte is byte 161 of the frame or a later one; the card looks at 160; use an offset of at most 96',
    ],
    [
      'a subtrahend above all identifiers',
      'match: {}, identifier: { base: l3, width: 1, subtract: 256 }',
      'no identifier reaches 256, which is subtracted from it; lower subtract',
    ],
  ])('%s', (_, rule, expected) => {
    const { errors } = findings(rule);
    expect(errors.join()).toContain(expected);
  });

  it('ports that give VIDs beyond the table', () => {
    const rule = service('match: { port: 20000-23999 }, identifier: { port: { base: 20000 } }');
    const small = { ...SIZES, vids: 1000 };
    const errors = checkServices([rule], small).errors.map(problemText);
    expect(errors.join()).toContain(
      'its ports give VIDs up to 3999; the card has VIDs 0 to 999; end the range at 20999, or raise shift',
    );
    expect(checkServices([rule], { ...SIZES, vids: 4000 }).errors).toEqual([]);
  });

  it('the smallest VID above the table', () => {
    const rule = service('match: { port: 30000-30001 }, identifier: { port: { base: 20000 } }');
    const errors = checkServices([rule], { ...SIZES, vids: 10000 }).errors.map(problemText);
    expect(errors.join()).toContain(
      'the smallest VID of this rule is 10000; the card has VIDs 0 to 9999',
    );
  });

  it('warns of identifiers that can name more than the table holds, or are never read', () => {
    expect(
      findings(`match: { ${UDP} }, identifier: { base: payload, width: 3 }`).warnings.join(),
    ).toContain('the identifier can give VIDs up to 16777215; those above 65535 are punted');
    expect(findings(`match: { ${UDP} }, ${ID}, ${ALWAYS}`).warnings.join()).toContain(
      'the identifier is never read',
    );
    expect(findings(`match: { ${UDP} }, ${ID}`).warnings).toEqual([]);
  });
});

describe('more than the card holds', () => {
  const rules = Array.from({ length: 17 }, (_, i) => `match: { ${UDP}, port: ${i} }, ${ALWAYS}`);
  it('rules', () => {
    expect(findings(...rules.slice(0, 16)).errors).toEqual([]);
    expect(findings(...rules).errors.join()).toContain(
      'x.yaml:19:13: x/r17: there are 17 rules and the card holds 16',
    );
  });

  it('prefixes, of which equal ones count once', () => {
    const list = (from: number) => Array.from({ length: 5 }, (_, i) => `10.0.0.${from + i}`).join();
    const rule = (from: number, port: number) =>
      `match: { ${UDP}, port: ${port}, destination: [${list(from)}] }, ${ALWAYS}`;
    expect(findings(rule(0, 1), rule(3, 2)).errors).toEqual([]);
    expect(findings(rule(0, 1), rule(4, 2)).errors.join()).toContain(
      'x.yaml:4:63: x/r2 match.destination: there are 9 different prefixes and the card holds 8',
    );
  });

  it('services of one name', () => {
    const [a, b] = [service(rules[0] ?? ''), service(rules[1] ?? '')];
    const [error] = checkServices([a, b], SIZES).errors;
    expect(error && problemText(error)).toContain(
      'service x: x.yaml defines a service of that name already',
    );
  });
});
