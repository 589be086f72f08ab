/**
 * What a processor stands on: UDP at one address of its own, behind one MAC address that the
 * switch processor gives it. Two implementations: the kernel's sockets, and an endpoint of our own
 * over frames for machines without network namespaces and for tests in lock-step.
 */

export interface Peer {
  readonly address: string;
  readonly port: number;
}

export type DatagramListener = (payload: Buffer, from: Peer) => void;

export interface DatagramSocket {
  readonly port: number;
  /** Sends, or drops: UDP promises nothing. */
  send(payload: Uint8Array, to: Peer): void;
  /** Idempotent. */
  close(): void;
}

/** Hears the frames of one EtherType, without VLAN tags. */
export interface LinkListener {
  readonly etherType: number;
  readonly receive: (frame: Buffer) => void;
}

/** Heartbeats that go on by themselves. */
export interface Beats {
  /** This program goes on. */
  progress(): void;
  /** Idempotent. */
  stop(): void;
}

/** Sends Ethernet frames as they are. */
export interface LinkSender {
  /** Sends, or drops. */
  send(frame: Uint8Array): void;
  /** Sends heartbeats from a thread of its own (`LinkSocket.beat`). Left out: there is none. */
  beat?(frame: Uint8Array, interval: number, patience: number): Beats;
  /** Idempotent. */
  close(): void;
}

export interface DatagramEndpoint {
  /** The processors' common virtual address. */
  readonly address: string;
  /**
   * Listens on a UDP port, 0 for any free one. Rejects where the port is taken, with the port and
   * the address in the message.
   */
  bind(port: number, listener: DatagramListener): Promise<DatagramSocket>;
  /** From now on frames go out from `mac`. Rejects where the interface does not take it. */
  setMac(mac: string): Promise<void>;
  /**
   * Frames of our own, out of the same port. Rejects, with why, where there can be none; a processor
   * works without, only that the card does not hear its heartbeats.
   */
  openLink?(listener?: LinkListener): Promise<LinkSender>;
  /** Closes what is bound. Idempotent. */
  close(): Promise<void>;
}
