/** What holds RTL and netlist together has to see where they differ; shown with the simulation's stand-in. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { closure, cutModules } from '../../hdl/netlist.ts';
import type { StandIn } from '../../sim/index.ts';
import { LOOP, numbered } from '../sim/loop-card.ts';
import { openTwin } from './twin.ts';

const folder = mkdtempSync(join(tmpdir(), 'vidline-twin-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OPTIONS = { configuration: 'sim', mode: 'lockstep', observe: true, standIn: LOOP } as const;

/** The stand-in with one fault, which shows in frames that leave by port 1 and nowhere else. */
function faulty(): StandIn {
  const [packages = '', card = ''] = LOOP.files;
  const place = 'assign tx_tdata_o[p*W+:W] = out_beat[p^1].data;';
  const text = readFileSync(card, 'utf8');
  expect(text).toContain(place);
  const file = join(folder, 'loop_card.sv');
  writeFileSync(file, text.replace(place, place.replace(';', " ^ W'(p == 1);")));
  return { ...LOOP, name: 'loop-faulty', files: [packages, file] };
}

test('twins that are the same answer as one', async () => {
  const card = await openTwin(OPTIONS, LOOP);
  try {
    for (const port of [0, 1]) await card.attachMemory(port);
    const frames = numbered(5, 60);
    await card.send(0, frames);
    expect(await card.runUntilIdle()).toBeGreaterThan(0);
    expect(card.received(1)).toEqual(frames);
    expect(card.decisions()).toHaveLength(5);
    expect(await card.access([{ address: 16, write: 7 }, { address: 16 }])).toEqual(
      Uint32Array.from([7, 7]),
    );
  } finally {
    await card.close();
  }
});

test('a bit that differs is a mismatch, in the call that brings it', async () => {
  const card = await openTwin(OPTIONS, faulty());
  try {
    for (const port of [0, 1]) await card.attachMemory(port);
    await card.send(1, numbered(3, 60));
    await card.runUntilIdle();
    expect(card.received(0)).toHaveLength(3);
    await card.send(0, numbered(3, 60));
    await card.runUntilIdle();
    expect(() => card.received(1)).toThrow(/RTL and netlist, received/);
  } finally {
    await card.close();
  }
});

test('of a library only what the netlist has, with what that is made of, and without its timing', () => {
  const library = cutModules(
    [
      '(* abc9_lut=1 *)\nmodule LUT4(input A, output Z);\n  assign Z = A;\n  specify\n    (A => Z) = 1;\n  endspecify\nendmodule',
      'module PAIR(input A, output Z);\n  LUT4 one(.A(A), .Z(Z));\nendmodule',
      'module OTHER(input A);\nendmodule',
    ].join('\n'),
  );
  expect([...library.keys()]).toEqual(['LUT4', 'PAIR', 'OTHER']);
  expect(library.get('LUT4')).not.toContain('specify');
  expect(closure(library, ['PAIR'])).toEqual(['LUT4', 'PAIR']);
});
