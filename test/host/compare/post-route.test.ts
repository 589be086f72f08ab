import { expect, it } from 'vitest';
import { buildId, readConfiguration } from '../../../hdl/configuration.ts';
import type { FpgaReport } from '../../../hdl/fpga-report.ts';
import { postRoute, rtlWords } from '../../../host/compare/post-route.ts';

const PRESENT = buildId(readConfiguration('ecp5-25')).toString(16).padStart(8, '0');

function report(board: string, worst: number, more: Partial<FpgaReport> = {}): FpgaReport {
  const use = { used: 1, of: 2 };
  return {
    schema: 'vidline.fpga/1',
    board,
    part: 'LFE5U-45F',
    package: 'CABGA381',
    speed: 6,
    configuration: 'ecp5-25',
    build: PRESENT,
    tools: [],
    misfit: null,
    fmax: { clk_core: { constraint: 62.5, worst, median: 70, seeds: [{ seed: 1, mhz: worst }] } },
    ...{ lut: use, ff: use, bram: use, dsp: use },
    path: null,
    bitstream: null,
    ...more,
  };
}

it('takes the fastest board of the configuration, at no more than it is run at', () => {
  const slow = report('slow', 50);
  const fast = report('fast', 80);
  const other = report('other', 90, { configuration: 'ecp5-85' });
  const full = report('full', 90, { misfit: 'full', fmax: {} });
  const clock = postRoute('ecp5-25', [slow, other, fast, full]);
  expect(clock).toEqual({
    ...{ board: 'fast', part: 'LFE5U-45F', build: PRESENT, current: true, mhz: 62.5 },
  });
  expect(postRoute('ecp5-25', [slow])?.mhz).toBe(50);
  expect(postRoute('sim', [slow, fast])).toBeUndefined();
  expect(postRoute('ecp5-25', [full])).toBeUndefined();
});

it('says which clock, that it is computed, and when its sources are not the present ones', () => {
  const now = rtlWords(postRoute('ecp5-25', [report('b', 60)]));
  expect(now).toMatch(/times are computed .* b \(LFE5U-45F\) has after routing, 60\.0 MHz/);
  expect(now).toContain('no hardware has shown them');
  const then = rtlWords(postRoute('ecp5-25', [report('b', 60, { build: '00000001' })]));
  expect(then).toContain('after routing, of earlier sources, 60.0 MHz');
  expect(rtlWords(undefined)).toContain('no post-route report, so no times');
});
