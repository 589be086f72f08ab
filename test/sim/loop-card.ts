/** The stand-in of test/sim/rtl/loop_card.sv, so that the simulation is tested without the card. */
import { fileURLToPath } from 'node:url';
import type { SimulatedCardOptions, StandIn } from '../../sim/index.ts';
import { ensureBuilt, SimulatedCard } from '../../sim/index.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export const LOOP: StandIn = {
  name: 'loop',
  files: [path('../../hdl/generated/linecard_regs_pkg.sv'), path('rtl/loop_card.sv')],
  parameters: ['DATA_WIDTH', 'PORTS', 'QUEUE_BYTES', 'CONFIGURATION_ID', 'BUILD_ID'],
};

/** For beforeAll, whose time-out is meant for it. */
export async function build(configuration: string, trace = false): Promise<void> {
  await ensureBuilt({ configuration, trace, standIn: LOOP });
}

/** Registers of loop_card.sv that make the model stop. */
export const STOP = { fatal: 0xf00, assertion: 0xf04, stop: 0xf08, message: 0xf0c } as const;

/** Cards that a test file has opened, closed all at once. */
export class Cards {
  readonly #open: SimulatedCard[] = [];

  async open(options: Partial<SimulatedCardOptions> = {}): Promise<SimulatedCard> {
    const card = await SimulatedCard.open({
      configuration: 'sim',
      mode: 'lockstep',
      standIn: LOOP,
      ...options,
    });
    this.#open.push(card);
    return card;
  }

  async close(): Promise<void> {
    for (const card of this.#open.splice(0)) await card.close();
  }
}

/** Frames of growing length whose bytes tell them apart. */
export function numbered(count: number, from = 1): Buffer[] {
  return Array.from({ length: count }, (_, n) => {
    const frame = Buffer.alloc(from + n, n & 0xff);
    if (frame.length >= 4) frame.writeUInt32BE(n, 0);
    return frame;
  });
}
