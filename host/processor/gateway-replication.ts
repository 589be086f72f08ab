/** A gateway whose sessions have copies at backups: it and replication, put together. */
import type { Clock } from '../protocol/clock.ts';
import type { ReplyMode } from '../replication/replicator.ts';
import { KeyedState } from '../replication/state.ts';
import { Gateway, type GatewayOptions } from './gateway.ts';
import type { MessageClass } from './gateway-context.ts';
import { Replication } from './replication.ts';

/** Whether answers wait until the backup has what they say. */
export type GatewayModes = Readonly<Partial<Record<MessageClass, ReplyMode>>>;

export interface ReplicatedGatewayOptions
  extends Omit<GatewayOptions, 'keeper' | 'backupVid' | 'clock'> {
  /** Default: all gated. The user plane waits for nothing. */
  readonly modes?: GatewayModes;
  /** Puts the backup's own VID into set-up replies (G9). Default false. */
  readonly tellBackup?: boolean;
  readonly clock?: Clock;
  /** Milliseconds between comparisons of digests; 0: only at each copy's end. */
  readonly checkInterval?: number;
}

const GATED: GatewayModes = { create: 'gated', update: 'gated', delete: 'gated' };

export interface ReplicatedGateway {
  readonly gateway: Gateway;
  /** For `ProcessorOptions`. */
  readonly replication: Replication;
}

export function replicatedGateway(options: ReplicatedGatewayOptions): ReplicatedGateway {
  const { modes = GATED, tellBackup = false, checkInterval, ...rest } = options;
  const replication = new Replication({
    create: () => new KeyedState(),
    modes: { ...modes },
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(checkInterval === undefined ? {} : { checkInterval }),
  });
  const gateway = new Gateway({
    ...rest,
    keeper: () => replication.replicator,
    ...(tellBackup ? { backupVid: (vid: number) => replication.backupOf(vid)?.ownVid } : {}),
  });
  // An incarnation begins with nothing; what it keeps from before is void.
  replication.on('began', () => gateway.disownAll());
  replication.on('owned', (vid, _how, state) => gateway.own(vid, state.snapshot()));
  replication.on('yielded', (vid) => gateway.disown(vid));
  replication.on('gone', (vid) => gateway.disown(vid));
  replication.on('packet', (_vid, bytes) => gateway.passed(bytes));
  return { gateway, replication };
}
