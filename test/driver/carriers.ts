/** What can carry the driver's words to a simulated card: its pins in memory, or its serial line. */
import { SerialTransport, SimulationTransport, type Transport } from '../../driver/index.ts';
import { SimulatedCard } from '../../sim/index.ts';

/** The fastest that the line takes: a bit is four clocks. */
export const CLOCKS_PER_BIT = 4;
const CONFIGURATION = 'ecp5-25';

export interface Carried {
  readonly transport: Transport;
  /** Its ports, and its clock in lock-step, are the test's. */
  readonly simulated: SimulatedCard;
  readonly close: () => Promise<void>;
}

export interface Carrier {
  /** What its transports are called. */
  readonly name: RegExp;
  /** A card in lock-step that has just been reset. */
  readonly open: () => Promise<Carried>;
}

export async function openSerial(mode: 'lockstep' | 'live' = 'lockstep') {
  const simulated = await SimulatedCard.open({
    configuration: CONFIGURATION,
    mode,
    clocksPerBit: CLOCKS_PER_BIT,
  });
  const path = await simulated.attachSerial();
  const attach = () => SerialTransport.open({ path, baudRate: 3_000_000 }, { keepAlive: 0 });
  return { simulated, path, attach };
}

export const CARRIERS: Readonly<Record<'memory' | 'serial', Carrier>> = {
  memory: {
    name: /^sim:ecp5-25$/,
    open: async () => {
      const transport = await SimulationTransport.open({
        configuration: CONFIGURATION,
        mode: 'lockstep',
      });
      return { transport, simulated: transport.card, close: () => transport.close() };
    },
  },
  serial: {
    name: /^uart:\/dev\/pts\/\d+@3000000$/,
    open: async () => {
      const { simulated, attach } = await openSerial();
      const transport = await attach();
      const close = async () => {
        await transport.close();
        await simulated.close();
      };
      return { transport, simulated, close };
    },
  },
};
