/**
 * Which packets take a dedicated bearer: told to the peer as a traffic flow template (TS 24.008
 * §10.5.6.12), and applied to what comes for a user.
 */
import { addressToBytes } from '../protocol/address.ts';
import type { Bearer, Session, TrafficMatch } from './gateway-session.ts';
import { defaultBearer } from './gateway-session.ts';

const COMPONENT = { ipv4Remote: 0x10, protocol: 0x30, singleRemotePort: 0x50 } as const;
/** "Create new TFT", one packet filter. */
const CREATE_ONE = 0x21;
const BOTH_WAYS = 0x30;

/** Throws RangeError where the match says nothing: it would be the default bearer's. */
export function trafficFlowTemplate({ protocol, remoteAddress, remotePort }: TrafficMatch): Buffer {
  const parts: Buffer[] = [];
  if (remoteAddress !== undefined) {
    const all = Buffer.alloc(4, 0xff);
    parts.push(Buffer.of(COMPONENT.ipv4Remote), addressToBytes(remoteAddress), all);
  }
  if (protocol !== undefined) parts.push(Buffer.of(COMPONENT.protocol, protocol));
  if (remotePort !== undefined) {
    parts.push(Buffer.of(COMPONENT.singleRemotePort, remotePort >> 8, remotePort & 0xff));
  }
  if (parts.length === 0) throw new RangeError('a dedicated bearer needs something to match');
  const filter = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(CREATE_ONE, BOTH_WAYS, 0, filter.length), filter]);
}

/** What a packet for a user is known by. */
export interface FlowKey {
  readonly protocol: number;
  readonly source: () => string;
  /** Undefined where the packet has none, or is a later fragment. */
  readonly sourcePort: () => number | undefined;
}

/** The bearer that a downlink packet takes: the first dedicated one that matches, or the default. */
export function bearerFor(session: Session, flow: FlowKey): Bearer {
  if (session.bearers.length > 1) {
    for (const bearer of session.bearers) {
      if (bearer.match !== undefined && matches(bearer.match, flow)) return bearer;
    }
  }
  return defaultBearer(session);
}

function matches({ protocol, remoteAddress, remotePort }: TrafficMatch, flow: FlowKey): boolean {
  return (
    (protocol === undefined || protocol === flow.protocol) &&
    (remoteAddress === undefined || remoteAddress === flow.source()) &&
    (remotePort === undefined || remotePort === flow.sourcePort())
  );
}
