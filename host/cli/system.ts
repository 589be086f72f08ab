import { fileURLToPath } from 'node:url';
import { Card, SerialTransport, SimulationTransport, type Transport } from '../../driver/index.ts';
import { type Board, SimulatedCard, type SimulatedCardOptions } from '../../sim/index.ts';
import { systemClock } from '../protocol/clock.ts';
import { GtpSetup } from '../setup/gtp.ts';
import { SipSetup } from '../setup/sip.ts';
import { loadServices, type Parameters } from '../steering/service-file.ts';
import type { SwitchProcessorOptions } from '../switch/switch-options.ts';
import { SwitchProcessor } from '../switch/switch-processor.ts';

/** GTP at a gateway's address, for the demo of gateways. */
export const GTP_SERVICE = fileURLToPath(new URL('../services/gtp.yaml', import.meta.url));
/** SIP over UDP, as the demo and `vidline serve` use it unless told otherwise. */
export const SIP_SERVICE = fileURLToPath(new URL('../services/sip.yaml', import.meta.url));

export interface SwitchOptions
  extends Omit<SwitchProcessorOptions, 'card' | 'services' | 'handlers' | 'clock'> {
  /** Service files or folders. */
  readonly services: readonly string[];
  readonly parameters?: Parameters;
  /**
   * GTP's restart counter of all gateways as one node, where no state is restored that has it. Default: the
   * time in seconds, modulo 256, so that it goes up although nothing remembers it. A peer that has not
   * asked for longer than half of that has given the path up (TS 23.007 §20).
   */
  readonly restartCounter?: number;
  /** Is given the switch processor before it starts, so that no event of its is missed. */
  readonly listen?: (switchProcessor: SwitchProcessor) => void;
}

export interface SystemOptions extends SwitchOptions {
  /** Of hdl/configurations.yaml. */
  readonly configuration: string;
  /** Puts the card's ports on something, before the card is enabled. */
  readonly attach: (card: SimulatedCard) => Promise<void>;
  /** Deliver each frame with its decision; costs a copy of each. */
  readonly observe?: boolean;
  readonly trace?: NonNullable<SimulatedCardOptions['trace']>;
  /** A board's core, its pins simulated one by one, with the driver on its serial line. */
  readonly board?: Board;
  /** Puts something between the driver and the card. */
  readonly through?: (transport: Transport) => Promise<Transport>;
}

/** Starts the switch processor of a card, whatever leads to it. Rejects with what is wrong with the services. */
export async function startSwitch(
  card: Card,
  { services, parameters, listen, restartCounter = secondsNow() & 0xff, ...rest }: SwitchOptions,
): Promise<{ readonly card: Card; readonly switch: SwitchProcessor }> {
  const now = () => systemClock.now();
  const switchProcessor = new SwitchProcessor({
    ...rest,
    card,
    services: loadServices(services, parameters),
    handlers: [new SipSetup({ now }), new GtpSetup({ now, restartCounter })],
  });
  listen?.(switchProcessor);
  await switchProcessor.start();
  return { card, switch: switchProcessor };
}

const secondsNow = (): number => Math.floor(Date.now() / 1000);

/** A simulated card and the switch processor that drives it, in one process. */
export class System {
  readonly simulated: SimulatedCard;
  readonly card: Card;
  readonly switch: SwitchProcessor;
  readonly #transport: Transport;

  private constructor(
    simulated: SimulatedCard,
    transport: Transport,
    card: Card,
    switchProcessor: SwitchProcessor,
  ) {
    this.simulated = simulated;
    this.#transport = transport;
    this.card = card;
    this.switch = switchProcessor;
  }

  /** Rejects with what is wrong with the services, the simulation, or the ports. */
  static async start(options: SystemOptions): Promise<System> {
    const { configuration, trace, observe = false, board, attach, through, ...rest } = options;
    loadServices(rest.services, rest.parameters); // before a simulation is built for nothing
    const simulated = await SimulatedCard.open({
      configuration,
      mode: 'live',
      observe,
      ...(trace === undefined ? {} : { trace }),
      ...(board === undefined ? {} : { board }),
    });
    try {
      await attach(simulated);
      const transport = board
        ? await SerialTransport.open({
            path: await simulated.attachSerial(),
            baudRate: board.baud,
          })
        : new SimulationTransport(simulated);
      const { card, switch: switchProcessor } = await startSwitch(
        await Card.attach((await through?.(transport)) ?? transport),
        {
          ...rest,
          // Between its pins a running simulation leaves no gap inside a frame, so none needs to be stored first.
          ports: rest.ports.map((port) => ({ cutThrough: board === undefined, ...port })),
        },
      );
      return new System(simulated, transport, card, switchProcessor);
    } catch (error) {
      await simulated.close();
      throw error;
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.switch.close();
    await this.#transport.close();
    await this.simulated.close();
  }
}
