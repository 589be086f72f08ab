import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VidError, VidManager } from '../../../host/switch/vid-manager.ts';

const SLOTS: Record<string, number> = { a: 1, b: 2, c: 3, d: 4 };
const slotOf = (name: string) => SLOTS[name];
const among = (names: readonly string[]) => () => names.map((name) => ({ name, spare: 1 }));

describe('VidManager', () => {
  it('assigns the lowest free VIDs and looks up both ways (G6)', () => {
    const vids = new VidManager({ first: 2, last: 20 });
    expect(vids.assign('a', 3)).toEqual([2, 3, 4]);
    expect(vids.assign('b', 2)).toEqual([5, 6]);
    vids.release(3);
    expect(vids.assign('b', 2)).toEqual([3, 7]);
    expect(vids.vidsOf('b')).toEqual([3, 5, 6, 7]);
    expect(vids.lookup(4)?.owner).toBe('a');
    expect(vids.lookup(20)).toBeUndefined();
  });

  it('refuses with VID, holder and remedy', () => {
    const vids = new VidManager({ first: 0, last: 3 });
    vids.assign('a', 3);
    expect(() => vids.assign('b', 2)).toThrow(/b wants 2 VIDs and 1 of 0 to 3 are free; release/);
    expect(() => vids.claim('b', [3, 1])).toThrow(
      /VID 1 is held by a, so b cannot have it; release it there \(vidline vid release 1\)/,
    );
    expect(vids.lookup(3), 'all or none').toBeUndefined();
    expect(() => vids.claim('b', [4])).toThrow(/VID 4 lies outside of 0 to 3/);
    expect(() => vids.release(3)).toThrow(/VID 3 is not assigned/);
    expect(() => vids.setBackup(1, 'a')).toThrow(/cannot back itself up/);
    expect(() => vids.setBackup(1, undefined, true)).toThrow(VidError);
    expect(() => new VidManager({ first: 5, last: 4 })).toThrow(RangeError);
  });

  it('projects rows through slots (G7)', () => {
    const vids = new VidManager({ first: 0, last: 9 });
    vids.assign('a', 1);
    expect(vids.rowEntry(0, slotOf)).toEqual({ active: 1, backup: 0, backup_in_sync: 0, valid: 1 });
    vids.setBackup(0, 'b', true);
    expect(vids.rowEntry(0, slotOf)).toEqual({ active: 1, backup: 2, backup_in_sync: 1, valid: 1 });
    // A backup without a slot is none; an owner without one has no row.
    expect(vids.rowEntry(0, (name) => (name === 'a' ? 1 : undefined)).backup_in_sync).toBe(0);
    expect(vids.rowEntry(0, () => undefined).valid).toBe(0);
    expect(vids.rowEntry(5, slotOf).valid).toBe(0);
  });

  it('a move makes the state that the backup holds void', () => {
    const vids = new VidManager({ first: 0, last: 9 });
    vids.assign('a', 1);
    vids.setBackup(0, 'b', true);
    const { term = 0 } = vids.lookup(0) ?? {};
    const moved = vids.move(0, 'b');
    expect(moved).toMatchObject({ vid: 0, owner: 'b', backup: undefined, inSync: false });
    expect(moved.term).toBeGreaterThan(term);
    expect([vids.vidsOf('a'), vids.vidsOf('b')]).toEqual([[], [0]]);
  });

  it('tells once which rows changed, and each processor by a number that rises', () => {
    const vids = new VidManager({ first: 0, last: 9 });
    vids.assign('a', 2);
    vids.assign('b', 1);
    expect(vids.takeChanged()).toEqual([0, 1, 2]);
    expect(vids.takeChanged()).toEqual([]);
    const [a, b] = [vids.numberOf('a'), vids.numberOf('b')];
    vids.setBackup(0, 'b');
    expect(vids.numberOf('a')).toBeGreaterThan(a);
    expect(vids.numberOf('b')).toBeGreaterThan(b);
    expect(vids.takeChanged()).toEqual([0]);
    const now = vids.numberOf('b');
    vids.setBackup(0, 'b', true);
    expect(vids.numberOf('b'), 'its list is the same').toBe(now);
    vids.touch('b');
    expect(vids.takeChanged()).toEqual([0, 2]);
  });

  it('spreads the backups of a processor evenly over the others (G9)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 20 }), (n, count) => {
        const names = Array.from({ length: n }, (_, i) => `p${i}`);
        const vids = new VidManager({ first: 0, last: 500 });
        for (const name of names) vids.assign(name, count);
        vids.spreadBackups(among(names));
        for (const name of names) {
          const by = new Map<string, number>();
          for (const vid of vids.vidsOf(name)) {
            const backup = vids.lookup(vid)?.backup ?? '';
            expect(backup).not.toBe(name);
            expect(names).toContain(backup);
            by.set(backup, (by.get(backup) ?? 0) + 1);
          }
          const counts = [...by.values()];
          if (count >= n - 1) expect(by.size).toBe(n - 1);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('leaves backups in sync where they are, and takes away those that are gone', () => {
    const vids = new VidManager({ first: 0, last: 9 });
    vids.assign('a', 4);
    vids.spreadBackups(among(['a', 'b']));
    vids.setBackup(1, 'b', true);
    vids.spreadBackups(among(['a', 'b', 'c']));
    expect([0, 1, 2, 3].map((vid) => vids.lookup(vid)?.backup)).toEqual(['b', 'b', 'c', 'c']);
    vids.spreadBackups(among(['a']));
    expect(vids.list().every(({ backup, inSync }) => backup === undefined && !inSync)).toBe(true);
  });

  it('chooses backups in proportion to what others have to spare', () => {
    const vids = new VidManager({ first: 0, last: 99 });
    vids.assign('a', 60);
    const spare: Record<string, number> = { a: 500, b: 300, c: 200, d: 100 };
    vids.spreadBackups(() => Object.entries(spare).map(([name, n]) => ({ name, spare: n })));
    const counts = ['b', 'c', 'd'].map((name) => vids.backupVidsOf(name).length);
    expect(counts).toEqual([30, 20, 10]);
  });

  it('gives the VIDs of a dead processor to the backups that have their state, and knows whose they are', () => {
    const vids = new VidManager({ first: 0, last: 9 });
    vids.assign('a', 4);
    vids.assign('b', 1);
    vids.setBackup(0, 'b', true);
    vids.setBackup(1, 'c', true);
    vids.setBackup(2, 'b');
    vids.setBackup(4, 'a', true);
    vids.setNext(4, 'a');
    vids.takeChanged();
    expect(vids.fail('a', (name) => name === 'b')).toEqual([0]);
    expect(vids.list().map(({ owner, backup, inSync }) => [owner, backup, inSync])).toEqual([
      ['b', undefined, false], // in sync, and its backup lives
      ['a', 'c', false], // its backup is down, too
      ['a', 'b', false], // nobody has its state
      ['a', undefined, false],
      ['b', undefined, false], // whose backup it was, and was to be
    ]);
    expect(vids.takeChanged()).toEqual([0, 1, 4]);
    expect([vids.homeVidsOf('a'), vids.lookup(4)?.next]).toEqual([[0], undefined]);
    // A second death on the way home changes nothing about where home is.
    vids.setBackup(0, 'c', true);
    expect(vids.fail('b', () => true)).toEqual([0]);
    expect(vids.lookup(0)).toMatchObject({ owner: 'c', home: 'a' });
    expect(() => vids.claim('a', [0])).not.toThrow();
    vids.move(0, 'a');
    expect(vids.lookup(0)?.home).toBeUndefined();
  });

  it('knows where a VID is about to move: the copy there has a term of its own', () => {
    const vids = new VidManager({ first: 0, last: 9 });
    vids.assign('a', 1);
    vids.setBackup(0, 'b', true);
    const { term } = vids.require(0);
    expect(vids.setNext(0, 'c').next?.term).toBeGreaterThan(term);
    expect(vids.lookup(0)).toMatchObject({ owner: 'a', backup: 'b', inSync: true, term });
    expect(vids.backupVidsOf('c')).toEqual([0]);
    vids.setNext(0, undefined);
    expect(vids.backupVidsOf('c')).toEqual([]);
    expect(vids.setNext(0, 'b').next?.term, 'its backup has the copy already').toBe(term);
  });

  it('leaves a backup that is in sync in place until its successor is', () => {
    const vids = new VidManager({ first: 0, last: 9 });
    vids.assign('a', 4);
    const both = () => true;
    vids.spreadBackups(among(['a', 'b']), both);
    for (const vid of [0, 1, 2, 3]) vids.setBackup(vid, 'b', true);
    vids.spreadBackups(among(['a', 'b', 'c']), both);
    const rows = () => vids.list().map(({ backup, inSync, next }) => [backup, inSync, next?.name]);
    const before = [
      ['b', true, undefined],
      ['b', true, undefined],
      ['b', true, 'c'],
      ['b', true, 'c'],
    ];
    expect(rows()).toEqual(before);
    vids.spreadBackups(among(['a', 'b', 'c']), both);
    expect(rows(), 'what is under way is not begun again').toEqual(before);
    const term = vids.require(2).next?.term;
    vids.adoptBackup(2);
    expect(rows()[2]).toEqual(['c', true, undefined]);
    expect(vids.require(2).term).toBe(term);
    // Its successor is gone before it was one: the other stays.
    expect(vids.fail('c', both)).toEqual([]);
    expect(rows()[3]).toEqual(['b', true, undefined]);
  });

  it('comes back from its snapshot', () => {
    const vids = new VidManager({ first: 0, last: 9 });
    vids.assign('a', 2);
    vids.setBackup(0, 'b', true);
    const again = new VidManager({ first: 0, last: 9 });
    again.restore(vids.snapshot());
    expect(again.list()).toEqual(vids.list());
    again.setBackup(1, 'b');
    expect(again.require(1).term).toBeGreaterThan(vids.require(0).term);
    const smaller = new VidManager({ first: 1, last: 9 });
    expect(() => smaller.restore(vids.snapshot())).toThrow(/VID 0 lies outside/);
  });
});
