/**
 * A switch processor with processors behind a card, in one process and on a manual clock: a client
 * on line port 0, processors on fabric ports 1 and up. The same bench stands over the reference
 * card and over the simulated RTL.
 */
import { fileURLToPath } from 'node:url';
import type { Card, TableName } from '../../../driver/index.ts';
import type { DatagramSocket, Peer } from '../../../host/processor/datagram-endpoint.ts';
import { Processor, type ProcessorOptions } from '../../../host/processor/processor.ts';
import { SipServer, type SipServerOptions } from '../../../host/processor/sip-server.ts';
import { UserlandEndpoint } from '../../../host/processor/userland-endpoint.ts';
import { ManualClock } from '../../../host/protocol/clock.ts';
import { parseSip, type SipRequest, type SipResponse } from '../../../host/protocol/sip.ts';
import { parseNameAddress, parseSipUri } from '../../../host/protocol/sip-header.ts';
import { SipSetup } from '../../../host/setup/sip.ts';
import { loadServices } from '../../../host/steering/service-file.ts';
import type { SwitchProcessorOptions } from '../../../host/switch/switch-options.ts';
import { SwitchProcessor } from '../../../host/switch/switch-processor.ts';
import { type RequestOptions, sipRequest } from '../sip-messages.ts';

export const VIRTUAL = '192.0.2.1';
export const CLIENT = '192.0.2.100';
export const CONTROL = '169.254.77.1';

/** SIP with ports 20000 to 23999 for VIDs 0 to 3999. */
export const SERVICES = loadServices(
  fileURLToPath(new URL('../../../host/services/sip.yaml', import.meta.url)),
  { address: VIRTUAL },
);

/** What carries the bench: a card, and ports that frames go into and come out of. */
export interface Ground {
  readonly card: Card;
  feed(port: number, frame: Buffer): void;
  onPort(port: number, handler: (frame: Buffer) => void): void;
  /** Resolves when no frame is on its way any more. */
  settle(): Promise<void>;
  /** The card's time goes on. */
  advance(milliseconds: number): Promise<void>;
  /** The link of a port comes or goes. */
  link(port: number, up: boolean): Promise<void>;
  /** Registers of a table that were written since the card began. */
  writesTo(table: TableName): number;
  close(): Promise<void>;
}

export interface TestProcessor {
  readonly name: string;
  readonly port: number;
  readonly endpoint: UserlandEndpoint;
  readonly server: SipServer;
  readonly processor: Processor;
  /** SIP datagrams that came to it, in order: method and port. */
  readonly seen: string[];
  cut(): void;
}

export class Bench {
  readonly clock = new ManualClock();
  readonly ground: Ground;
  readonly sp: SwitchProcessor;
  readonly processors: TestProcessor[] = [];
  readonly client: SipClient;
  readonly failures: Error[] = [];

  constructor(ground: Ground, options: Partial<SwitchProcessorOptions> = {}, fabricPorts = 4) {
    this.ground = ground;
    const ports = Array.from({ length: fabricPorts }, (_, i) => i + 1);
    this.sp = new SwitchProcessor({
      card: ground.card,
      services: SERVICES,
      handlers: [new SipSetup({ now: () => this.clock.now() })],
      ports: [
        { port: 0, role: 'line' },
        ...ports.map((port) => ({ port, role: 'fabric' as const })),
      ],
      slots: ports.map((port) => ({ slot: port - 1, port, linePort: 0 })),
      virtualAddresses: [VIRTUAL],
      controlAddress: CONTROL,
      vidsPerProcessor: 4,
      // Tests of heartbeats turn them on; others take steps of time that are longer than any patience.
      health: { interval: 0 },
      clock: this.clock,
      ...options,
    });
    this.sp.on('failed', (error) => this.failures.push(error));
    this.client = new SipClient(this);
  }

  /** Starts the switch processor and so many processors, one behind each fabric port. */
  async start(count: number, options: Partial<SipServerOptions> = {}): Promise<void> {
    await this.sp.start();
    await this.client.start();
    for (let i = 0; i < count; i++) await this.startProcessor(`sip-${i + 1}`, i + 1, options);
    // The last one changed the backups of the others: they hear of it with their next report.
    await this.advance(1000);
  }

  /** Puts a processor behind a fabric port; resolves when it is up. */
  async startProcessor(
    name: string,
    port: number,
    options: Partial<SipServerOptions> = {},
    more: Partial<ProcessorOptions> = {},
  ): Promise<TestProcessor> {
    const made = this.makeProcessor(name, port, options, more);
    const started = made.processor.start();
    started.catch(() => {});
    await this.until(() => made.processor.up, started);
    return made;
  }

  /** As `startProcessor`, but does not say hello yet. What was behind the port before is cut off. */
  makeProcessor(
    name: string,
    port: number,
    options: Partial<SipServerOptions> = {},
    more: Partial<ProcessorOptions> = {},
  ): TestProcessor {
    const seen: string[] = [];
    let isCut = false;
    const endpoint = new UserlandEndpoint({
      address: VIRTUAL,
      mac: `06:00:00:00:00:0${port}`,
      clock: this.clock,
      send: (frame) => {
        if (!isCut) this.ground.feed(port, frame);
      },
    });
    // What reaches it is noted where it comes in, before any protocol of ours reads it.
    const bind = endpoint.bind.bind(endpoint);
    endpoint.bind = (udpPort, listener) =>
      bind(udpPort, (payload, from) => {
        if (udpPort !== 0) seen.push(`${payload.toString().split(' ', 1)[0]} ${udpPort}`);
        listener(payload, from);
      });
    this.ground.onPort(port, (frame) => endpoint.receive(frame));
    const server = new SipServer({ endpoint, clock: this.clock, ...options });
    const processor = new Processor({
      name,
      endpoint,
      control: { address: CONTROL },
      clock: this.clock,
      load: () => server.load(),
      openSetups: () => ({ service: 'sip', keys: server.longRinging() }),
      listen: (assignment) => server.listen(assignment),
      ...more,
    });
    const cut = () => {
      isCut = true;
    };
    const made = { name, port, endpoint, server, processor, seen, cut };
    this.processors.push(made);
    return made;
  }

  /** Takes a processor away without a good-bye: nothing reaches it, nothing leaves it. */
  kill(victim: TestProcessor): void {
    this.ground.onPort(victim.port, () => {});
    victim.cut();
    victim.server.close();
    this.processors.splice(this.processors.indexOf(victim), 1);
  }

  settle(): Promise<void> {
    return this.ground.settle();
  }

  /** Lets time pass in steps, with frames moving between them. */
  async advance(milliseconds: number, step = 50): Promise<void> {
    await this.settle();
    for (let left = milliseconds; left > 0; left -= step) {
      await this.#step(Math.min(step, left));
    }
  }

  /** Lets time pass until the condition holds; rejects after 20 s of it, or with `failing`. */
  async until(condition: () => boolean, failing?: Promise<unknown>): Promise<void> {
    let failure: Error | undefined;
    failing?.catch((error: Error) => {
      failure = error;
    });
    for (let i = 0; i < 400; i++) {
      await this.settle();
      if (failure !== undefined) throw failure;
      if (condition()) return;
      await this.#step(50);
    }
    throw new Error('the condition did not come true within 20 s of the bench clock');
  }

  /** What was sent by then reaches the card before its time goes on. */
  async #step(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.settle();
    await this.ground.advance(milliseconds);
    await this.settle();
  }

  async close(): Promise<void> {
    for (const { server, endpoint } of this.processors) {
      server.close();
      await endpoint.close();
    }
    await this.sp.close();
  }
}

/** A SIP client on the line that follows Contact. */
export class SipClient {
  readonly endpoint: UserlandEndpoint;
  /** Responses in the order in which they came. */
  readonly responses: SipResponse[] = [];
  /** All frames that left by the line port. */
  readonly frames: Buffer[] = [];
  #socket: DatagramSocket | undefined;

  constructor(bench: Bench) {
    this.endpoint = new UserlandEndpoint({
      address: CLIENT,
      mac: '0a:00:00:00:00:64',
      clock: bench.clock,
      answers: true,
      send: (frame) => bench.ground.feed(0, frame),
    });
    bench.ground.onPort(0, (frame) => {
      this.frames.push(frame);
      this.endpoint.receive(frame);
    });
  }

  async start(): Promise<void> {
    this.#socket = await this.endpoint.bind(5060, (payload) => {
      const message = parseSip(payload);
      if (message.kind === 'response') this.responses.push(message);
    });
  }

  send(payload: Buffer, port = 5060): void {
    this.#socket?.send(payload, { address: VIRTUAL, port });
  }

  /** Sends a request; `port` is where its Contact says. */
  request(method: string, options: RequestOptions = {}, port = 5060): void {
    this.send(sipRequest(method, options), port);
  }

  /** The last response with this status. */
  response(status: number): SipResponse {
    const found = this.responses.findLast((response) => response.status === status);
    if (found !== undefined) return found;
    const got = this.responses.map((response) => response.status).join(', ');
    throw new Error(`no ${status} came; there came ${got || 'nothing'}`);
  }

  /** A dialog's address and tags, from the 200 to its INVITE. */
  dialog(status = 200): { port: number; toTag: string; uri: string } {
    const response = this.response(status);
    const uri = parseNameAddress(response.header('contact') ?? '')?.uri ?? '';
    return { port: parseSipUri(uri)?.port ?? 0, toTag: response.to?.tag ?? '', uri };
  }
}

export type { Peer, SipRequest };
