/** UDP by the kernel, on an interface that belongs to this process's network namespace. */
import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { promisify } from 'node:util';
import type {
  DatagramEndpoint,
  DatagramListener,
  DatagramSocket,
  LinkListener,
  LinkSender,
  Peer,
} from './datagram-endpoint.ts';
import { LinkSocket } from './link-socket.ts';

const run = promisify(execFile);

export interface KernelEndpointOptions {
  /** Its MAC address follows the slot; undefined: it is not ours to set (tests on loopback). */
  readonly interface: string | undefined;
  readonly address: string;
}

/** Room for a burst that arrives while this process does something else; the kernel may give less. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

export class KernelEndpoint implements DatagramEndpoint {
  readonly address: string;
  readonly #interface: string | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(options: KernelEndpointOptions) {
    this.address = options.address;
    this.#interface = options.interface;
    // It goes into the arguments of `ip`; a name is at most 15 characters (IFNAMSIZ).
    if (options.interface !== undefined && !/^[A-Za-z0-9_.:@-]{1,15}$/.test(options.interface)) {
      throw new RangeError(`"${options.interface}" is no name of a network interface`);
    }
  }

  bind(port: number, listener: DatagramListener): Promise<DatagramSocket> {
    const socket = createSocket({ type: isIPv6(this.address) ? 'udp6' : 'udp4' });
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        socket.close();
        const place = `UDP port ${port} of ${this.address}`;
        reject(new Error(`${place}: ${error.message}; is another server there?`));
      };
      socket.once('error', fail);
      socket.bind({ port, address: this.address, exclusive: true }, () => {
        socket.off('error', fail);
        // ICMP errors of earlier datagrams come up here; UDP promises nothing, so they end here.
        socket.on('error', () => {});
        try {
          socket.setRecvBufferSize(RECEIVE_BUFFER);
        } catch {
          // The kernel's own limit stands then.
        }
        socket.on('message', (payload, from) => listener(payload, from));
        this.#sockets.add(socket);
        const bound = socket.address().port;
        resolve({
          port: bound,
          send: (payload: Uint8Array, to: Peer) => {
            // Who still holds a socket that was closed meanwhile drops what it sends.
            if (this.#sockets.has(socket)) socket.send(payload, to.port, to.address, () => {});
          },
          close: () => {
            if (this.#sockets.delete(socket)) socket.close();
          },
        });
      });
    });
  }

  async setMac(mac: string): Promise<void> {
    if (this.#interface === undefined) return;
    try {
      await run('ip', ['link', 'set', 'dev', this.#interface, 'address', mac]);
    } catch (error) {
      const text = (error as { stderr?: string }).stderr?.trim() || (error as Error).message;
      throw new Error(
        `interface ${this.#interface} did not take the MAC address ${mac}: ${text}; ` +
          'it needs CAP_NET_ADMIN in its network namespace',
      );
    }
  }

  openLink(listener?: LinkListener): Promise<LinkSender> {
    if (this.#interface !== undefined) return LinkSocket.open(this.#interface, listener);
    return Promise.reject(new Error('no interface was given whose frames would be ours'));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }
}
