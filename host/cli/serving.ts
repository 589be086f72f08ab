/** What `serve` and `attach` share: the options of a switch processor, and running one until it is stopped. */
import { type Command, Option } from 'commander';
import type { Parameters } from '../steering/service-file.ts';
import { ControlSocket } from '../switch/control-socket.ts';
import { SELECTION_POLICIES, type SelectionPolicy } from '../switch/selection.ts';
import type { PortConfiguration } from '../switch/switch-options.ts';
import type { SwitchProcessor } from '../switch/switch-processor.ts';
import { loadState, saveState } from '../switch/switch-state.ts';
import { parseNumber } from './commands/socket.ts';
import { EXIT } from './exit.ts';
import { parseParameters } from './parameters.ts';
import { SIP_SERVICE, type SwitchOptions } from './system.ts';

export interface ServingOptions {
  readonly address?: string[];
  readonly services?: string[];
  readonly set?: string[];
  readonly controlAddress?: string;
  readonly slotsPerPort: string;
  readonly vids?: string;
  readonly selection?: SelectionPolicy;
  readonly heartbeat?: string;
  readonly heartbeatTimeout?: string;
  readonly state?: string;
  readonly socket?: string;
  readonly json?: boolean;
}

export function addServingOptions(command: Command): Command {
  return command
    .option('--services <file...>', 'service files or folders (default: SIP over UDP)')
    .option(
      '--set <name=value...>',
      'parameters that the service files declare; commas make a list',
    )
    .option('--control-address <ip>', 'where processors reach the switch processor')
    .option('--slots-per-port <number>', 'processors behind each fabric port', '1')
    .option('--vids <number>', 'VIDs that a processor gets which has none')
    .addOption(
      new Option('--selection <policy>', 'how a processor is chosen').choices(SELECTION_POLICIES),
    )
    .option('--heartbeat <ms>', 'between heartbeats of a processor; 0: none are waited for')
    .option('--heartbeat-timeout <ms>', 'without one, until the card turns to the backups')
    .option('--state <file>', 'remember slots, epochs and VIDs over restarts')
    .option('--socket <path>', 'control socket (default: in XDG_RUNTIME_DIR, or a new folder)')
    .option('--json', 'one JSON object a line: ready, up, down, stale, refused');
}

/** One line on standard output with --json, words on standard error without. */
export const teller =
  ({ json }: Pick<ServingOptions, 'json'>) =>
  (event: string, words: string, values: object): void => {
    if (json) process.stdout.write(`${JSON.stringify({ event, ...values })}\n`);
    else process.stderr.write(`${words}\n`);
  };

/** Of a switch processor whose ports have these roles; slots lie behind the fabric ports in order. */
export function switchOptions(
  options: ServingOptions,
  ports: readonly PortConfiguration[],
): SwitchOptions {
  const perPort = parseNumber('--slots-per-port', options.slotsPerPort, 64);
  const restore = options.state === undefined ? undefined : loadState(options.state);
  const linePort = ports.find(({ role }) => role === 'line')?.port ?? 0;
  return {
    services: options.services ?? [SIP_SERVICE],
    parameters: parameters(options),
    ports,
    slots: ports
      .filter(({ role }) => role === 'fabric')
      .flatMap(({ port }) => Array.from({ length: perPort }, () => port))
      .map((port, slot) => ({ slot, port, linePort })),
    virtualAddresses: options.address ?? [],
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
  };
}

function parameters({ set, address, services }: ServingOptions): Parameters {
  // Other service files may call it otherwise, or have none.
  const own: Parameters = services === undefined ? { address: address ?? [] } : {};
  return { ...own, ...parseParameters(set) };
}

/** What `start` makes, and ends. */
export interface Serving {
  readonly switch: SwitchProcessor;
  close(): Promise<void>;
}

/** Runs a switch processor until a signal ends it, or the card fails. */
export async function runServing(
  options: ServingOptions,
  start: (listen: (sp: SwitchProcessor) => void) => Promise<Serving>,
): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  const tell = teller(options);
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
  const serving = await start(listen);
  let socket: ControlSocket | undefined;
  try {
    const sp = serving.switch;
    const failed = new Promise<never>((_, reject) => void sp.once('failed', reject));
    socket = await ControlSocket.open(sp, options.socket ? { path: options.socket } : {});
    const { path } = socket;
    tell('ready', `control socket: ${path}\nCtrl-C ends it.`, { socket: path });
    await Promise.race([stopped, failed]);
    return EXIT.ok;
  } finally {
    await socket?.close();
    await serving.close();
  }
}
