/** How a switch processor is set up: addresses, ports, slots, policies. */
import type { Card } from '../../driver/index.ts';
import type { Clock } from '../protocol/clock.ts';
import type { SetupHandler } from '../setup/handler.ts';
import type { Service } from '../steering/rule.ts';
import type { SelectionPolicy } from './selection.ts';
import type { SlotConfiguration } from './slot-registry.ts';
import type { SwitchState } from './switch-state.ts';

export interface PortConfiguration {
  readonly port: number;
  readonly role: 'line' | 'fabric';
  /** Left out: a locally administered one by the port's number. */
  readonly mac?: string;
  /** Only for a source that leaves no gaps inside a frame. Default false. */
  readonly cutThrough?: boolean;
}

export interface SwitchProcessorOptions {
  readonly card: Card;
  /** In the order in which their rules are tried. */
  readonly services: readonly Service[];
  readonly handlers: readonly SetupHandler[];
  /** Ports that are left out drop all but neighbour discovery. */
  readonly ports: readonly PortConfiguration[];
  readonly slots: readonly SlotConfiguration[];
  /** Addresses that the processors share; answered for on all line ports. */
  readonly virtualAddresses: readonly string[];
  /** Where processors reach the switch processor. Default 169.254.77.1. */
  readonly controlAddress?: string;
  /** First four octets of the slots' MAC addresses. Default 02:76:6c:01. */
  readonly fabricPrefix?: number;
  /** Default `round-robin`. */
  readonly selection?: SelectionPolicy;
  /** VIDs that a processor gets which has none. Default 16. */
  readonly vidsPerProcessor?: number;
  /** Milliseconds between reports of a processor. Default 1000. */
  readonly reportInterval?: number;
  /** Milliseconds of silence after which a processor is given up. Default 5000. */
  readonly reportTimeout?: number;
  /** What the card expects of the processors' heartbeats. */
  readonly health?: Partial<HealthOptions>;
  /** Seconds without a packet after which an override that may age goes. Default 600. */
  readonly overrideAge?: number;
  readonly clock?: Clock;
  /** What `snapshot` of an earlier switch processor gave: names, slots, epochs and VIDs. */
  readonly restore?: SwitchState;
}

/** All in milliseconds. */
export interface HealthOptions {
  /** Between heartbeats; 0: none are waited for. */
  readonly interval: number;
  /** Without a heartbeat until the card takes the slot down, at most 16 s. */
  readonly timeout: number;
  /** Without one until a slot is suspect and its port's queue may be held; 0: never. */
  readonly suspect: number;
  /** For which the queue of a port with a suspect slot may be held; 0: not at all. */
  readonly suspectHold: number;
  /** For which a port may take nothing although frames wait for it; 0: for ever. */
  readonly stall: number;
  /** Between two questions to the card for what it did by itself. */
  readonly poll: number;
}

export const DEFAULT_HEALTH: HealthOptions = {
  interval: 100,
  timeout: 1000,
  suspect: 0,
  suspectHold: 0,
  stall: 1000,
  poll: 100,
};

/** Microseconds for which the fragments of a packet follow its first one. */
export const FRAGMENT_TIME = 500_000;

/** Locally administered, no group address; "vl". */
export const DEFAULT_FABRIC_PREFIX = 0x02766c01;
export const DEFAULT_CONTROL_ADDRESS = '169.254.77.1';

/** 02:76:6c:00:00:<port>; another prefix than that of the slots. */
export function defaultPortMac(port: number): string {
  return `02:76:6c:00:00:${port.toString(16).padStart(2, '0')}`;
}
