import { describe, expect, it } from 'vitest';
import { fnv1a, hashedVid, learningAll } from '../../../host/compare/identifier.ts';
import { loadServices } from '../../../host/steering/service-file.ts';

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
    const all = rules('gtp', 'sctp', 'vxlan');
    const asking = all.filter(({ override }) => override !== undefined);
    expect(asking.every(({ override }) => override?.only)).toBe(true);
    expect(new Set(asking.map(({ override }) => override?.space)).size).toBe(asking.length);
    const not = all.filter(({ override }) => override === undefined).map(({ name }) => name);
    expect(not).toEqual(['path-v2']);
    expect(all.find(({ service }) => service === 'sctp')?.override?.space).toBe(1);
  });
});
