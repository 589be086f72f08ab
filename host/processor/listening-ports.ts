/** The UDP ports of one service: the well-known one and those that VIDs stand for. */
import type { ControlService } from '../protocol/control.ts';
import type { DatagramEndpoint, DatagramSocket, Peer } from './datagram-endpoint.ts';
import { type Assignment, portOfVid } from './processor.ts';

export type ServiceListener = (
  socket: DatagramSocket,
  payload: Buffer,
  from: Peer,
  wellKnown: boolean,
) => void;

export class ListeningPorts {
  readonly #endpoint: DatagramEndpoint;
  readonly #service: string;
  readonly #listener: ServiceListener;
  readonly #sockets = new Map<number, DatagramSocket>();
  #known: ControlService | undefined;

  constructor(endpoint: DatagramEndpoint, service: string, listener: ServiceListener) {
    this.#endpoint = endpoint;
    this.#service = service;
    this.#listener = listener;
  }

  /**
   * Listens on the well-known port, on the ports of the assignment's VIDs and on those of the VIDs
   * that it backs up; leaves ports that are not among them. Returns the ports of its own VIDs,
   * which may be given to peers.
   */
  async listen(assignment: Assignment): Promise<number[]> {
    const service = assignment.services.find(({ name }) => name === this.#service);
    if (service === undefined) {
      const names = assignment.services.map(({ name }) => name).join(', ');
      throw new Error(
        `the switch processor serves ${names || 'nothing'}, not "${this.#service}"; ` +
          'add its service file there',
      );
    }
    this.#known = service;
    const ports = (vids: readonly number[]) =>
      vids.map((vid) => portOfVid(service, vid)).filter((port) => port !== undefined);
    const own = ports(assignment.vids);
    const wanted = new Set([service.port, ...own, ...ports(assignment.backupVids)]);
    for (const port of wanted) {
      if (this.#sockets.has(port)) continue;
      const wellKnown = port === service.port;
      const holder: { socket?: DatagramSocket } = {};
      const socket = await this.#endpoint.bind(port, (payload, from) => {
        if (holder.socket) this.#listener(holder.socket, payload, from, wellKnown);
      });
      holder.socket = socket;
      this.#sockets.set(port, socket);
    }
    for (const [port, socket] of this.#sockets) {
      if (wanted.has(port)) continue;
      socket.close();
      this.#sockets.delete(port);
    }
    return own;
  }

  /** The socket of the well-known port. */
  get wellKnown(): DatagramSocket | undefined {
    return this.#known && this.#sockets.get(this.#known.port);
  }

  /** The socket of the port that stands for a VID. */
  ofVid(vid: number): DatagramSocket | undefined {
    const port = this.#known && portOfVid(this.#known, vid);
    return port === undefined ? undefined : this.#sockets.get(port);
  }

  /** Ports that are open now, in rising order. */
  get ports(): number[] {
    return [...this.#sockets.keys()].sort((a, b) => a - b);
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }
}
