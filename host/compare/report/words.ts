/** What a comparison says in sentences, on the terminal and on pages. */
import type { Machine } from './machine.ts';
import type { CompareReport } from './report.ts';
import { rateText } from './tables.ts';

const count = (value: number) => value.toLocaleString('en-US');
const several = (value: number, what: string) => `${count(value)} ${what}${value === 1 ? '' : 's'}`;

export function verdict({ frames, mismatches, cut, lackedRoom }: CompareReport): string {
  const asked = frames - cut;
  const parts = [
    mismatches === 0
      ? `${several(asked, 'frame')}: RTL, C++ and TypeScript decided all of them alike.`
      : `${several(mismatches, 'frame')} of ${count(asked)} did not end alike in RTL, C++ and TypeScript.`,
  ];
  if (cut > 0)
    parts.push(
      `${several(cut, 'frame')} of the capture ${cut === 1 ? 'is' : 'are'} cut and decided by nobody.`,
    );
  if (lackedRoom > 0)
    parts.push(
      `${several(lackedRoom, 'fragment')} found no room in the card's ring, and some in the programs.`,
    );
  return parts.join(' ');
}

export function machineLine(machine: Machine): string {
  const { processor, cores, caches, memoryGiB, system, node, compiler, loadBefore } = machine;
  const parts = [`${processor}, ${several(cores, 'core')}`, ...caches, `${memoryGiB} GiB`];
  return `${parts.join(', ')}; ${system}, Node ${node}, ${compiler}; load before: ${loadBefore}`;
}

/** One line an engine: what it is, and what it came to. */
export function engineLines({ engines }: CompareReport): string[] {
  const { rtl, cpp, typescript, xdp, nftables } = engines;
  const speed = (rates: Readonly<Record<string, number>>) =>
    Object.entries(rates).map(
      ([name, rate]) => ` ${rateText(rate)} million frames a second and core (${name}).`,
    );
  const kernel = [xdp, nftables].flatMap((engine) =>
    engine === undefined
      ? []
      : [`${engine.what}${'skipped' in engine ? `: left out, ${engine.skipped}` : ''}.`],
  );
  return [
    rtl.what,
    `${cpp.what}${speed(cpp.megaframesPerSecond).join('')}`,
    `${typescript.what}${speed(typescript.megaframesPerSecond).join('')}`,
    ...kernel,
  ];
}
