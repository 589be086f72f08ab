import type { Command } from 'commander';
import {
  Card,
  MAC_FAULTS,
  type MacFault,
  type MacState,
  parseSerialAddress,
  SerialTransport,
} from '../../../driver/index.ts';
import type { PortConfiguration } from '../../switch/switch-options.ts';
import { CommandError, EXIT } from '../exit.ts';
import {
  addServingOptions,
  runServing,
  type ServingOptions,
  switchOptions,
  teller,
} from '../serving.ts';
import { startSwitch } from '../system.ts';
import { parseNumber } from './socket.ts';

interface AttachOptions extends ServingOptions {
  readonly card: string;
  readonly line: string[];
  readonly fabric?: string[];
}

/** `vidline attach` */
export function addAttach(program: Command): void {
  const command = program
    .command('attach')
    .description('the switch processor of a card on a serial port, until stopped')
    .requiredOption('--card <uart:PATH@BAUD>', 'such as uart:/dev/ttyUSB0@3000000')
    .option('--address <ip...>', 'virtual addresses; without any, says who the card is and ends')
    .option('--line <port...>', 'ports towards clients', ['0'])
    .option('--fabric <port...>', 'ports towards processors (default: all others)');
  addServingOptions(command).action(async (options: AttachOptions) => {
    process.exitCode = await attach(options);
  });
}

async function attach(options: AttachOptions): Promise<number> {
  const address = parseAddress(options.card);
  const transport = await SerialTransport.open(address);
  try {
    const card = await Card.attach(transport);
    const { sizes, buildId, configuration } = card.identity;
    const build = buildId.toString(16).padStart(8, '0');
    teller(options)(
      'card',
      `${transport.name}: a card with ${sizes.ports} ports, ${sizes.slots} slots and ${sizes.vids} VIDs ` +
        `(configuration ${configuration}, build ${build})`,
      { card: transport.name, configuration, build, sizes },
    );
    for (const [port, mac] of (await card.macs()).entries())
      if (mac) teller(options)('port', macWords(port, mac), { port, ...mac });
    if (options.address === undefined) return EXIT.ok;
    return await runServing(options, async (listen) => {
      const { switch: switchProcessor } = await startSwitch(card, {
        ...switchOptions(options, roles(options, sizes.ports)),
        listen,
      });
      return { switch: switchProcessor, close: () => switchProcessor.close() };
    });
  } finally {
    await transport.close();
  }
}

/** Link, speed, and what was wrong so far. */
function macWords(port: number, { kind, link, speed, fullDuplex, faults }: MacState): string {
  const line = `port ${port}: ${kind}, ${speed} Mb/s ${fullDuplex ? 'full' : 'half'} duplex, link ${link ? 'up' : 'DOWN'}`;
  const half = fullDuplex ? [] : ['half duplex is not served: frames will collide'];
  const seen = (Object.keys(MAC_FAULTS) as MacFault[])
    .filter((fault) => faults[fault] > 0)
    .map((fault) => `${faults[fault]} frames ${MAC_FAULTS[fault]}`);
  return [line, ...half, ...seen].join('; ');
}

function parseAddress(text: string): ReturnType<typeof parseSerialAddress> {
  try {
    return parseSerialAddress(text);
  } catch (error) {
    throw new CommandError(EXIT.badInput, (error as Error).message);
  }
}

function roles({ line, fabric }: AttachOptions, ports: number): PortConfiguration[] {
  const number = (flag: string) => (text: string) => parseNumber(flag, text, ports - 1);
  const lines = line.map(number('--line'));
  const fabrics =
    fabric?.map(number('--fabric')) ??
    Array.from({ length: ports }, (_, port) => port).filter((port) => !lines.includes(port));
  const both = lines.find((port) => fabrics.includes(port));
  if (both !== undefined)
    throw new CommandError(EXIT.badInput, `port ${both} is either --line or --fabric`);
  return [
    ...lines.map((port) => ({ port, role: 'line' as const })),
    ...fabrics.map((port) => ({ port, role: 'fabric' as const })),
  ];
}
