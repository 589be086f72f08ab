/** What the peer has of a session, and what becomes of one that it does not get. */

/** A session as the peer has it. */
export interface PeerSession {
  readonly version: 1 | 2;
  readonly imsi: string;
  readonly bearer: number;
  /** TEIDs of the gateway's. */
  readonly gatewayControl: number;
  readonly gatewayUser: number;
  /** TEIDs of ours. */
  readonly control: number;
  readonly user: number;
  readonly ipv4: string | undefined;
  /** Prefix and interface identifier. */
  readonly ipv6: string | undefined;
  /** Where the gateway tells it (G9). */
  readonly backupVid: number | undefined;
}

/** The gateway said no. */
export class Refused extends Error {
  override readonly name = 'Refused';
  override readonly cause: number;

  constructor(what: string, cause: number) {
    super(`${what} was refused with cause ${cause}`);
    this.cause = cause;
  }
}
