import { availableParallelism, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../../../sim/index.ts';
import { CommandError, EXIT } from '../exit.ts';
import { cageRemedy, enterCage, probeCage } from '../namespaces/cage.ts';
import type { GatewayDemoOptions } from './gateway-run.ts';

const INSIDE = fileURLToPath(new URL('gateway-inside.ts', import.meta.url));

/** Defaults of a small machine: heartbeats live through the pauses of eight programs on two cores. */
export const GATEWAY_DEFAULTS = { gateways: 8, sessions: 400, rate: 400, heartbeat: 20, misses: 5 };

/** Most heartbeats that may be missed, which the card's patience of 16 s allows at any interval. */
const MOST_MISSES = 100;

/**
 * Heartbeats that may be missed where nobody says: more where programs wait for a processor. A gateway
 * that gets none in time would be given up though it lives, and its backup with it.
 *
 * @param busy programs that want to run (load average), for each processor.
 */
export function defaultMisses(busy: number): number {
  const { misses } = GATEWAY_DEFAULTS;
  return Math.min(MOST_MISSES, Math.max(misses, Math.round(2 * misses * busy)));
}

/** Words as commander gives them; throws CommandError in words for what is out of range. */
export function gatewayDemoOptions(
  given: {
    readonly gateways?: string;
    readonly sessions?: string;
    readonly rate?: string;
    readonly heartbeat?: string;
    readonly misses?: string;
    readonly json?: boolean;
    readonly picture?: string;
  },
  busy = (loadavg()[0] ?? 0) / availableParallelism(),
): GatewayDemoOptions {
  const number = (name: keyof typeof GATEWAY_DEFAULTS, least: number, most: number): number => {
    const text = given[name];
    if (text === undefined) return GATEWAY_DEFAULTS[name];
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new CommandError(
      EXIT.usage,
      `--${name} ${text}: give a whole number from ${least} to ${most}`,
    );
  };
  return {
    gateways: number('gateways', 4, 12),
    sessions: number('sessions', 1, 4000),
    rate: number('rate', 1, 20_000),
    heartbeat: number('heartbeat', 1, 1000),
    misses: given.misses === undefined ? defaultMisses(busy) : number('misses', 2, MOST_MISSES),
    json: given.json ?? false,
    ...(given.picture === undefined ? {} : { picture: resolve(given.picture) }),
  };
}

/** `vidline demo gateway`: resolves with the exit status. */
export async function gatewayDemo(options: GatewayDemoOptions): Promise<number> {
  await ensureBuilt({ configuration: 'sim' });
  const { kind, reasons } = await probeCage();
  if (kind === undefined) {
    throw new CommandError(
      EXIT.noDevice,
      `gateways need network interfaces, which cannot be had here: ${reasons.join('; ')}; ${cageRemedy()}`,
    );
  }
  const cage = enterCage(kind, INSIDE, [JSON.stringify(options)]);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, cage.stop);
  try {
    const { status, orderly } = await cage.ended;
    if (orderly) return status;
    throw new CommandError(
      EXIT.simulator,
      `the demo's inner process died (status ${status}) and took everything with it; ` +
        'what it wrote above is all that is known',
    );
  } finally {
    for (const signal of signals) process.off(signal, cage.stop);
  }
}
