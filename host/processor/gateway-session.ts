/**
 * A session of the gateway: what a PDP context (TS 29.060) or a PDN connection (TS 29.274) is to us,
 * and its form as one entry of its VID's state.
 */

/** One end of a tunnel. */
export interface TunnelEnd {
  readonly address: string;
  readonly teid: number;
}

/** Which packets towards the user take a dedicated bearer; what is left out is any. */
export interface TrafficMatch {
  /** IP protocol number. */
  readonly protocol?: number | undefined;
  /** Address of the far end in the packet network. */
  readonly remoteAddress?: string | undefined;
  /** Its port, of UDP and TCP. */
  readonly remotePort?: number | undefined;
}

export interface Bearer {
  /** NSAPI or EPS bearer identity. */
  readonly id: number;
  /** Ours: uplink packets carry it. */
  readonly teid: number;
  /** Where downlink packets go; undefined while a dedicated bearer waits to be accepted. */
  readonly peer: TunnelEnd | undefined;
  /** As the peer wrote it, in the form of its protocol. */
  readonly quality: Buffer;
  /** Undefined: the default bearer. */
  readonly match?: TrafficMatch | undefined;
}

export interface Session {
  /** Of GTP-C. */
  readonly version: 1 | 2;
  /** Ours: control messages carry it. Its upper half is the VID. */
  readonly teid: number;
  /** Where requests of ours go. */
  readonly peer: TunnelEnd;
  readonly imsi: string | undefined;
  readonly apn: string;
  readonly ipv4: string | undefined;
  /** First address of the user's /64. */
  readonly ipv6: string | undefined;
  readonly chargingId: number;
  /** The first is the default bearer. */
  readonly bearers: readonly Bearer[];
}

/** The default bearer. */
export function defaultBearer({ bearers, teid }: Session): Bearer {
  const [first] = bearers;
  if (first === undefined) throw new Error(`session ${keyOfSession(teid)} has no bearer`);
  return first;
}

/** Key of a session among the entries of its VID. */
export const keyOfSession = (teid: number): string => teid.toString(16).padStart(8, '0');

/** Rises with each change of the form below: an old processor must not guess at a new one's entries. */
const FORM = 1;

type StoredBearer = readonly [
  id: number,
  teid: number,
  peer: readonly [string, number] | null,
  quality: string,
  match: TrafficMatch | null,
];

/** The value of the entry. */
export function writeSession(session: Session): Buffer {
  const { version, peer, imsi, apn, ipv4, ipv6, chargingId, bearers } = session;
  const stored = bearers.map(({ id, teid, peer: end, quality, match }): StoredBearer => {
    const far = end === undefined ? null : ([end.address, end.teid] as const);
    return [id, teid, far, quality.toString('base64'), match ?? null];
  });
  const common = [version, peer.address, peer.teid, imsi ?? null, apn, ipv4 ?? null, ipv6 ?? null];
  return Buffer.from(JSON.stringify([FORM, ...common, chargingId, stored]));
}

/** The session of an entry. Throws where another version of this program wrote it. */
export function readSession(key: string, value: Buffer): Session {
  const fields = JSON.parse(value.toString()) as unknown[];
  if (fields[0] !== FORM || fields.length !== 10) {
    throw new Error(`session ${key} has form ${fields[0]}, this program reads ${FORM}`);
  }
  const [, version, address, peerTeid, imsi, apn, ipv4, ipv6, chargingId, stored] = fields as [
    ...[number, 1 | 2, string, number, string | null, string, string | null, string | null],
    ...[number, StoredBearer[]],
  ];
  return {
    ...{ version, apn, chargingId },
    teid: Number.parseInt(key, 16),
    peer: { address, teid: peerTeid },
    imsi: imsi ?? undefined,
    ipv4: ipv4 ?? undefined,
    ipv6: ipv6 ?? undefined,
    bearers: stored.map(([id, teid, end, quality, match]) => ({
      ...{ id, teid },
      peer: end === null ? undefined : { address: end[0], teid: end[1] },
      quality: Buffer.from(quality, 'base64'),
      ...(match === null ? {} : { match }),
    })),
  };
}
