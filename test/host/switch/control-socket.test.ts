import { chmodSync, existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ControlClient,
  NoSwitchProcessorError,
  RequestError,
} from '../../../host/switch/control-client.ts';
import { ControlSocket } from '../../../host/switch/control-socket.ts';
import { ReferenceTransport } from '../reference-card.ts';
import { Bench } from './bench.ts';
import { referenceGround } from './reference-ground.ts';
import { BY_SOURCE } from './slot-health-spec.ts';

describe('the control socket', () => {
  let bench: Bench;
  let socket: ControlSocket;
  let client: ControlClient;
  let folder: string;

  beforeEach(async () => {
    const ground = await referenceGround(new ReferenceTransport(BY_SOURCE));
    bench = new Bench(ground, { services: BY_SOURCE });
    await bench.start(2);
    folder = mkdtempSync(join(tmpdir(), 'vidline-test-'));
    socket = await ControlSocket.open(bench.sp, { path: join(folder, 'own', 'control.sock') });
    client = await ControlClient.connect(socket.path);
  });

  afterEach(async () => {
    client.close();
    await socket.close();
    await bench.close();
  });

  it('lies where only its owner can open it', async () => {
    expect(statSync(dirname(socket.path)).mode & 0o777).toBe(0o700);
    expect(statSync(socket.path).mode & 0o777).toBe(0o600);
    chmodSync(folder, 0o755);
    const open = ControlSocket.open(bench.sp, { path: join(folder, 'control.sock') });
    await expect(open).rejects.toThrow(/others may enter .*chmod 700/);
  });

  it('is not taken from another switch processor, but from a dead one', async () => {
    const { path } = socket;
    await expect(ControlSocket.open(bench.sp, { path })).rejects.toThrow(
      /another switch processor/,
    );
    await socket.close();
    expect(existsSync(path)).toBe(false);
    // What a killed process leaves: a socket that nobody listens at.
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(path, resolve));
    (dead as unknown as { _handle: { close(): void } })._handle.close();
    socket = await ControlSocket.open(bench.sp, { path });
    const again = await ControlClient.connect(path);
    expect(await again.ask('vid.lookup', { vid: 0 })).toMatchObject({ owner: 'sip-1' });
    again.close();
  });

  it('makes a folder of its own where nothing else is known', async () => {
    const before = process.env.XDG_RUNTIME_DIR;
    delete process.env.XDG_RUNTIME_DIR;
    try {
      const own = await ControlSocket.open(bench.sp);
      expect(statSync(dirname(own.path)).mode & 0o777).toBe(0o700);
      await own.close();
      expect(existsSync(dirname(own.path))).toBe(false);
      await expect(ControlClient.connect()).rejects.toThrow(/XDG_RUNTIME_DIR is not set/);
    } finally {
      if (before !== undefined) process.env.XDG_RUNTIME_DIR = before;
    }
  });

  it('answers with status, VIDs and slots', async () => {
    const status = await client.ask('status', {});
    expect(status.processors.map(({ name }) => name).slice(0, 2)).toEqual(['sip-1', 'sip-2']);
    expect(await client.ask('vid.list', {})).toHaveLength(8);
    expect(await client.ask('vid.lookup', { vid: 99 })).toBeNull();
    expect(await client.ask('vid.assign', { owner: 'sip-1', count: 2 })).toEqual([8, 9]);
    expect(await client.ask('vid.assign', { owner: 'sip-1', vids: [20] })).toEqual([20]);
    expect(await client.ask('vid.release', { vid: 20 })).toMatchObject({ owner: 'sip-1' });
    const backup = { vid: 8, backup: 'sip-2', inSync: true };
    expect(await client.ask('vid.backup', backup)).toMatchObject(backup);
    expect(await client.ask('slot.down', { slot: 1 })).toMatchObject({ state: 'down', slot: 1 });
    expect(await client.ask('slot.list', {})).toHaveLength(4);
    expect(await client.ask('slot.up', { slot: 1 })).toMatchObject({ locked: false });
    expect(await client.ask('verify', {})).toEqual({ mismatches: [] });
    const { replication } = status;
    expect(replication.vids[0]).toMatchObject({ vid: 0, owner: 'sip-1', state: 'none' });
    const plan = await client.ask('rebalance', { dryRun: true });
    expect(plan.moved).toBe(0);
    await expect(client.ask('slot.drain', { slot: 3 })).rejects.toThrow(/slot 3 is free/);
  });

  it('tells what happened to slots, with cause and time', async () => {
    await client.ask('slot.down', { slot: 1 });
    const events = await client.ask('events', {});
    expect(events.map(({ slot, what }) => `${slot} ${what}`)).toEqual(['0 up', '1 up', '1 down']);
    expect(events[2]).toMatchObject({
      ...{ number: 3, name: 'sip-2', epoch: 1, cause: 'host', why: 'an operator lowered it' },
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    const { processors } = await client.ask('status', {});
    expect(processors[1]?.lastDown).toEqual(events[2]);
    expect(processors[0]?.lastDown).toBeUndefined();
  });

  it('adds, lists and removes overrides', async () => {
    const rule = 'legacy/tunnel';
    const added = await client.ask('override.add', { rule, source: '198.51.100.7', vid: 4 });
    const listed = { rules: [rule], source: '198.51.100.7', vid: 4, fixed: true, idle: 0 };
    expect(added).toMatchObject({ entries: 1, places: 256, failures: 0, overrides: [listed] });
    await client.ask('override.add', { rule, source: '2001:db8::7', vid: 5, ages: true });
    const { overrides } = await client.ask('override.list', {});
    expect(overrides[1]).toMatchObject({ source: '2001:db8::7', vid: 5, fixed: false });
    expect(overrides[1]?.key).toBe('0x20010db8000000000000000000000007');
    const refused = client.ask('override.add', { rule, source: '198.51.100.8', vid: 99 });
    await expect(refused).rejects.toMatchObject({ kind: 'refused' });
    const wrong = client.ask('override.add', { rule, source: '198.51.100', vid: 4 });
    await expect(wrong).rejects.toMatchObject({ kind: 'usage' });
    const noRule = client.ask('override.remove', { rule: 'sip/dialog', identifier: '0x11' });
    await expect(noRule).rejects.toThrow(/no rule sip\/dialog asks for overrides/);
    await client.ask('override.remove', { rule, source: '198.51.100.7' });
    expect(await client.ask('override.list', {})).toMatchObject({ entries: 1 });
  });

  it('reads and writes registers by name, and verify tells of it', async () => {
    expect(await client.ask('reg.read', { name: 'identity.vids' })).toMatchObject({
      words: [4096],
    });
    expect(await client.ask('reg.read', { name: 'slot[0]' })).toMatchObject({
      address: 0x2000,
      fields: { up: 1, port: 1, line_port: 0, epoch: 1 },
    });
    const port = await client.ask('reg.read', { name: 'port[1].mac' });
    expect(port.fields).toEqual({ mac: 0x02766c000001 });
    const written = await client.ask('reg.write', { name: 'vid_row[2].active', value: 5 });
    expect(written.fields).toEqual({ active: 5 });
    expect(await client.ask('verify', {})).toEqual({
      mismatches: [
        {
          table: 'vid_row',
          index: 2,
          fields: ['active'],
          expected: { active: 0, backup: 1, backup_in_sync: 0, valid: 1 },
          found: { active: 5, backup: 1, backup_in_sync: 0, valid: 1 },
        },
      ],
    });
    const prefix = await client.ask('reg.write', { name: 'prefix[7]', value: { mask: '0xff' } });
    expect(prefix.fields?.mask).toBe(255);
  });

  it.each([
    [
      'reg.read',
      { name: 'identity.vid' },
      /"identity.vid" is no register; there are identity.magic/,
    ],
    ['reg.read', { name: 'nothing[3]' }, /is no register; .*vid_row\[n\]/],
    ['reg.read', { name: 'slot[64]' }, /slot\[64\]: this card has 0 to 63/],
    ['reg.read', { name: 'slot[1].colour' }, /slot has no field colour/],
    ['reg.write', { name: 'slot[1]', value: 3 }, /say which field; it has up, port/],
    ['reg.write', { name: 'slot[1].epoch', value: 256 }, /256 does not fit into 8 bits/],
    ['reg.write', { name: 'identity.magic', value: 1 }, /can only be read/],
    ['reg.write', { name: 'ends[1]', value: 1 }, /counters cannot be written/],
    ['reg.write', { name: 'control.control', value: 2 ** 40 }, /is no 32-bit number/],
    ['vid.assign', { owner: 'x' }, /give count or vids/],
    ['vid.release', { vid: 70000 }, /vid.release.vid/],
    ['slot.down', { slot: 'one' }, /slot.down.slot/],
  ] as const)('refuses %s %j as usage', async (verb, args, message) => {
    const error = await client.ask(verb, args as never).catch((caught: Error) => caught);
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
  });

  it('tells what cannot be done from what was asked wrongly', async () => {
    await expect(client.ask('vid.release', { vid: 3999 })).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('VID 3999 is not assigned'),
    });
    await expect(client.ask('dance' as 'status', {})).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(/no verb "dance"; there are status, vid.list/),
    });
  });

  it('outlives a client that talks nonsense', async () => {
    const raw = connect(socket.path);
    const answers: string[] = [];
    raw.on('data', (bytes) => answers.push(...bytes.toString().trim().split('\n')));
    raw.write('nonsense\n{"id":1}\n\n{"id":2,"verb":"vid.lookup","args":{"vid":0}}\n');
    while (answers.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(answers.map((line) => JSON.parse(line))).toMatchObject([
      { id: null, error: { kind: 'usage' } },
      { id: null, error: { kind: 'usage' } },
      { id: 2, result: { vid: 0 } },
    ]);
    const ended = new Promise((resolve) => raw.once('close', resolve));
    raw.on('error', () => {});
    raw.write('x'.repeat(3 << 20));
    await ended;
    expect(await client.ask('vid.lookup', { vid: 0 })).toMatchObject({ vid: 0 });
  });

  it('tells a client that there is no switch processor, or no more', async () => {
    const nowhere = ControlClient.connect(join(folder, 'nowhere.sock'));
    await expect(nowhere).rejects.toThrow(NoSwitchProcessorError);
    const plain = join(folder, 'plain');
    writeFileSync(plain, '');
    await expect(ControlClient.connect(plain)).rejects.toThrow(/no switch processor at/);
    const open = client.ask('vid.move', { vid: 0, to: 'sip-2' });
    const fails = expect(open).rejects.toThrow(/closed the socket/);
    await socket.close();
    await fails;
    await expect(client.ask('status', {})).rejects.toThrow(NoSwitchProcessorError);
  });
});
