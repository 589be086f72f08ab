import { type Command, Option } from 'commander';
import { SimulationError } from '../../../sim/index.ts';
import type { Parameters } from '../../steering/service-file.ts';
import { ControlSocket } from '../../switch/control-socket.ts';
import { SELECTION_POLICIES, type SelectionPolicy } from '../../switch/selection.ts';
import type { SwitchProcessor } from '../../switch/switch-processor.ts';
import { loadState, saveState } from '../../switch/switch-state.ts';
import { CommandError, EXIT } from '../exit.ts';
import { parseParameters } from '../parameters.ts';
import { SIP_SERVICE, System } from '../system.ts';
import { parseNumber } from './socket.ts';

interface ServeOptions {
  readonly line: string[];
  readonly fabric: string[];
  readonly address: string[];
  readonly services?: string[];
  readonly set?: string[];
  readonly controlAddress?: string;
  readonly slotsPerPort: string;
  readonly vids?: string;
  readonly selection?: SelectionPolicy;
  readonly configuration: string;
  readonly heartbeat?: string;
  readonly heartbeatTimeout?: string;
  readonly state?: string;
  readonly socket?: string;
  readonly json?: boolean;
}

/** `vidline serve` */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('a simulated card on network interfaces, and its switch processor, until stopped')
    .requiredOption('--line <interface...>', 'towards clients')
    .requiredOption('--fabric <interface...>', 'towards processors')
    .requiredOption('--address <ip...>', 'virtual addresses, which the processors share')
    .option('--services <file...>', 'service files or folders (default: SIP over UDP)')
    .option(
      '--set <name=value...>',
      'parameters that the service files declare; commas make a list',
    )
    .option('--control-address <ip>', 'where processors reach the switch processor')
    .option('--slots-per-port <number>', 'processors behind each fabric interface', '1')
    .option('--vids <number>', 'VIDs that a processor gets which has none')
    .addOption(
      new Option('--selection <policy>', 'how a processor is chosen').choices(SELECTION_POLICIES),
    )
    .option('--configuration <name>', 'of hdl/configurations.yaml', 'sim')
    .option('--heartbeat <ms>', 'between heartbeats of a processor; 0: none are waited for')
    .option('--heartbeat-timeout <ms>', 'without one, until the card turns to the backups')
    .option('--state <file>', 'remember slots, epochs and VIDs over restarts')
    .option('--socket <path>', 'control socket (default: in XDG_RUNTIME_DIR, or a new folder)')
    .option('--json', 'one JSON object a line: ready, up, down, stale, refused')
    .action(async (options: ServeOptions) => {
      process.exitCode = await serve(options);
    });
}

/** Runs until a signal ends it, or the card fails. */
async function serve(options: ServeOptions): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  const tell = (event: string, words: string, values: object) => {
    if (options.json) process.stdout.write(`${JSON.stringify({ event, ...values })}\n`);
    else process.stderr.write(`${words}\n`);
  };
  // From before its start: a processor that answers at once is written down, too.
  const listen = (sp: SwitchProcessor) => {
    const { state } = options;
    if (state !== undefined) sp.on('changed', () => saveState(state, sp.snapshot()));
    sp.on('up', ({ slot, name, epoch }) =>
      tell('up', `${name} is up in slot ${slot}, epoch ${epoch}`, { slot, name, epoch }),
    );
    sp.on('down', ({ slot, name }, why) =>
      tell('down', `${name} in slot ${slot} is down: ${why}`, { slot, name, why }),
    );
    sp.on('slotEvent', ({ what, slot, epoch, why }) => {
      if (what === 'stale') tell('stale', `slot ${slot} (epoch ${epoch}): ${why}`, { slot, why });
    });
    sp.on('refused', (name, error) =>
      tell('refused', `${name} was refused: ${error.message}`, { name, why: error.message }),
    );
  };
  const system = await start(options, listen);
  let socket: ControlSocket | undefined;
  try {
    const sp = system.switch;
    const failed = new Promise<never>((_, reject) => void sp.once('failed', reject));
    socket = await ControlSocket.open(sp, options.socket ? { path: options.socket } : {});
    const { path } = socket;
    tell('ready', `control socket: ${path}\nCtrl-C ends it.`, { socket: path });
    await Promise.race([stopped, failed]);
    return EXIT.ok;
  } finally {
    await socket?.close();
    await system.close();
  }
}

async function start(
  options: ServeOptions,
  listen: (switchProcessor: SwitchProcessor) => void,
): Promise<System> {
  const perPort = parseNumber('--slots-per-port', options.slotsPerPort, 64);
  const interfaces = [...options.line, ...options.fabric];
  const firstFabric = options.line.length;
  const restore = options.state === undefined ? undefined : loadState(options.state);
  return System.start({
    listen,
    configuration: options.configuration,
    services: options.services ?? [SIP_SERVICE],
    parameters: parameters(options),
    ports: interfaces.map((_, port) => ({ port, role: port < firstFabric ? 'line' : 'fabric' })),
    slots: Array.from({ length: options.fabric.length * perPort }, (_, slot) => ({
      slot,
      port: firstFabric + Math.floor(slot / perPort),
      linePort: 0,
    })),
    virtualAddresses: options.address,
    ...(options.controlAddress === undefined ? {} : { controlAddress: options.controlAddress }),
    ...(options.selection === undefined ? {} : { selection: options.selection }),
    ...(options.vids === undefined
      ? {}
      : { vidsPerProcessor: parseNumber('--vids', options.vids, 0x10000) }),
    health: {
      ...(options.heartbeat === undefined
        ? {}
        : { interval: parseNumber('--heartbeat', options.heartbeat, 16_000) }),
      ...(options.heartbeatTimeout === undefined
        ? {}
        : { timeout: parseNumber('--heartbeat-timeout', options.heartbeatTimeout, 16_000) }),
    },
    ...(restore === undefined ? {} : { restore }),
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

function parameters({ set, address, services }: ServeOptions): Parameters {
  // Other service files may call it otherwise, or have none.
  const own: Parameters = services === undefined ? { address } : {};
  return { ...own, ...parseParameters(set) };
}
