import { describe, expect, it } from 'vitest';
import { policerEntry, policerIndex, puntLimit } from '../../../driver/index.ts';
import { parseService } from '../../../host/steering/service-file.ts';
import {
  DEFAULT_LIMIT,
  FABRIC_LIMIT,
  LINE_LIMIT,
  policerTable,
} from '../../../host/switch/punt-limits.ts';
import { SIZES } from '../../driver/memory-transport.ts';

const service = (punt: string, ofRule = '') =>
  parseService(
    `
service: s
${punt}
rules:
  - { name: a, match: { protocol: udp, port: 1 }, setup: always${ofRule} }
  - { name: b, match: { protocol: udp, port: 2 }, setup: always }
`,
    's.yaml',
  );
const table = (punt: string, ofRule?: string) => policerTable([service(punt, ofRule)], SIZES);

describe('limits of what is punted', () => {
  it('are those of the service file, of a rule before those of its service', () => {
    const limits = table('punt: { rate: 1000, burst: 8, share: 9 }', ', punt: { rate: any }');
    expect(limits.map(puntLimit)).toEqual([
      { share: 64 },
      { rate: 1000, burst: 8, share: 9 },
      {},
      {},
      LINE_LIMIT,
      FABRIC_LIMIT,
    ]);
    expect(limits[policerIndex(SIZES, 'fabric')]).toEqual(policerEntry(FABRIC_LIMIT));
  });

  it('are there for who says nothing, and can be held by every card', () => {
    expect(table('').slice(0, 2)).toEqual(Array(2).fill(policerEntry(DEFAULT_LIMIT)));
  });

  it('name the rule where the card cannot hold them', () => {
    expect(() => table('punt: { rate: 16, burst: 5000 }')).toThrow(
      /s\/a: punt: a burst of 5000 frames: at 16 frames a second it may be 1 to 269/,
    );
  });

  it.each([
    ['punt: { rate: 2 }', /punt\.rate/],
    ['punt: { burst: 2 }', /punt\.rate/],
    ['punt: { rate: 100, share: 128 }', /punt\.share/],
    ['punt: { rate: 100, queue: 1 }', /punt\.queue: unknown field/],
  ])('are refused in words: %s', (punt, words) => {
    expect(() => service(punt)).toThrow(words);
  });
});
