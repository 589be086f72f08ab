import { describe, expect, it } from 'vitest';
import { askedOverride, fnv1a, hashedVid, learningAll } from '../../../host/compare/identifier.ts';
import { layout, rowOf } from '../../../host/compare/layout.ts';
import { loadServices, parseService } from '../../../host/steering/service-file.ts';
import { SIZES } from '../../generators/sizes.ts';
import { udp } from './frames.ts';

const FOLDER = new URL('../../../host/services/', import.meta.url).pathname;

describe('the VID that an identifier learns', () => {
  it.each([
    // Test vectors of draft-eastlake-fnv, appendix C.
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('FNV-1a of "%s"', (text, hash) => {
    expect(fnv1a(Buffer.from(text))).toBe(hash);
  });

  it('follows from space and key alone', () => {
    // Computed outside of this project, from 17 bytes: 01, then the key in 16.
    expect(hashedVid({ space: 1, key: 0x1a2b3c4dn }, 65_536)).toBe(23_208);
    expect(hashedVid({ space: 1, key: 0x1a2b3c4dn }, 4096)).toBe(2728);
    expect(hashedVid({ space: 2, key: 0x1a2b3c4dn }, 65_536)).not.toBe(23_208);
  });
});

describe('services that learn everything', () => {
  const rules = (...names: string[]) =>
    learningAll(loadServices(names.map((name) => `${FOLDER}${name}.yaml`))).flatMap(
      (service) => service.rules,
    );

  it('have a name space for each rule that reads an identifier, and leave set-ups alone', () => {
    const all = rules('gtp', 'pfcp', 'sctp', 'vxlan');
    const asking = all.filter(({ override }) => override !== undefined);
    expect(asking.every(({ override }) => override?.only)).toBe(true);
    expect(new Set(asking.map(({ override }) => override?.space)).size).toBe(asking.length);
    const not = all.filter(({ override }) => override === undefined).map(({ name }) => name);
    expect(not).toEqual(['errors', 'node']);
    expect(all.find(({ service }) => service === 'sctp')?.override?.space).toBe(1);
  });
});

describe('what a punted frame asked its overrides for', () => {
  const rule = (override: string) =>
    parseService(
      `service: s
rules:
  - name: one
    match: { protocol: udp }
    identifier: { base: payload, width: 2, mask: 0x0fff }
    override: { by: ${override}, only: true, space: 9 }
`,
      's.yaml',
    ).rules[0];
  // From 198.51.100.9; addressed to the card, as it went in.
  const frame = udp('192.0.2.1', 7, '1234');
  frame.set([2, 0x76, 0x6c, 0, 0, 0]);

  it.each([
    ['identifier', 0x234n],
    ['source', 0xc6336409n << 96n],
    ['source_identifier', (0xc6336409n << 96n) | 0x234n],
  ])('by %s', (by, key) => {
    const asked = rule(by);
    expect(asked && askedOverride(asked, frame, { key: 0x1234n })).toEqual({ space: 9, key });
  });
});

describe('the tables that captures meet', () => {
  it('have all slots up behind all fabric ports, and a row with a backup for each VID', () => {
    const { slots, rows, ports } = layout([], SIZES);
    expect(rowOf(63, 64)).toEqual({ valid: true, active: 63, backup: 0, backupInSync: true });
    expect(rows.size).toBe(SIZES.vids);
    expect(rows.get(130)).toEqual(rowOf(2, 64));
    expect(slots.every(({ up }) => up)).toBe(true);
    expect(slots.map(({ port }) => port).slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 1]);
    expect(ports.map(({ fabric }) => fabric)).toEqual([false, ...Array(7).fill(true)]);
  });
});
