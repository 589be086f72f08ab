import { describe, expect, it } from 'vitest';
import { copyTable } from '../../host/cli/commands/status.ts';
import type { CopyStatus } from '../../host/switch/replication-keeper.ts';

const copy = (vid: number, more: Partial<CopyStatus>): CopyStatus => ({
  ...{ vid, owner: 'gw-1', backup: 'gw-2', term: 1 },
  ...{ state: 'in sync', since: undefined, digest: undefined },
  ...more,
});
/** Each line without the spaces that align it. */
const lines = (copies: readonly CopyStatus[]) =>
  copyTable(copies).map((line) => line.trim().split(/ {2,}/));

describe("the copies in `vidline status`'s words", () => {
  it('say since when all VIDs of a line are in sync', () => {
    const copies = [
      copy(0, { since: '2026-03-01T09:59:59.000Z' }),
      copy(1, { since: '2026-03-01T10:00:01.000Z' }),
      copy(2, { since: '2026-03-01T10:00:00.000Z' }),
      copy(4, { owner: 'gw-2', backup: 'gw-1', state: 'copying' }),
      copy(5, { owner: 'gw-3', backup: undefined, state: 'none' }),
    ];
    expect(lines(copies)).toEqual([
      ['processor', 'backup', 'copy', 'since', 'VIDs'],
      ['gw-1', 'gw-2', 'in sync', '2026-03-01T10:00:01.000Z', '0-2'],
      ['gw-2', 'gw-1', 'copying', '–', '4'],
      ['gw-3', '–', 'none', '–', '5'],
    ]);
  });

  it('say nothing of a line with a VID that was called in sync by hand', () => {
    const copies = [copy(0, { since: '2026-03-01T10:00:00.000Z' }), copy(1, {})];
    expect(lines(copies)[1]).toEqual(['gw-1', 'gw-2', 'in sync', '–', '0-1']);
  });
});
