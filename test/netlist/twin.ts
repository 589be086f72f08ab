/** The RTL and the netlist as one card: each call goes to both, and what they answer must be the same. */
import { isDeepStrictEqual } from 'node:util';
import { SimulatedCard, type SimulatedCardOptions, type StandIn } from '../../sim/index.ts';
import { Mismatch, show } from '../fuzz/mismatch.ts';

/** Calls whose answers are compared: reads, frames with their records and clocks, the clock itself. */
const COMPARED = [
  'access',
  'clocks',
  'decisions',
  'hostFrames',
  'received',
  'run',
  'runUntilIdle',
] as const satisfies readonly (keyof SimulatedCard)[];

const FORWARDED = [
  'attachMemory',
  'close',
  'inject',
  'removeAllListeners',
  'send',
  'setLink',
  'setPatterns',
  'setTime',
] as const satisfies readonly (keyof SimulatedCard)[];

const compared: readonly string[] = COMPARED;
const forwarded: readonly string[] = FORWARDED;

type Method = (...words: unknown[]) => unknown;

function same(name: string, rtl: unknown, netlist: unknown): void {
  if (isDeepStrictEqual(rtl, netlist)) return;
  const [from, to] = Array.isArray(rtl) && Array.isArray(netlist) ? differing(rtl, netlist) : [];
  const text = `RTL ${show(from ?? rtl)}\nnetlist ${show(to ?? netlist)}`;
  throw new Mismatch(`RTL and netlist, ${name}`, text);
}

/** The first entries that differ. */
function differing(rtl: readonly unknown[], netlist: readonly unknown[]): unknown[] {
  const at = rtl.findIndex((value, i) => !isDeepStrictEqual(value, netlist[i]));
  const place = at < 0 ? rtl.length : at;
  return [rtl[place], netlist[place]];
}

/** A card that is two; throws `Mismatch` from the call in which they differ. */
export async function openTwin(
  options: SimulatedCardOptions,
  netlist: StandIn,
): Promise<SimulatedCard> {
  const rtl = await SimulatedCard.open(options);
  const other = await SimulatedCard.open({ ...options, standIn: netlist });
  return new Proxy(rtl, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      const method = value as Method;
      if (!compared.includes(name) && !forwarded.includes(name)) return method.bind(target);
      return (...words: unknown[]) => {
        const first = method.apply(target, words);
        const second = (Reflect.get(other, name, other) as Method).apply(other, words);
        if (!compared.includes(name)) return first instanceof Promise ? both(first, second) : first;
        if (!(first instanceof Promise)) {
          same(name, first, second);
          return first;
        }
        return both(first, second).then(([one, two]) => {
          same(name, one, two);
          return one;
        });
      };
    },
  });
}

const both = (first: unknown, second: unknown) => Promise.all([first, second]);
