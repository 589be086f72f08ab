import type { Command } from 'commander';
import { SimulationError } from '../../../sim/index.ts';
import type { PortConfiguration } from '../../switch/switch-options.ts';
import type { SwitchProcessor } from '../../switch/switch-processor.ts';
import { CommandError, EXIT } from '../exit.ts';
import { addServingOptions, runServing, type ServingOptions, switchOptions } from '../serving.ts';
import { System } from '../system.ts';

interface ServeOptions extends ServingOptions {
  readonly line: string[];
  readonly fabric: string[];
  readonly configuration: string;
}

/** `vidline serve` */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('a simulated card on network interfaces, and its switch processor, until stopped')
    .requiredOption('--line <interface...>', 'towards clients')
    .requiredOption('--fabric <interface...>', 'towards processors')
    .requiredOption('--address <ip...>', 'virtual addresses, which the processors share')
    .option('--configuration <name>', 'of hdl/configurations.yaml', 'sim');
  addServingOptions(command).action(async (options: ServeOptions) => {
    process.exitCode = await runServing(options, (listen) => start(options, listen));
  });
}

async function start(
  options: ServeOptions,
  listen: (switchProcessor: SwitchProcessor) => void,
): Promise<System> {
  const interfaces = [...options.line, ...options.fabric];
  const ports: PortConfiguration[] = interfaces.map((_, port) => ({
    port,
    role: port < options.line.length ? 'line' : 'fabric',
  }));
  return System.start({
    ...switchOptions(options, ports),
    listen,
    configuration: options.configuration,
    attach: async (card) => {
      for (const [port, name] of interfaces.entries()) {
        await card.attachInterface(port, name).catch(notThere);
      }
    },
  });
}

/** An interface that does not exist or may not be read is a missing device, no fault of the model. */
function notThere(error: unknown): never {
  if (error instanceof SimulationError && error.code === 'SYSTEM') {
    throw new CommandError(EXIT.noDevice, error.message);
  }
  throw error;
}
