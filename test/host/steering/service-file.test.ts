import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Parameters } from '../../../host/steering/parameters.ts';
import { problemText, ServiceError } from '../../../host/steering/problem.ts';
import { loadServices, parseService } from '../../../host/steering/service-file.ts';

function problemsOf(text: string, parameters: Parameters = {}): string[] {
  try {
    parseService(text, 'x.yaml', parameters);
  } catch (error) {
    if (error instanceof ServiceError) return error.problems.map(problemText);
    throw error;
  }
  return [];
}

/** A file with one rule, from line 4 on. */
function withRule(rule: string): string {
  return `service: x\nrules:\n  - name: r\n${rule.replace(/^/gm, '    ')}\n`;
}

describe('overrides', () => {
  const read = (rule: string) => parseService(withRule(rule), 'x.yaml').rules[0];

  it('are off, or asked by something, in space 0 where none is given', () => {
    const identifier = 'identifier: { base: l4, offset: 4, width: 4 }';
    expect(read(`match: {}\n${identifier}`)?.override).toBeUndefined();
    expect(read(`match: {}\n${identifier}\noverride: { by: identifier }`)?.override).toEqual({
      by: 'identifier',
      only: false,
      space: 0,
    });
    const all = 'override: { by: source_identifier, only: true, space: 0xff }';
    expect(read(`match: {}\n${identifier}\n${all}`)?.override).toEqual({
      by: 'source_identifier',
      only: true,
      space: 255,
    });
  });

  it('by source need no identifier, and are all there is then', () => {
    expect(read('match: {}\noverride: { by: source, only: false }')).toMatchObject({
      identifier: undefined,
      override: { by: 'source', only: true },
    });
  });

  it.each([
    ['override: { by: identifier }', 'rules[0]: the rule has no identifier'],
    ['override: { by: source }\nsetup: zero', 'rules[0]: no identifier is there to be zero'],
    ['override: { by: port }', 'rules[0].override.by: "port" is not known here'],
    ['override: { by: source, space: 256 }', 'rules[0].override.space: 256 is no whole number'],
    ['override: { by: source, olny: true }', 'rules[0].override.olny: unknown field'],
    ['override: { only: true }', 'rules[0].override.by: is missing'],
  ])('%s is refused', (text, message) => {
    const problems = problemsOf(withRule(`match: {}\n${text}`));
    expect(
      problems.some((problem) => problem.includes(message)),
      problems.join(),
    ).toBe(true);
  });
});

describe('a service file', () => {
  it('says the whole grammar', () => {
    const service = parseService(
      `service: all
doc: Everything
rules:
  - name: first
    doc: a rule
    match:
      protocol: sctp
      destination: [192.0.2.0/24, "2001:db8::1/ffff:ffff::ffff"]
      port: 2905
      compare: { offset: 4, value: 0x12340000, mask: 0xffff0000 }
    identifier: { base: l3, offset: 7, width: 8, order: little, mask: 0xffffffffffffffff,
      subtract: 0xfedcba9876543210, shift: 63 }
    setup: { zero: true, types: [1, 16-18], typeOffset: 3 }
  - name: second
    match: { protocol: 47, port: any, destination: any }
    setup: always
`,
      'all.yaml',
    );
    expect(service).toMatchObject({ name: 'all', doc: 'Everything' });
    const [first, second] = service.rules;
    expect(first).toMatchObject({
      service: 'all',
      name: 'first',
      doc: 'a rule',
      match: {
        protocol: 132,
        ports: { low: 2905, high: 2905 },
        compare: { offset: 4, value: 0x12340000, mask: 0xffff0000 },
      },
      identifier: {
        base: 'l3',
        offset: 7,
        width: 8,
        order: 'little',
        mask: 0xffffffffffffffffn,
        subtract: 0xfedcba9876543210n,
        shift: 63,
      },
      setup: { always: false, zero: true, types: { offset: 3, values: new Set([1, 16, 17, 18]) } },
    });
    const prefixes = first?.match.destinations;
    if (prefixes === undefined || prefixes === 'any') throw new Error('no prefixes');
    expect(
      prefixes.map(({ version, mask }) => [version, Buffer.from(mask).toString('hex')]),
    ).toEqual([
      [4, 'ffffff00'],
      [6, 'ffffffff00000000000000000000ffff'],
    ]);
    expect(second).toMatchObject({
      match: { protocol: 47, destinations: 'any', ports: 'any', compare: undefined },
      identifier: undefined,
      setup: { always: true, zero: false, types: undefined },
    });
    expect(first?.origin?.place).toEqual({ file: 'all.yaml', line: 4, column: 11 });
    expect(second?.origin?.fields.get('match.port')).toMatchObject({ line: 15, column: 34 });
  });

  it('may be JSON', () => {
    const json = JSON.stringify({
      service: 'x',
      parameters: { port: 5060 },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what a service file writes
      rules: [{ name: 'r', match: { port: '${port}' }, setup: 'always' }],
    });
    expect(parseService(json, 'x.json').rules[0]?.match.ports).toEqual({ low: 5060, high: 5060 });
  });

  it('defaults to any packet, the whole identifier, big-endian, as it stands', () => {
    const [rule] = parseService(
      withRule('match: {}\nidentifier: { base: payload, width: 3 }'),
      'x',
    ).rules;
    expect(rule?.match).toEqual({
      protocol: 'any',
      destinations: 'any',
      ports: 'any',
      compare: undefined,
    });
    expect(rule?.identifier).toEqual({
      base: 'payload',
      offset: 0,
      width: 3,
      order: 'big',
      mask: 0xffffffn,
      subtract: 0n,
      shift: 0,
    });
  });

  it('has a shorthand for ports that stand for VIDs', () => {
    const text = withRule(
      'match: { protocol: udp, port: 20000-20015 }\nidentifier: { port: { base: 20000, shift: 2 } }',
    );
    expect(parseService(text, 'x').rules[0]?.identifier).toEqual({
      base: 'l4',
      offset: 2,
      width: 2,
      order: 'big',
      mask: 0xffffn,
      subtract: 20000n,
      shift: 2,
    });
  });
});

describe('problems name file, line, column, field and remedy', () => {
  it.each([
    [
      'an unknown field',
      withRule('match: { protocl: udp }\nsetup: always'),
      'x.yaml:4:14: rules[0].match.protocl: unknown field; did you mean "protocol"?' +
        ' (there are protocol, destination, port, compare)',
    ],
    [
      'an unknown field of a rule',
      withRule('match: {}\nsetup: always\nidentifer: {}'),
      'x.yaml:6:5: rules[0].identifer: unknown field; did you mean "identifier"?',
    ],
    [
      'an unknown field of the file',
      'service: x\nrule: []\nrules:\n  - { name: r, match: {}, setup: always }\n',
      'x.yaml:2:1: rule: unknown field; did you mean "rules"?',
    ],
    [
      'an unknown protocol',
      withRule('match: { protocol: sctcp }\nsetup: always'),
      'x.yaml:4:24: rules[0].match.protocol: protocol "sctcp" is not known; did you mean "sctp"?',
    ],
    [
      'a reversed range',
      withRule('match: { protocol: udp, port: 300-200 }\nsetup: always'),
      'x.yaml:4:35: rules[0].match.port: the range 300-200 ends before it begins; write 200-300',
    ],
    [
      'a port that is none',
      withRule('match: { port: 65536 }\nsetup: always'),
      'x.yaml:4:20: rules[0].match.port: 65536 is no whole number of 0 to 65535; write such',
    ],
    [
      'a prefix with host bits',
      withRule('match: { destination: 10.1.2.3/8 }\nsetup: always'),
      'has bits set that its mask leaves out; write 10.0.0.0/8',
    ],
    [
      'a prefix that is too long',
      withRule('match: { destination: [10.0.0.0/8, 10.0.0.0/33] }\nsetup: always'),
      'x.yaml:4:27: rules[0].match.destination: "/33" is too long; IPv4 has /0 to /32',
    ],
    [
      'a width of 0',
      withRule('match: {}\nidentifier: { base: l3, width: 0 }'),
      'x.yaml:5:36: rules[0].identifier.width: 0 is no whole number of 1 to 8; write such a number',
    ],
    [
      'a shift of 64',
      withRule('match: {}\nidentifier: { base: l3, width: 1, shift: 64 }'),
      'rules[0].identifier.shift: 64 is no whole number of 0 to 63',
    ],
    [
      'a mask beyond the identifier',
      withRule('match: {}\nidentifier: { base: l3, width: 1, mask: 0x100 }'),
      'a mask of 0x100 does not fit an identifier of 1 bytes; use 1 to 0xff',
    ],
    [
      'an unknown base',
      withRule('match: {}\nidentifier: { base: l5, width: 1 }'),
      '"l5" is not known here; did you mean "l3"? (there are l3, l4, payload, destination)',
    ],
    [
      'a base that is missing',
      withRule('match: {}\nidentifier: { width: 1 }'),
      'x.yaml:5:17: rules[0].identifier: base is missing; write { base: payload, offset: 4',
    ],
    [
      'a compare too far out',
      withRule('match: { compare: { offset: 13, value: 1 } }\nsetup: always'),
      'rules[0].match.compare.offset: 13 is no whole number of 0 to 12',
    ],
    [
      'a compare with bits outside of its mask',
      withRule('match: { compare: { offset: 0, value: 0x301, mask: 0xf00 } }\nsetup: always'),
      'the value has bits set that the mask leaves out; write 0x00000300',
    ],
    [
      'set-up by a word that is none',
      withRule('match: {}\nsetup: sometimes'),
      'x.yaml:5:12: rules[0].setup: "sometimes" says not when a packet is a set-up; write always',
    ],
    [
      'types without an offset',
      withRule('match: {}\nidentifier: { base: l3, width: 1 }\nsetup: { types: [1] }'),
      'rules[0].setup: typeOffset is missing; types and typeOffset',
    ],
    [
      'a type above 255',
      withRule('match: {}\nsetup: { types: [256], typeOffset: 1 }'),
      'rules[0].setup.types: 256 is no whole number of 0 to 255',
    ],
    [
      'no identifier',
      withRule('match: {}\nsetup: zero'),
      'x.yaml:3:5: rules[0]: the rule has no identifier; say where it is',
    ],
    [
      'a name that is missing',
      'service: x\nrules:\n  - match: {}\n    setup: always\n',
      'x.yaml:3:5: rules[0].name: is missing; use letters',
    ],
    [
      'a match that is missing',
      'service: x\nrules:\n  - name: r\n    setup: always\n',
      'x.yaml:3:5: rules[0].match: is missing or no mapping; give it protocol',
    ],
    [
      'two rules of one name',
      'service: x\nrules:\n  - { name: r, match: { port: 1 }, setup: always }\n' +
        '  - { name: r, match: { port: 2 }, setup: always }\n',
      'x.yaml:4:13: rule r: line 3 has a rule of that name already; give each rule its own name',
    ],
    ['no rules', 'service: x\n', 'x.yaml:1:1: rules: is missing or empty; list at least one rule'],
    ['an empty file', '', 'x.yaml:1:1: file: is missing or no mapping; give it service'],
    ['a key twice', 'service: x\nservice: y\n', 'x.yaml:2:1: YAML: Map keys must be unique'],
    ['no YAML', 'service: [x\nrules: {', 'YAML: '],
  ])('%s', (_, text, expected) => {
    const problems = problemsOf(text);
    expect(problems.join('\n')).toContain(expected);
    for (const problem of problems) expect(problem).toMatch(/^x\.yaml:\d+:\d+: .+: .+; .+/);
  });

  it('lists all of a file at once, from top to bottom', () => {
    const text = withRule('match: { prot: udp, port: 9-1 }\nsetup: never\nidentifer: {}');
    const lines = problemsOf(text).map((problem) => Number(problem.split(':')[1]));
    expect(lines).toEqual([4, 4, 5, 6]);
  });
});

describe('ports that stand for VIDs', () => {
  const rules = (ports: string, other: string) =>
    `service: x
rules:
  - name: well-known
    match: ${other}
    setup: always
  - name: vids
    match: { protocol: udp, port: ${ports} }
    identifier: { port: { base: 20000 } }
`;
  it('must not be reserved by another rule of the same protocol', () => {
    const text = rules('20000-20100', '{ protocol: udp, port: 20050 }');
    expect(problemsOf(text)).toEqual([
      'x.yaml:7:35: x/vids match.port: a VID would stand for port 20050 that rule x/well-known' +
        ' reserves; choose a range without port 20050',
    ]);
    expect(problemsOf(rules('20000-20100', '{ protocol: any, port: 19000-20000 }'))).toHaveLength(
      1,
    );
    expect(problemsOf(rules('20000-20100', '{ protocol: tcp, port: 20050 }'))).toEqual([]);
    expect(problemsOf(rules('20000-20100', '{ protocol: udp, port: 20101 }'))).toEqual([]);
  });

  it('must not be well known, nor lie before the base', () => {
    const text = withRule('match: { port: 1000-2000 }\nidentifier: { port: { base: 1000 } }');
    expect(problemsOf(text)[0]).toContain('ports below 1024 are reserved');
    expect(problemsOf(rules('19999-20001', '{ protocol: udp, port: 5060 }'))[0]).toContain(
      "port 19999 lies before the identifier's base 20000",
    );
  });

  it('may be written out in full, and are then checked as well', () => {
    const text = withRule(
      'match: { port: 80-90 }\nidentifier: { base: l4, offset: 2, width: 2, subtract: 80 }',
    );
    expect(problemsOf(text)[0]).toContain('ports below 1024 are reserved');
  });

  it('are said once', () => {
    const text = withRule(
      'match: { port: 2000-2010 }\nidentifier: { port: { base: 2000 }, width: 2 }',
    );
    expect(problemsOf(text)[0]).toContain('port and width say two things; leave out width or port');
  });
});

describe('parameters', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: that is what a service file writes
  const text = `service: x
parameters: { address: 192.0.2.1, low: 100, to: 200, must: null }
rules:
  - name: r
    match: { destination: ${'${address}'}, port: ${'${low}-${to}'} }
    doc: at ${'${address}'}
    setup: always
`;

  it('fill in scalars, parts of texts and lists', () => {
    const [rule] = parseService(text, 'x', {
      must: 1,
      low: '150',
      address: ['10.0.0.1', '2001:db8::1'],
    }).rules;
    expect(rule?.match.ports).toEqual({ low: 150, high: 200 });
    const destinations = rule?.match.destinations;
    expect(destinations === 'any' ? [] : destinations?.map((prefix) => prefix.text)).toEqual([
      '10.0.0.1',
      '2001:db8::1',
    ]);
    expect(rule?.doc).toBe('at 10.0.0.1,2001:db8::1');
  });

  it('are data and never YAML', () => {
    const injected = { must: 1, address: '192.0.2.1, setup: always }' };
    expect(problemsOf(text, injected)[0]).toContain('is no IP address');
    // Positions are those of the file as it is, whatever is filled in.
    expect(problemsOf(text, { must: 1, to: 50 })[0]).toMatch(
      /^x\.yaml:5:45: rules\[0\]\.match\.port: the range 100-50/,
    );
  });

  it('must have a value', () => {
    expect(problemsOf(text)).toEqual([
      'x.yaml:2:60: parameters.must: has no value; give it when the file is loaded, or write a' +
        ' value here',
    ]);
  });

  it('must be declared', () => {
    const wrong = text.replace('${address}', '${adress}');
    expect(problemsOf(wrong, { must: 1 })).toEqual([
      'x.yaml:5:27: rules[0].match.destination: parameter adress is not declared; did you mean' +
        ' "address"? (there are address, low, to, must)',
    ]);
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above
});

describe('loadServices', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vidline-services-'));
    writeFileSync(join(folder, 'b.yaml'), withRule('match: { port: 1 }\nsetup: always'));
    writeFileSync(
      join(folder, 'a.yml'),
      'service: a\nparameters: { p: 2 }\nrules:\n  - { name: r, match: { port: 2 }, setup: always }\n',
    );
    writeFileSync(join(folder, 'notes.txt'), 'no service');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads a file, several in the order given, or a folder by name', () => {
    const names = (paths: string | string[]) => loadServices(paths).map(({ name }) => name);
    expect(names(join(folder, 'b.yaml'))).toEqual(['x']);
    expect(names([join(folder, 'b.yaml'), join(folder, 'a.yml')])).toEqual(['x', 'a']);
    expect(names(folder)).toEqual(['a', 'x']);
  });

  it('refuses a parameter that no file declares', () => {
    expect(() => loadServices(folder, { q: 1 })).toThrow(
      'parameter q: no service declares a parameter q; use one of p',
    );
  });

  it('tells the problems of all files', () => {
    const bad = join(folder, 'bad.yaml');
    writeFileSync(bad, 'service: z\n');
    try {
      expect(() => loadServices([bad, bad])).toThrow(/bad\.yaml:1:1[\s\S]*bad\.yaml:1:1/);
    } finally {
      rmSync(bad);
    }
  });
});
