/** The set-up handler of `counter-server.ts`: any processor may open a session. */
import { parseUdpFrame } from '../../../host/protocol/udp.ts';
import type {
  Occupant,
  PuntedFrame,
  Recognition,
  Selection,
  Setup,
  SetupHandler,
} from '../../../host/setup/handler.ts';
import { SERVICE } from './counter-server.ts';

export class CounterSetup implements SetupHandler {
  readonly service = SERVICE;
  readonly #known = new Map<string, Occupant>();

  recognise({ data, cause }: PuntedFrame, alive: (occupant: Occupant) => boolean): Recognition {
    const text = parseUdpFrame(data)?.payload.toString() ?? '';
    if (cause !== 'setup' || !text.startsWith('new ')) return { kind: 'drop', reason: cause };
    const occupant = this.#known.get(text);
    if (occupant !== undefined && alive(occupant)) {
      return { kind: 'known', what: 'new', transaction: text, occupant };
    }
    return { kind: 'setup', what: 'new', transaction: text, size: 1 };
  }

  choose<T extends Occupant>(
    setup: Setup,
    candidates: readonly T[],
    selection: Selection,
  ): T | undefined {
    return selection.choose(candidates, setup.size);
  }

  forward({ data }: PuntedFrame, { transaction }: { transaction: string }, to: Occupant): Buffer {
    this.#known.set(transaction, to);
    return data;
  }

  refuse(): { kind: 'drop'; reason: string } {
    return { kind: 'drop', reason: 'no_processor' };
  }

  observe(): number {
    return 0;
  }

  status(): Record<string, number> {
    return { known: this.#known.size };
  }
}
