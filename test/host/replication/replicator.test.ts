import { describe, expect, it } from 'vitest';
import type { KeyedState } from '../../../host/replication/state.ts';
import { entriesOf, Network, type Node, STORM } from './network.ts';

const VIDS = [0, 1, 2];

/** Random changes of the VIDs that a node serves. */
function change(network: Network, { replicator }: Node, version: number): [number, string] {
  const { random } = network;
  const vid = random.pick(VIDS);
  const key = `s${random.below(50)}`;
  const value = random.chance(25) ? undefined : Buffer.from(`${version}-${random.below(1000)}`);
  replicator.change(vid, { key, value });
  return [vid, key];
}

const original = ({ replicator }: Node, vid: number) =>
  entriesOf(replicator.state(vid) as KeyedState | undefined);
const copied = ({ replicator }: Node, vid: number) =>
  entriesOf(replicator.copyOf(vid) as KeyedState | undefined);

describe('replication', () => {
  it('copies agree in the end, whatever the channel does, with changes going on all the while', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const network = new Network(seed, STORM);
      const owner = network.add(0);
      const backup = network.add(1);
      owner.replicator.assign(VIDS, []);
      backup.replicator.assign([], VIDS);
      for (let n = 0; n < 200; n++) change(network, owner, n);
      owner.replicator.copy(VIDS, 5, backup.peer, 'backup');
      for (let n = 0; n < 300; n++) {
        change(network, owner, n);
        await network.run(1);
      }
      await network.run(3000);
      for (const vid of VIDS) {
        expect(network.inSync(vid, 5), `seed ${seed}, VID ${vid}`).toBe(true);
        expect(copied(backup, vid)).toEqual(original(owner, vid));
        expect(original(owner, vid).length).toBeGreaterThan(5);
      }
      owner.replicator.check();
      await network.run(1000);
      expect(owner.lost).toEqual([]);
    }
  });

  it('a gated reply leaves when the backup has what caused it, and not before', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const network = new Network(seed, STORM);
      const owner = network.add(0);
      const backup = network.add(1);
      owner.replicator.assign(VIDS, []);
      backup.replicator.assign([], VIDS);
      owner.replicator.copy(VIDS, 1, backup.peer, 'backup');
      await network.run(500);
      expect(VIDS.every((vid) => network.inSync(vid, 1))).toBe(true);
      let left = 0;
      let waited = 0;
      for (let n = 0; n < 300; n++) {
        const vid = network.random.pick(VIDS);
        const entry = { key: `n${n}`, value: Buffer.from(`${n}`) };
        owner.replicator.change(vid, entry);
        let now = true;
        owner.replicator.reply(vid, 'session', () => {
          left++;
          if (!now) waited++;
          const copy = backup.replicator.copyOf(vid) as KeyedState;
          expect(copy.get(entry.key)?.toString(), `seed ${seed}, reply ${n}`).toBe(`${n}`);
        });
        now = false;
        let free = false;
        owner.replicator.reply(vid, 'user plane', () => {
          free = true;
        });
        expect(free, 'a free reply waits for nothing').toBe(true);
        await network.run(1);
      }
      await network.run(3000);
      expect([left, waited]).toEqual([300, 300]);
    }
  });

  it('a backup that begins anew in the middle catches up and says when', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const network = new Network(seed, STORM);
      const owner = network.add(0);
      const first = network.add(1);
      owner.replicator.assign(VIDS, []);
      first.replicator.assign([], VIDS);
      owner.replicator.copy(VIDS, 1, first.peer, 'backup');
      for (let n = 0; n < 100; n++) {
        change(network, owner, n);
        await network.run(1);
      }
      await network.run(network.random.below(400));
      const before = network.reports.length;
      // The same incarnation as far as anyone knows, with nothing in its memory.
      const second = network.add(1);
      second.replicator.assign([], VIDS);
      let held = 0;
      for (let n = 0; n < 100; n++) {
        change(network, owner, n);
        owner.replicator.reply(VIDS[0] ?? 0, 'session', () => held++);
        await network.run(1);
      }
      await network.run(4000);
      for (const vid of VIDS) {
        expect(network.inSync(vid, 1), `seed ${seed}, VID ${vid}`).toBe(true);
        expect(copied(second, vid)).toEqual(original(owner, vid));
        const said = network.reports.slice(before).filter(({ role }) => role === 'backup');
        expect(said.some((report) => report.vid === vid)).toBe(true);
      }
      expect(held, 'nothing is held for ever').toBe(100);
      expect([...owner.replicator.sources()][0]?.counters.restarts).toBeGreaterThan(0);
    }
  });

  it('until a new copy agrees, the one that agreed before is kept', async () => {
    const network = new Network(3);
    const owner = network.add(0);
    const backup = network.add(1);
    owner.replicator.assign([7], []);
    backup.replicator.assign([], [7]);
    for (let n = 0; n < 5000; n++) {
      owner.replicator.change(7, { key: `k${n}`, value: Buffer.from(`${n}`.padEnd(400)) });
    }
    owner.replicator.copy([7], 1, backup.peer, 'backup');
    await network.run(500);
    expect(copied(backup, 7)).toHaveLength(5000);
    owner.replicator.copy([7], 2, backup.peer, 'backup');
    let least = Infinity;
    for (let n = 0; n < 500 && !network.inSync(7, 2); n++) {
      least = Math.min(least, copied(backup, 7).length);
      await network.run(1);
    }
    expect(least).toBe(5000);
    expect(network.inSync(7, 2)).toBe(true);
  });

  it('who handed a VID over takes what comes late for no death of its new owner, and serves it when that is dead', async () => {
    const network = new Network(8);
    const old = network.add(0);
    const next = network.add(1);
    old.replicator.assign([7], []);
    old.replicator.change(7, { key: 'a', value: Buffer.from('1') });
    old.replicator.copy([7], 1, next.peer, 'next');
    await network.run(50);
    const packets: string[] = [];
    next.replicator.on('packet', (_vid, bytes) => packets.push(bytes.toString()));
    const handed = old.replicator.yield(7, 1, next.peer);
    await network.run(20);
    await handed;
    // The switch processor's word overtakes packets that wait to be read; the old owner is the backup by now.
    next.replicator.assign([7], []);
    next.replicator.copy([7], 2, old.peer, 'backup');
    old.replicator.assign([], [7]);
    await network.run(50);
    expect(old.replicator.copyOf(7)).toBeDefined();
    expect(old.replicator.arrives(7)).toBe('pass');
    old.replicator.pass(7, Buffer.from('late'));
    await network.run(20);
    expect(packets).toEqual(['late']);
    expect(next.replicator.served()).toEqual([7]);
    expect([old.replicator.served(), old.replicator.counters.takeovers]).toEqual([[], 0]);
    expect(network.inSync(7, 2)).toBe(true);
    // Later a packet says that the new owner is dead; so does the switch processor, at any time.
    await network.run(1000);
    expect(old.replicator.arrives(7)).toBe('serve');
    expect(old.replicator.counters.takeovers).toBe(1);
  });

  it('a copy that was falsified is found at the next comparison and made anew', async () => {
    const network = new Network(4);
    const owner = network.add(0);
    const backup = network.add(1);
    owner.replicator.assign([7], []);
    backup.replicator.assign([], [7]);
    owner.replicator.change(7, { key: 'a', value: Buffer.from('1') });
    owner.replicator.copy([7], 1, backup.peer, 'backup');
    await network.run(100);
    backup.replicator.copyOf(7)?.apply({ key: 'a', value: Buffer.from('2') });
    expect(owner.lost).toEqual([]);
    owner.replicator.check();
    await network.run(100);
    expect(owner.lost).toEqual(['7 1']);
    expect(network.inSync(7, 1)).toBe(true);
    expect(copied(backup, 7)).toEqual(original(owner, 7));
  });

  it('a backup that does not keep up is copied to anew, and no memory is filled for it', async () => {
    const network = new Network(5);
    const owner = network.add(0, 1, { limit: 50 });
    const backup = network.add(1);
    owner.replicator.assign([7], []);
    backup.replicator.assign([], [7]);
    owner.replicator.copy([7], 1, backup.peer, 'backup');
    await network.run(100);
    network.weather = { lost: 100, doubled: 0, delay: 0 };
    const source = [...owner.replicator.sources()][0];
    for (let n = 0; n < 2000; n++) {
      owner.replicator.change(7, { key: `k${n % 100}`, value: Buffer.alloc(500, n) });
      if (n % 50 === 0) await network.run(1);
      expect(source?.log.waiting).toBeLessThanOrEqual(51);
    }
    expect(owner.lost).toEqual(['7 1']);
    network.weather = STORM;
    await network.run(5000);
    expect(network.inSync(7, 1)).toBe(true);
    expect(copied(backup, 7)).toEqual(original(owner, 7));
  });

  it('what was held leaves when the switch processor has chosen another backup, or none', async () => {
    const network = new Network(6);
    const owner = network.add(0);
    const backup = network.add(1);
    owner.replicator.assign([7], []);
    backup.replicator.assign([], [7]);
    owner.replicator.copy([7], 1, backup.peer, 'backup');
    await network.run(100);
    network.weather = { lost: 100, doubled: 0, delay: 0 };
    let left = 0;
    owner.replicator.change(7, { key: 'a', value: Buffer.from('1') });
    owner.replicator.reply(7, 'session', () => left++);
    await network.run(1000);
    expect(left).toBe(0);
    owner.replicator.uncopy([7], 'backup');
    expect(left).toBe(1);
    owner.replicator.reply(7, 'session', () => left++);
    expect(left, 'there is nobody to wait for').toBe(2);
  });

  it('the owner dies: the word of the switch processor may come before any packet', async () => {
    const network = new Network(1, STORM);
    const owner = network.add(0);
    const backup = network.add(1);
    owner.replicator.assign(VIDS, []);
    backup.replicator.assign([], VIDS);
    owner.replicator.copy(VIDS, 1, backup.peer, 'backup');
    await network.run(500);
    owner.replicator.change(2, { key: 'k', value: Buffer.from('v') });
    await network.run(500);
    network.nodes.delete(0);
    backup.replicator.assign(VIDS, []);
    expect(backup.replicator.counters.takeovers).toBe(3);
    expect((backup.replicator.state(2) as KeyedState).get('k')?.toString()).toBe('v');
    // What comes then is of a VID that is served: it takes nothing over again.
    expect(VIDS.map((vid) => backup.replicator.arrives(vid))).toEqual(VIDS.map(() => 'serve'));
    expect(backup.replicator.counters.takeovers).toBe(3);
  });

  it('the owner dies: the first packet makes the backup the owner, with all that was acknowledged', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const network = new Network(seed, STORM);
      const owner = network.add(0);
      const backup = network.add(1);
      owner.replicator.assign(VIDS, []);
      backup.replicator.assign([], VIDS);
      owner.replicator.copy(VIDS, 1, backup.peer, 'backup');
      await network.run(500);
      const promised = new Map<string, string>();
      for (let n = 0; n < 200; n++) {
        const vid = network.random.pick(VIDS);
        const value = Buffer.from(`${n}`);
        owner.replicator.change(vid, { key: `k${n}`, value });
        owner.replicator.reply(vid, 'session', () => promised.set(`${vid} k${n}`, `${n}`));
        await network.run(1);
      }
      network.nodes.delete(0);
      expect(VIDS.map((vid) => backup.replicator.arrives(vid))).toEqual(VIDS.map(() => 'serve'));
      expect(backup.replicator.counters.takeovers).toBe(3);
      expect(promised.size).toBeGreaterThan(50);
      for (const [what, value] of promised) {
        const [vid = '', key = ''] = what.split(' ');
        const state = backup.replicator.state(Number(vid)) as KeyedState;
        expect(state.get(key)?.toString(), what).toBe(value);
      }
      // What the dead one's log still brings changes nothing.
      const sizes = VIDS.map((vid) => original(backup, vid).length);
      network.nodes.set(0, owner);
      await network.run(500);
      expect(VIDS.map((vid) => original(backup, vid).length)).toEqual(sizes);
    }
  });

  it('a hand-over takes each packet to exactly one owner that has the state', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const network = new Network(seed, STORM);
      const old = network.add(0);
      const next = network.add(1);
      const served: number[] = [];
      const serve = (node: Node, packet: number) => {
        served.push(packet);
        node.replicator.change(7, { key: `p${packet}`, value: Buffer.from([1]) });
      };
      next.replicator.on('packet', (vid, bytes) => {
        expect([vid, bytes.length]).toEqual([7, 4 + 2000]);
        expect(next.replicator.arrives(7)).toBe('serve');
        serve(next, bytes.readUInt32BE(0));
      });
      /** What a card would do whose row names `node`. */
      const bring = (node: Node, packet: number) => {
        const where = node.replicator.arrives(7);
        if (where === 'serve') return serve(node, packet);
        expect(where).toBe('pass');
        const bytes = Buffer.alloc(4 + 2000); // longer than a datagram
        bytes.writeUInt32BE(packet);
        node.replicator.pass(7, bytes);
      };
      old.replicator.assign([7], []);
      next.replicator.assign([], [7]);
      old.replicator.copy([7], 9, next.peer, 'next');
      let packet = 0;
      for (; packet < 300; packet++) {
        bring(old, packet);
        await network.run(1);
      }
      await network.run(1000);
      let handed = false;
      old.replicator.yield(7, 9, next.peer).then(() => {
        handed = true;
      });
      while (!handed) {
        bring(old, packet++);
        await network.run(1);
      }
      // The row is rewritten; some packets are still on their way to the old one.
      for (let n = 0; n < 100; n++) {
        bring(n < 20 && n % 3 === 0 ? old : next, packet++);
        await network.run(1);
        if (n === 10) {
          next.replicator.assign([7], []);
          old.replicator.assign([], []);
        }
      }
      await network.run(3000);
      expect(served.length).toBe(packet);
      expect(new Set(served).size).toBe(packet);
      expect(original(next, 7)).toHaveLength(packet);
      expect(old.replicator.counters.passed).toBeGreaterThan(5);
    }
  });

  it('replies of a new owner wait until the switch processor knows it; if it dies, the old one goes on', async () => {
    const network = new Network(7);
    const old = network.add(0);
    const next = network.add(1);
    old.replicator.assign([7], []);
    next.replicator.assign([], [7]);
    old.replicator.copy([7], 9, next.peer, 'next');
    await network.run(100);
    await Promise.all([old.replicator.yield(7, 9, next.peer), network.run(50)]);
    let left = 0;
    next.replicator.reply(7, 'session', () => left++);
    await network.run(50);
    expect(left).toBe(0);
    next.replicator.assign([7], []);
    expect(left).toBe(1);
    network.nodes.delete(1);
    expect(old.replicator.arrives(7)).toBe('pass');
    old.replicator.resume(7);
    expect(old.replicator.arrives(7)).toBe('serve');
    expect(next.replicator.arrives(8)).toBe('none');
  });
});
