/**
 * Other people's captures: VIDLINE_CAPTURES names a folder with some. What we read of a control message is what
 * tshark reads; what we refuse is listed.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OPINION_FIELDS, readBoth } from './gtp-opinion.ts';
import { fieldsOf, tsharkIsThere } from './tshark.ts';

const folder = process.env.VIDLINE_CAPTURES;
const files =
  folder === undefined ? [] : readdirSync(folder).filter((name) => /\.pcap(ng)?$/.test(name));

describe.runIf(tsharkIsThere && files.length > 0)('GTP in captures', () => {
  it.each(files)('%s', (name) => {
    const refused = new Map<string, number>();
    let read = 0;
    for (const [n, found] of fieldsOf(join(folder ?? '', name), OPINION_FIELDS).entries()) {
      const both = readBoth(found);
      if (both === undefined) continue;
      if ('problem' in both) {
        const type = found['gtpv2.message_type'] || found['gtp.message'];
        const what = `type ${type}: ${both.problem}`;
        refused.set(what, (refused.get(what) ?? 0) + 1);
        continue;
      }
      read++;
      for (const [field, values] of Object.entries(both.ours)) {
        // Instances that mean nothing to a gateway we do not read.
        const theirs = [...(both.theirs[field] ?? [])];
        for (const value of values) {
          const at = theirs.indexOf(value);
          expect(at, `frame ${n + 1}, ${both.kind}: ${field} ${value}`).not.toBe(-1);
          theirs.splice(at, 1);
        }
      }
    }
    console.info(`${name}: ${read} messages alike; refused: ${JSON.stringify([...refused])}`);
  });
});
