import { describe, expect, it } from 'vitest';
import { fetchList, fetchLists } from '../../../host/processor/vid-lists.ts';
import { ManualClock } from '../../../host/protocol/clock.ts';
import { buildControl, pageOf, parseControl } from '../../../host/protocol/control.ts';
import { ControlAsker } from '../../../host/protocol/control-asker.ts';

interface Lists {
  readonly assignment: number;
  readonly active: readonly number[];
  readonly backup: readonly number[];
}

/** Answers each question from the next of these states; the last one stays. */
function switchProcessor(states: readonly Lists[]): { asker: ControlAsker; asked: () => number } {
  let asked = 0;
  const asker: ControlAsker = new ControlAsker('test', new ManualClock(), (payload) => {
    const message = parseControl(payload);
    if (!('request' in message) || message.request.type !== 'vids') throw new Error('what?');
    const state = states[Math.min(asked++, states.length - 1)] as Lists;
    const { list, from } = message.request;
    const page = pageOf(state[list], from);
    const reply = { type: 'vids', assignment: state.assignment, page } as const;
    const answer = parseControl(buildControl({ v: 1, id: message.id, reply }));
    queueMicrotask(() => void ('reply' in answer && asker.answer(answer)));
  });
  return { asker, asked: () => asked };
}

/** So many VIDs that their runs take several pages. */
const scattered = (count: number) => Array.from({ length: count }, (_, n) => n * n);

describe('lists of VIDs', () => {
  it('are never of two times: a VID that moves meanwhile is in one of them', async () => {
    const before = { assignment: 1, active: [1], backup: [2, 3] };
    const after = { assignment: 2, active: [1, 2, 3], backup: [] };
    const { asker } = switchProcessor([before, after]);
    expect(await fetchLists(asker, 'p')).toEqual({
      assignment: 2,
      vids: [1, 2, 3],
      backupVids: [],
    });
  });

  it('come in pages of one assignment, also where the first page is there already', async () => {
    const old = { assignment: 1, active: scattered(40), backup: [] };
    const now = { assignment: 2, active: scattered(60), backup: [] };
    const { asker, asked } = switchProcessor([old, old, now]);
    const first = { assignment: 1, page: pageOf(old.active, 0) };
    expect(first.page.next).toBeGreaterThan(0);
    expect(await fetchList(asker, 'p', 'active', first)).toEqual({
      assignment: 2,
      vids: scattered(60),
    });
    expect(asked()).toBeGreaterThan(5);
    const short = { assignment: 7, page: pageOf([4, 5], 0) };
    const count = asked();
    expect(await fetchList(asker, 'p', 'active', short)).toEqual({ assignment: 7, vids: [4, 5] });
    expect(asked(), 'nothing was left to ask').toBe(count);
  });
});
