import { describe, expect, it } from 'vitest';
import { parseVids } from '../../../host/compare/vid-file.ts';
import { parseService } from '../../../host/steering/service-file.ts';

const { rules } = parseService(
  `service: s
rules:
  - name: tag
    match: { protocol: sctp }
    identifier: { base: l4, offset: 4, width: 4 }
    override: { by: identifier, only: true, space: 1 }
  - name: peer
    match: { protocol: udp, port: 2000 }
    override: { by: source, only: true, space: 2 }
  - name: circuit
    match: { protocol: udp, port: 2001 }
    identifier: { base: payload, width: 8, mask: 0xffff }
    override: { by: source_identifier, space: 3 }
  - name: plain
    match: { protocol: udp, port: 2002 }
    identifier: { base: payload, width: 2 }
`,
  's.yaml',
);
const parse = (text: string) => parseVids(text, 'vids.yaml', rules, 4096);

describe('a file of VIDs', () => {
  it('names identifiers as the rule asks for them', () => {
    const presets = parse(`# comments are read over
s/tag: { 0x1a2b3c4d: 7, 16: 8 }
s/peer:
  198.51.100.7: 9
  "2001:db8::1": 10
s/circuit: { 198.51.100.7 0x12: 4095 }
`);
    expect(presets).toEqual([
      { space: 1, key: 0x1a2b3c4dn, vid: 7 },
      { space: 1, key: 16n, vid: 8 },
      { space: 2, key: 0xc6336407n << 96n, vid: 9 },
      { space: 2, key: 0x20010db8_00000000_00000000_00000001n, vid: 10 },
      { space: 3, key: (0xc6336407n << 96n) | 0x12n, vid: 4095 },
    ]);
  });

  it.each([
    [
      's/tga: { 1: 2 }',
      /^vids.yaml:1:1: s\/tga: no service has such a rule; did you mean "s\/tag"/,
    ],
    ['\ns/plain: { 1: 2 }', /^vids.yaml:2:1: s\/plain: the VID of this rule follows from/],
    ['s/tag: { 1: 4096 }', /^vids.yaml:1:13: s\/tag 1: 4096 is no VID; give one of 0 to 4095/],
    ['s/tag: { x: 1 }', /^vids.yaml:1:10: s\/tag x: is no identifier, a number; write 0x1a2b3c4d/],
    ['s/tag: { 0x100000000: 1 }', /0x100000000: is no identifier/],
    ['s/circuit: { 198.51.100.7 0x10000: 1 }', /is no source address and identifier/],
    ['s/peer: { 198.51.100: 1 }', /is no source address; write 198.51.100.7/],
    ['s/tag: 5', /vids.yaml:1:8: s\/tag: no identifiers with their VIDs/],
    ['', /file: names no rules; write sctp\/tag/],
    ['s/tag: { 1: 2', /YAML/],
  ])('%j is refused with its place', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
