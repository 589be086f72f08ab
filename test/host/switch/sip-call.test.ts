import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CounterSnapshot, checkAccounting } from '../../../driver/index.ts';
import { Bench } from './bench.ts';
import { type SimulatedGround, simulatedGround } from './simulated-ground.ts';
import { describeSipCalls } from './sip-call-spec.ts';

describeSipCalls('SIP through the RTL', simulatedGround);

describe('what the RTL counts of calls', () => {
  let ground: SimulatedGround;
  let bench: Bench;

  beforeAll(async () => {
    ground = await simulatedGround();
    bench = new Bench(ground);
    await bench.start(2);
  });

  afterAll(async () => {
    await bench.close();
    await ground.close();
  });

  it('one punt for each INVITE, none for what follows, by rule and by VID (G4)', async () => {
    const before = await ground.card.snapshot();
    const vids: number[] = [];
    for (let call = 0; call < 6; call++) {
      const options = { branch: `z9hG4bK-i${call}`, callId: `call-${call}` };
      bench.client.request('INVITE', options);
      await bench.settle();
      const { port, toTag, uri } = bench.client.dialog();
      vids.push(port - 20000);
      const dialog = { ...options, toTag, uri };
      bench.client.request('ACK', { ...dialog, branch: `z9hG4bK-a${call}`, cseq: '1 ACK' }, port);
      bench.client.request('BYE', { ...dialog, branch: `z9hG4bK-b${call}`, cseq: '2 BYE' }, port);
      await bench.settle();
    }
    expect(vids).toEqual([0, 4, 1, 5, 2, 6]);
    const after = await ground.card.snapshot();
    const initial = rule(after, 'sip/initial', bench);
    const dialog = rule(after, 'sip/dialog', bench);
    expect(initial.punted - rule(before, 'sip/initial', bench).punted).toBe(6n);
    expect(dialog.punted, 'the dialog rule never punts').toBe(0n);
    expect(dialog.others - rule(before, 'sip/dialog', bench).others).toBe(12n);
    const packets = await ground.card.vidPackets(0, 8);
    expect(packets).toEqual([2n, 2n, 2n, 0n, 2n, 2n, 2n, 0n]);
    expect(checkAccounting(after).faults).toEqual([]);
    expect(after.inFlight).toBe(0);
    // The switch processor's count of what it was handed is the card's count of what it handed over.
    const handed = ends(after, ['punt', 'host']);
    expect(BigInt(bench.sp.status().punted.frames)).toBe(handed);
    expect(BigInt(bench.sp.status().punted.injected)).toBe(after.received.host);
  });

  it('rows, rules and slots in the card are those of the switch processor, until they are not (G7)', async () => {
    expect(await bench.sp.verify()).toEqual([]);
    const row = { active: 63, backup: 0, backup_in_sync: 0, valid: 1 };
    await ground.card.writeTable('vid_row', [{ index: 3, entry: row }]);
    expect(await bench.sp.verify()).toMatchObject([
      { table: 'vid_row', index: 3, fields: ['active', 'backup'], found: row },
    ]);
    // A row that points at a slot which does not answer is no reason to stall: it is punted.
    bench.client.request('OPTIONS', { toTag: 'x' }, 20003);
    await bench.settle();
    expect(bench.client.response(503).cseq?.method).toBe('OPTIONS');
  });
});

function rule(snapshot: CounterSnapshot, name: string, bench: Bench) {
  const index = bench.sp.services.rules.findIndex((found) => found.name === name);
  const hits = snapshot.rules[index];
  if (hits === undefined) throw new Error(`no counters of ${name}`);
  return { punted: hits.punted.packets, others: hits.others.packets };
}

function ends(snapshot: CounterSnapshot, names: readonly string[]): bigint {
  return snapshot.ends
    .filter(({ end }) => names.includes(end))
    .reduce((sum, { packets }) => sum + packets, 0n);
}
