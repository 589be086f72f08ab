/** A SIP server and a client of it on one wire in memory, without any card. */

import type {
  DatagramEndpoint,
  DatagramListener,
  Peer,
} from '../../../host/processor/datagram-endpoint.ts';
import type { Assignment } from '../../../host/processor/processor.ts';
import { SipServer, type SipServerOptions } from '../../../host/processor/sip-server.ts';
import { ManualClock } from '../../../host/protocol/clock.ts';
import { parseSip, type SipResponse } from '../../../host/protocol/sip.ts';
import { type RequestOptions, sipRequest } from '../sip-messages.ts';

export const CLIENT: Peer = { address: '192.0.2.100', port: 5060 };

/** Ports that can be called by hand; `sent` is what left them. */
export class MemoryEndpoint implements DatagramEndpoint {
  readonly address = '192.0.2.1';
  readonly listeners = new Map<number, DatagramListener>();
  readonly sent: { from: number; to: Peer; payload: Buffer }[] = [];
  readonly macs: string[] = [];
  closed = false;

  async bind(port: number, listener: DatagramListener) {
    if (this.listeners.has(port)) throw new Error(`port ${port} is taken`);
    const bound = port === 0 ? 40_000 : port;
    this.listeners.set(bound, listener);
    return {
      port: bound,
      send: (payload: Uint8Array, to: Peer) =>
        void this.sent.push({ from: bound, to, payload: Buffer.from(payload) }),
      close: () => void this.listeners.delete(bound),
    };
  }

  async setMac(mac: string): Promise<void> {
    this.macs.push(mac);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

export const ASSIGNMENT: Assignment = {
  slot: 0,
  epoch: 1,
  mac: '02:76:6c:01:00:01',
  number: 1,
  services: [{ name: 'sip', port: 5060, vidPorts: { base: 20000, step: 1 } }],
  vids: [3, 4],
  backupVids: [9],
};

export async function sipPair(options: Partial<SipServerOptions> = {}, assignment = ASSIGNMENT) {
  const clock = new ManualClock();
  const endpoint = new MemoryEndpoint();
  const server = new SipServer({ endpoint, clock, ...options });
  await server.listen(assignment);
  const receive = (payload: Buffer, port = 5060, from = CLIENT) =>
    endpoint.listeners.get(port)?.(payload, from);
  return {
    clock,
    endpoint,
    server,
    receive,
    /** Sends a request and returns the responses that it brings about at once. */
    ask(method: string, request: RequestOptions = {}, port = 5060): SipResponse[] {
      const before = endpoint.sent.length;
      receive(sipRequest(method, request), port);
      return responses(endpoint.sent.slice(before));
    },
    /** Responses since the start. */
    all: () => responses(endpoint.sent),
  };
}

function responses(sent: readonly { payload: Buffer }[]): SipResponse[] {
  return sent.map(({ payload }) => {
    const message = parseSip(payload);
    if (message.kind !== 'response') throw new Error(`the server sent: ${payload}`);
    return message;
  });
}
