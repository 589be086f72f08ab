/** What `vidline decide` says to people: progress, and the summary of more than a test capture holds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Progress } from '../../host/cli/decide/progress.ts';
import { summaryText } from '../../host/cli/decide/summary.ts';
import type { FrameReport } from '../../host/compare/frame-report.ts';
import { Tally } from '../../host/compare/tally.ts';

describe('progress', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vidline-progress-'));
    path = join(folder, 'capture');
    writeFileSync(path, Buffer.alloc(1000));
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What is written while 6,400 frames come in so many seconds, with 370 of 1,000 bytes read. */
  function written(isTTY: boolean, seconds: number): string[] {
    const lines: string[] = [];
    const out = { isTTY, write: (text: string) => lines.push(text) };
    const progress = new Progress(path, out as unknown as NodeJS.WriteStream);
    vi.advanceTimersByTime(60_000); // a card is built
    progress.read(370);
    for (let frame = 0; frame < 6400; frame++) {
      progress.frame();
      vi.advanceTimersByTime((1000 * seconds) / 6400);
    }
    progress.end();
    progress.end();
    return lines;
  }

  it('is a line every five seconds in a log', () => {
    const lines = written(false, 12);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^2,\d{3} frames, 37 % of the file read, 5 s, 53\d frames\/s\n$/);
  });

  it('is one line on a terminal, which goes at the end', () => {
    const lines = written(true, 12);
    expect(lines.length).toBeGreaterThan(30);
    expect(lines.at(-1)).toBe('\r\x1b[K');
    const inPlace = lines.filter((line) => line.startsWith('\r') && line.endsWith('\x1b[K'));
    expect(inPlace).toEqual(lines);
  });

  it('is nothing for what takes a moment', () => {
    expect(written(false, 1)).toEqual([]);
    expect(written(true, 0.1)).toEqual([]);
  });
});

describe('a summary', () => {
  const steered = (slot: number): FrameReport => ({
    ...{ frame: 1, end: 'steer', reason: 'steer_active', service: 'gtp', rule: 'user' },
    ...{ key: '0x00050007', vid: slot, slot, clocks: 40 + slot },
  });

  it('names sixteen slots and sums up the others', () => {
    const tally = new Tally();
    for (let slot = 0; slot < 20; slot++) tally.add(steered(slot));
    for (let n = 0; n < 1000; n++) tally.add({ ...steered(n < 3 ? 18 : 3), clocks: null });
    const setting = { configuration: 'sim', dataWidth: 64, vids: 65_536, withoutRoom: 2 };
    const text = summaryText(tally, setting);
    expect(text).toMatch(/^1,020 frames on card sim/);
    expect(text).toMatch(/│ 3 +│ +998 │/);
    expect(text).toMatch(/│ 4 others +│ +7 │/);
    expect(text).not.toMatch(/│ 16 /);
    expect(text).toMatch(/first beat to its end: least 40, mean 49\.5, most 59/);
    expect(text).toMatch(/2 frames found no room in the override table/);
  });
});
