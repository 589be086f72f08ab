import {
  type CounterSnapshot,
  type EndName,
  type OriginName,
  sumEnds,
} from '../../../driver/index.ts';
import { DROP_MEANINGS, type SimulationStatistics } from '../../../sim/index.ts';
import type { MappedRule } from '../../switch/service-map.ts';
import type { CallCounts } from './caller.ts';
import type { DemoReport, OriginAccount, ProcessorReport } from './report.ts';

export interface Observed {
  readonly network: DemoReport['network'];
  readonly transport?: 'serial';
  readonly timeScale?: number;
  readonly calls: CallCounts;
  readonly counters: CounterSnapshot;
  readonly statistics: SimulationStatistics;
  /** By index in the card. */
  readonly rules: readonly Pick<MappedRule, 'identifies'>[];
  /** The switch processor's own counts of what came to it. */
  readonly punted: { readonly inDialog: number };
  readonly processors: readonly Omit<ProcessorReport, 'packets'>[];
  readonly card: Omit<DemoReport['card'], 'clocks'>;
}

const ENDS: readonly EndName[] = ['steer', 'punt', 'host', 'slot', 'line', 'consume', 'drop'];

/** Puts together what card, switch processor, processors and client each know. */
export function summarise(observed: Observed): Omit<DemoReport, 'problems'> {
  const { counters, calls, statistics, processors, transport, timeScale } = observed;
  const count = (origin: OriginName, end: EndName) =>
    Number(sumEnds(counters, { origin, end }).packets);
  const account = (origin: OriginName): OriginAccount => ({
    received: Number(counters.received[origin]),
    ends: Object.fromEntries(ENDS.map((end) => [end, count(origin, end)])),
  });
  return {
    schema: 'vidline.demo/1',
    network: observed.network,
    ...(transport === undefined ? {} : { transport }),
    ...(timeScale === undefined ? {} : { timeScale }),
    calls: {
      attempted: calls.attempted,
      succeeded: calls.succeeded,
      failed: calls.failed,
      retransmissions: calls.retransmissions,
    },
    packets: {
      lineIn: Number(counters.received.line),
      steered: count('line', 'steer'),
      punted: count('line', 'punt'),
      injected: Number(counters.received.host),
      toLine: count('slot', 'line') + count('host', 'line'),
      dropped: dropped(counters),
    },
    inDialog: inDialog(observed),
    processors: processors.map((processor) => ({
      ...processor,
      packets: Number(counters.slots[processor.slot]?.sent.packets ?? 0n),
    })),
    card: { ...observed.card, clocks: statistics.clocks },
    accounting: {
      line: account('line'),
      slot: account('slot'),
      host: account('host'),
      inFlight: counters.inFlight + counters.held,
    },
    lost: lost(counters, statistics),
  };
}

/**
 * A request to a Contact that we issued is one that matches a rule that reads an identifier; such a
 * rule punts no set-ups here. The card counts them by rule, the switch processor by what it got:
 * the larger number stands, so that neither can hide one.
 */
function inDialog({ counters, rules, punted }: Observed): DemoReport['inDialog'] {
  let packets = 0;
  let toHost = 0;
  for (const [index, { identifies }] of rules.entries()) {
    const hits = counters.rules[index];
    if (!identifies || hits === undefined) continue;
    // What was refused on its way to the host was no packet of a standing session either.
    const punts = hits.punted.packets + hits.policed.packets + hits.hostShare.packets;
    packets += Number(hits.others.packets + punts);
    toHost += Number(punts);
  }
  return { packets, punted: Math.max(toHost, punted.inDialog) };
}

/** Drops of all origins by reason. */
function dropped({ ends }: CounterSnapshot): Record<string, number> {
  const drops: Record<string, number> = {};
  for (const { end, reason, packets } of ends) {
    if (end === 'drop') drops[reason] = (drops[reason] ?? 0) + Number(packets);
  }
  return drops;
}

/** Frames that were lost before or behind the card's pipeline, by port and cause. */
function lost(counters: CounterSnapshot, { ports, unattached }: SimulationStatistics) {
  const losses: Record<string, number> = {};
  const note = (what: string, count: number) => {
    if (count > 0) losses[what] = count;
  };
  for (const [port, entry] of counters.ports.entries()) {
    note(`port ${port} receive buffer`, Number(entry.lost));
  }
  for (const [port, { drops }] of ports.entries()) {
    for (const cause of Object.keys(DROP_MEANINGS) as (keyof typeof DROP_MEANINGS)[]) {
      note(`port ${port} ${cause}`, drops[cause] ?? 0);
    }
  }
  note('port not attached', unattached);
  return losses;
}
