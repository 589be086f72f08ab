import { describe, expect, it } from 'vitest';
import {
  portIdentifier,
  portToVid,
  vidRange,
  vidToPort,
} from '../../../host/steering/port-identifier.ts';
import { parseService } from '../../../host/steering/service-file.ts';

const rule = (identifier: string) =>
  parseService(
    `service: x
rules:
  - name: r
    match: { protocol: udp, port: 20000-20010 }
    identifier: ${identifier}
`,
    'x.yaml',
  ).rules[0];

describe('ports that stand for VIDs', () => {
  const plain = { base: 20000, shift: 0, low: 20000, high: 20010 };
  const runs = { base: 20000, shift: 2, low: 20001, high: 20010 };

  it('are told from a rule, in short and in full', () => {
    const found = (text: string) => {
      const from = rule(text);
      return from && portIdentifier(from);
    };
    expect(found('{ port: { base: 20000 } }')).toEqual(plain);
    expect(found('{ base: l4, offset: 2, width: 2, subtract: 20000 }')).toEqual(plain);
    expect(found('{ base: l4, offset: 0, width: 2 }')).toBeUndefined();
    expect(found('{ base: l4, offset: 2, width: 2, order: little }')).toBeUndefined();
    expect(found('{ base: l4, offset: 2, width: 2, mask: 0xff }')).toBeUndefined();
  });

  it('go from VID to port and back', () => {
    expect(vidRange(plain)).toEqual({ first: 0, last: 10 });
    for (let vid = 0; vid <= 10; vid++) expect(portToVid(plain, vidToPort(plain, vid))).toBe(vid);
    expect(() => vidToPort(plain, 11)).toThrow(
      'VID 11 has no port in 20000-20010; that range holds VIDs 0 to 10',
    );
    expect(() => vidToPort(plain, -1)).toThrow(RangeError);
    expect(() => vidToPort(plain, 0.5)).toThrow(RangeError);
    expect(portToVid(plain, 19999)).toBeUndefined();
    expect(portToVid(plain, 20011)).toBeUndefined();
  });

  it('come in runs where there is a shift; a run that is cut off is no VID of ours', () => {
    expect(vidRange(runs)).toEqual({ first: 1, last: 1 });
    expect(vidToPort(runs, 1)).toBe(20004);
    expect([20004, 20005, 20006, 20007].map((port) => portToVid(runs, port))).toEqual([1, 1, 1, 1]);
    expect(() => vidToPort(runs, 0)).toThrow(RangeError);
    expect(() => vidToPort(runs, 2)).toThrow(RangeError);
  });
});
