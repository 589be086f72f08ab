import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserlandEndpoint } from '../../../host/processor/userland-endpoint.ts';
import type { Clock } from '../../../host/protocol/clock.ts';
import { buildControl, CONTROL_PORT } from '../../../host/protocol/control.ts';
import { loadState, saveState } from '../../../host/switch/switch-state.ts';
import { Bench, CONTROL, SERVICES, type TestProcessor, VIRTUAL } from './bench.ts';
import { type ReferenceGround, referenceGround } from './reference-ground.ts';

/** Starts a processor that must not come up; resolves with what it was told. */
async function refusal(bench: Bench, name: string, port: number, more = {}): Promise<string> {
  const made = bench.makeProcessor(name, port, {}, more);
  let message: string | undefined;
  made.processor.start().catch((error: Error) => {
    message = error.message;
  });
  await bench.until(() => message !== undefined);
  bench.processors.pop();
  return message ?? '';
}

describe('slots and VIDs of processors', () => {
  let ground: ReferenceGround;
  let bench: Bench;

  beforeEach(async () => {
    ground = await referenceGround();
    bench = new Bench(ground);
  });

  afterEach(async () => {
    expect(bench.failures).toEqual([]);
    await bench.close();
  });

  const status = (name: string) => bench.sp.status().processors.find((slot) => slot.name === name);

  it('are refused to a second server while the first one is alive', async () => {
    await bench.start(2);
    // The same name behind another port: the one that has it says that it lives.
    expect(await refusal(bench, 'sip-1', 3)).toMatch(
      /slot 0 is held by sip-1, which is alive \(epoch 1, fabric port 1\), so sip-1 behind port 3/,
    );
    expect(status('sip-1')).toMatchObject({ state: 'up', slot: 0 });
    expect(await refusal(bench, 'sip-9', 3, { wantsSlot: 0 })).toMatch(
      /slot 0 is behind fabric port 1, and sip-9 asks behind port 3/,
    );
    expect(await refusal(bench, 'sip-9', 3, { wantsVids: [1, 100] })).toMatch(
      /VID 1 is held by sip-1, so sip-9 cannot have it; release it there/,
    );
    expect(bench.sp.vids.lookup(100)).toBeUndefined();
    expect(await refusal(bench, 'sip-9', 3, { wantsSlot: 77 })).toMatch(/at most|<=63|Too big/i);
    expect(bench.sp.status().control.refused).toBe(3);
  });

  it('are given once, however often the request arrives', async () => {
    await bench.start(1);
    const answers: string[] = [];
    const endpoint = new UserlandEndpoint({
      address: VIRTUAL,
      mac: '06:00:00:00:00:04',
      clock: bench.clock,
      send: (frame) => ground.feed(4, frame),
    });
    ground.onPort(4, (frame) => endpoint.receive(frame));
    const socket = await endpoint.bind(0, (payload) => answers.push(payload.toString()));
    const ask = async (id: string, text?: string) => {
      const hello = { type: 'hello', name: 'sip-4', incarnation: 'i' } as const;
      const payload = text ?? buildControl({ v: 1, id, request: hello });
      socket.send(Buffer.from(payload), { address: CONTROL, port: CONTROL_PORT });
      await bench.settle();
    };
    await ask('one');
    await ask('one');
    expect(answers).toHaveLength(2);
    expect(answers[1]).toBe(answers[0]);
    expect(status('sip-4')).toMatchObject({ epoch: 1, state: 'starting', vids: [4, 5, 6, 7] });
    await ask('two');
    expect(status('sip-4')).toMatchObject({ epoch: 2, vids: [4, 5, 6, 7] });
    expect(bench.sp.status().control).toMatchObject({ hello: 3, repeated: 1 });
    // Who does not speak from the slot's address is not heard.
    const request = { type: 'ready', name: 'sip-4', slot: 3, epoch: 2, assignment: 1 } as const;
    await ask('', buildControl({ v: 1, id: 'three', request }).toString());
    expect(answers.at(-1)).toMatch(/"not_up".*has slot 3 with 02:76:6c:01:03:02, not 06:00/);
    await ask('', '{"v":1,"id":"four","request":{"type":"hello","name":""}}');
    expect(answers.at(-1)).toMatch(/"bad_request".*request\.name/);
    await ask('', 'nonsense');
    expect(answers).toHaveLength(5);
    expect(bench.sp.status().control.unreadable).toBe(2);
    // It never became ready: its place is free again.
    await bench.advance(32_000, 1000);
    expect(status('sip-4')?.state).toBe('down');
  });

  it('go to who asks for VIDs that are free', async () => {
    await bench.start(1);
    const made = await bench.startProcessor('sip-2', 2, {}, { wantsVids: [100, 102, 104, 7] });
    expect(made.processor.assignment?.vids).toEqual([7, 100, 102, 104]);
    expect(made.endpoint.counters.unresolved).toBe(0);
  });

  it('go down when their processor falls silent, and come back with the next epoch', async () => {
    await bench.start(2);
    const [first] = bench.processors;
    if (first === undefined) throw new Error('no processor');
    bench.kill(first);
    await bench.advance(4000);
    expect(status('sip-1')?.state).toBe('up');
    await bench.advance(2000);
    expect(status('sip-1')).toMatchObject({ state: 'down', epoch: 1 });
    bench.client.request('INVITE');
    await bench.settle();
    expect(bench.processors[0]?.seen).toEqual(['INVITE 5060']);
    await bench.startProcessor('sip-1', 1);
    expect(status('sip-1')).toMatchObject({ state: 'up', epoch: 2, starts: 2 });
  });

  it('stay up when the switch processor itself was held up', async () => {
    const late = { delay: 0 };
    const clock: Clock = {
      now: () => bench.clock.now() + late.delay,
      schedule: (delay, action) => bench.clock.schedule(delay, action),
    };
    bench = new Bench(ground, { clock });
    await bench.start(1);
    late.delay += 20_000; // no timer fired, no frame was read
    bench.clock.advance(1000);
    await bench.settle();
    expect(status('sip-1')).toMatchObject({ state: 'up', epoch: 1, starts: 1 });
    bench.kill(bench.processors[0] as TestProcessor);
    await bench.advance(7000);
    expect(status('sip-1')?.state).toBe('down');
  });

  it('are kept through a time without a switch processor', async () => {
    await bench.start(1);
    const state = bench.sp.snapshot();
    await bench.sp.close();
    await bench.advance(30_000, 500);
    const again = new Bench(ground, { restore: state, clock: bench.clock });
    await again.sp.start();
    await bench.advance(6000, 500);
    expect(again.sp.status().processors[0]).toMatchObject({ state: 'up', epoch: 1 });
    await again.close();
  });

  it('do not listen to an old incarnation', async () => {
    await bench.start(1);
    const [old] = bench.processors;
    if (old === undefined) throw new Error('no processor');
    const mac = old.endpoint.mac;
    bench.kill(old);
    await bench.startProcessor('sip-1', 1);
    const before = ground.transport.ends();
    // A frame with the old epoch, as a process that was stopped and continued would send it.
    const frame = Buffer.concat([
      Buffer.from('0a0000000064', 'hex'),
      Buffer.from(mac.replaceAll(':', ''), 'hex'),
      Buffer.from('0800', 'hex'),
      Buffer.from('4500001c000000004011000000000000c0000264', 'hex'),
      Buffer.alloc(8),
    ]);
    ground.feed(1, frame);
    await bench.settle();
    expect(ground.transport.ends().source_epoch).toBe((before.source_epoch ?? 0) + 1);
  });

  it('are left with a good-bye, and kept for who left', async () => {
    await bench.start(2);
    const [first] = bench.processors;
    const closed = first?.processor.close();
    await bench.settle();
    await closed;
    expect(status('sip-1')).toMatchObject({ state: 'down', vids: [0, 1, 2, 3] });
    expect(bench.sp.status().control.bye).toBe(1);
  });

  it('can be taken out of service by an operator, and be given back', async () => {
    await bench.start(2);
    await bench.sp.lowerSlot(0);
    await bench.advance(3000);
    expect(status('sip-1')).toMatchObject({ state: 'down', locked: true });
    await expect(bench.sp.lowerSlot(9)).rejects.toThrow(/there is no slot 9; configured are 0, 1/);
    await bench.sp.raiseSlot(0);
    await bench.until(() => status('sip-1')?.state === 'up');
    expect(status('sip-1')).toMatchObject({ epoch: 2, vids: [0, 1, 2, 3] });
  });

  it('move a VID when its new owner listens, not before (G6)', async () => {
    await bench.start(3);
    const backup = bench.sp.vids.lookup(0)?.backup;
    const to = backup === 'sip-2' ? 'sip-3' : 'sip-2';
    let moved = false;
    const moving = bench.sp.moveVid(0, to).then((row) => {
      moved = true;
      return row;
    });
    await bench.settle();
    expect([moved, bench.sp.vids.lookup(0)?.owner]).toEqual([false, 'sip-1']);
    await bench.until(() => moved);
    expect(await moving).toMatchObject({ vid: 0, owner: to, backup: 'sip-1', inSync: false });
    expect(await bench.sp.verify()).toEqual([]);
    bench.client.request('OPTIONS', { toTag: 'x' }, 20000);
    await bench.settle();
    const owner = bench.processors.find(({ name }) => name === to);
    expect(owner?.seen).toContain('OPTIONS 20000');
    await expect(bench.sp.moveVid(0, 'nobody')).rejects.toThrow(/no processor nobody; there are/);
    await expect(bench.sp.moveVid(999, 'sip-1')).rejects.toThrow(/VID 999 is not assigned/);
    await bench.sp.lowerSlot(0);
    await expect(bench.sp.moveVid(0, 'sip-1')).rejects.toThrow(/which is down; start it first/);
  });

  it.each([
    [5_000, /^sip-3 went down before it listened; VID 0 stays where it is$/],
    [60_000, /^sip-3 did not say within 10000 ms that it listens; VID 0 stays where it is$/],
  ])(
    'leave a VID as it was when its new owner never says that it listens, given up after %i ms (G6)',
    async (reportTimeout, words) => {
      bench = new Bench(ground, { reportTimeout });
      await bench.start(3);
      await bench.sp.setBackup(0, 'sip-2', true);
      const before = bench.sp.vids.lookup(0);
      bench.kill(bench.processors[2] as TestProcessor);
      let failure: Error | undefined;
      bench.sp.moveVid(0, 'sip-3').catch((error: Error) => {
        failure = error;
      });
      await bench.settle();
      expect(bench.sp.vids.lookup(0)).toMatchObject({
        ...{ owner: 'sip-1', backup: 'sip-2', inSync: true },
        next: { name: 'sip-3' },
      });
      await bench.until(() => failure !== undefined);
      expect(failure?.message).toMatch(words);
      expect(bench.sp.vids.lookup(0)).toEqual(before);
      expect(await bench.sp.verify()).toEqual([]);
      const [held] = await ground.card.readTable('vid_row', 0, 1);
      expect(held).toEqual({ active: 0, backup: 1, backup_in_sync: 1, valid: 1 });
    },
  );

  it('do not undo what was changed while a move was waiting', async () => {
    await bench.start(3);
    await bench.sp.setBackup(0, 'sip-2', true);
    bench.kill(bench.processors[2] as TestProcessor);
    let failure: Error | undefined;
    bench.sp.moveVid(0, 'sip-3').catch((error: Error) => {
      failure = error;
    });
    await bench.settle();
    await bench.sp.releaseVid(0);
    await bench.until(() => failure !== undefined);
    expect(bench.sp.vids.lookup(0)).toBeUndefined();
  });

  it('name calls that ring for long, so that a late CANCEL still finds its INVITE', async () => {
    await bench.start(2, { ring: 120_000 });
    bench.client.request('INVITE');
    await bench.advance(60_000, 500);
    expect(bench.sp.status().handlers.sip?.transactions).toBe(1);
    bench.client.request('CANCEL');
    await bench.settle();
    expect(bench.client.response(487).cseq?.method).toBe('INVITE');
    expect(bench.processors[0]?.server.counters.cancelled).toBe(1);
  });

  it('leave no punt behind when VIDs are given and released', async () => {
    await bench.start(2);
    expect(await bench.sp.assignVids('sip-2', 2)).toEqual([8, 9]);
    await bench.advance(1500);
    const second = bench.processors[1];
    expect(second?.processor.assignment?.vids).toEqual([4, 5, 6, 7, 8, 9]);
    bench.client.request('OPTIONS', { toTag: 'x' }, 20009);
    await bench.settle();
    expect(second?.seen).toContain('OPTIONS 20009');
    await bench.sp.releaseVid(9);
    bench.client.request('OPTIONS', { toTag: 'x', branch: 'z9hG4bK-5' }, 20009);
    await bench.settle();
    expect(bench.sp.status().punted.vids).toEqual({ 9: 1 });
  });

  it('are more than a datagram holds, if need be', async () => {
    bench = new Bench(ground, { vidsPerProcessor: 300 });
    await bench.start(4);
    for (const { processor } of bench.processors) {
      expect(processor.assignment?.vids).toHaveLength(300);
      expect(processor.assignment?.backupVids).toHaveLength(300);
    }
    const scattered = Array.from({ length: 60 }, (_, i) => 2000 + i * i).filter(
      (vid) => vid < 4000,
    );
    await bench.sp.assignVids('sip-1', scattered);
    await bench.advance(2000);
    expect(bench.processors[0]?.processor.assignment?.vids).toHaveLength(300 + scattered.length);
  });
});

describe('a switch processor that starts anew', () => {
  it('goes on where it was, without touching a row or a slot', async () => {
    const ground = await referenceGround();
    const bench = new Bench(ground);
    await bench.start(2);
    const state = bench.sp.snapshot();
    const epochs = bench.sp.status().processors.map(({ epoch }) => epoch);
    await bench.sp.close();
    const rows = ground.transport.writesTo('vid_row');
    const slots = ground.transport.writesTo('slot');

    const again = new Bench(ground, { restore: state, clock: bench.clock });
    await again.sp.start();
    expect(ground.transport.writesTo('vid_row')).toBe(rows);
    expect(ground.transport.writesTo('slot')).toBe(slots);
    expect(await again.sp.verify()).toEqual([]);
    await bench.advance(6000);
    const { processors } = again.sp.status();
    expect(processors.map(({ state: now }) => now)).toEqual(['up', 'up', 'free', 'free']);
    expect(processors.slice(0, 2).map(({ epoch }) => epoch)).toEqual(epochs.slice(0, 2));
    await again.close();
    await bench.close();
  });

  it('keeps a slot out of service that an operator took out, until it is given back', async () => {
    const ground = await referenceGround();
    const bench = new Bench(ground);
    let saved = bench.sp.snapshot();
    bench.sp.on('changed', () => {
      saved = bench.sp.snapshot();
    });
    await bench.start(1);
    await bench.sp.lowerSlot(0);
    await bench.sp.close();

    const folder = mkdtempSync(join(tmpdir(), 'vidline-state-'));
    const file = join(folder, 'state.json');
    saveState(file, saved);
    const restore = loadState(file);
    if (restore === undefined) throw new Error('no state');
    rmSync(folder, { recursive: true });
    const again = new Bench(ground, { restore, clock: bench.clock });
    again.sp.on('changed', () => {
      saved = again.sp.snapshot();
    });
    await again.sp.start();
    await bench.advance(3000);
    expect(again.sp.status().processors[0]).toMatchObject({ state: 'down', locked: true });
    await again.sp.raiseSlot(0);
    expect(saved.slots[0]?.locked ?? false).toBe(false);
    await bench.until(() => again.sp.status().processors[0]?.state === 'up');
    await again.close();
    await bench.close();
  });

  it('gives no epoch twice, even when it ends before a processor that said hello is ready', async () => {
    const ground = await referenceGround();
    const bench = new Bench(ground);
    let saved = bench.sp.snapshot();
    bench.sp.on('changed', () => {
      saved = bench.sp.snapshot();
    });
    await bench.start(1);
    bench.kill(bench.processors[0] as TestProcessor);

    const socketOf = async (on: Bench, port: number, hear: (payload: Buffer) => void) => {
      const endpoint = new UserlandEndpoint({
        address: VIRTUAL,
        mac: `06:00:00:00:00:0${port}`,
        clock: on.clock,
        send: (frame) => ground.feed(port, frame),
      });
      ground.onPort(port, (frame) => endpoint.receive(frame));
      return endpoint.bind(0, hear);
    };
    const hello = (name: string) =>
      buildControl({ v: 1, id: name, request: { type: 'hello', name, incarnation: 'new' } });
    // What is kept when the answer reaches the processor, which may then use its epoch and VIDs.
    const kept: unknown[] = [];
    const hear = (payload: Buffer) => {
      if (!payload.includes('"reply"')) return; // it is asked whether it lives
      kept.push({ slot: saved.slots[kept.length], vids: saved.vids.length });
    };
    for (const [i, name] of ['sip-1', 'sip-2'].entries()) {
      const socket = await socketOf(bench, i + 1, hear);
      socket.send(Buffer.from(hello(name)), { address: CONTROL, port: CONTROL_PORT });
      await bench.until(() => kept.length > i);
    }
    expect(kept).toMatchObject([
      { slot: { name: 'sip-1', epoch: 2, state: 'starting' }, vids: 4 },
      { slot: { name: 'sip-2', epoch: 1, state: 'starting' }, vids: 8 },
    ]);
    await bench.close();

    const again = new Bench(ground, { restore: saved, clock: bench.clock });
    await again.sp.start();
    await again.startProcessor('sip-1', 1);
    expect(again.sp.status().processors[0]).toMatchObject({ state: 'up', epoch: 3 });
    await again.close();
  });

  it('without a memory gives new epochs, and refuses a memory that is none', async () => {
    const ground = await referenceGround();
    const bench = new Bench(ground);
    await bench.start(1);
    await bench.sp.close();
    const again = new Bench(ground, { clock: bench.clock });
    await again.sp.start();
    await bench.until(() => again.sp.status().processors[0]?.state === 'up');
    expect(again.sp.status().processors[0]?.epoch).toBe(2);
    await again.close();
    await bench.close();

    const folder = mkdtempSync(join(tmpdir(), 'vidline-state-'));
    const file = join(folder, 'state.json');
    expect(loadState(file)).toBeUndefined();
    saveState(file, bench.sp.snapshot());
    expect(loadState(file)).toEqual(bench.sp.snapshot());
    writeFileSync(file, readFileSync(file, 'utf8').replace('"vid":0', '"vid":"zero"'));
    expect(() => loadState(file)).toThrow(/state\.json: vids\.0\.vid: .*remove it/);
    writeFileSync(file, '{');
    expect(() => loadState(file)).toThrow(/state\.json: .*remove it/);
    rmSync(folder, { recursive: true });
  });

  it('is told in words what its configuration cannot have', async () => {
    const { card } = await referenceGround();
    const ground = await referenceGround();
    expect(() => new Bench({ ...ground, card }, { ports: [{ port: 8, role: 'line' }] })).toThrow(
      /port 8: the card has ports 0 to 7/,
    );
    const slots = [{ slot: 64, port: 1, linePort: 0 }];
    expect(() => new Bench(ground, { slots })).toThrow(/slot 64: the card has slots 0 to 63/);
    const twice = [
      { slot: 1, port: 1, linePort: 0 },
      { slot: 1, port: 2, linePort: 0 },
    ];
    expect(() => new Bench(ground, { slots: twice })).toThrow(/slot 1 is configured twice/);
    const onLine = [{ slot: 1, port: 0, linePort: 0 }];
    expect(() => new Bench(ground, { slots: onLine })).toThrow(/port 0 is no fabric port/);
    expect(() => new Bench(ground, { fabricPrefix: 0x01000000 })).toThrow(/fabric prefix/);
    expect(() => new Bench(ground, { handlers: [] })).toThrow(/service sip has set-ups and no/);
    expect(SERVICES).toHaveLength(1);
  });

  it('says so when the card does not keep what is written', async () => {
    const ground = await referenceGround();
    const bench = new Bench(ground);
    await bench.start(1);
    ground.transport.deaf = true;
    await expect(bench.sp.assignVids('sip-1', 1)).rejects.toThrow(/does not hold what was written/);
    ground.transport.deaf = false;
    expect(await bench.sp.verify()).toMatchObject([{ table: 'vid_row', index: 4 }]);
    await bench.close();
  });
});
