/**
 * Gateways behind a card, in one process and on a manual clock: a peer (SGSN and serving gateway) on
 * line port 0, a host of the packet network on line port 1, gateways on fabric ports 2 and up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Card } from '../../driver/index.ts';
import { GtpPeer } from '../../host/cli/demo/gtp-peer.ts';
import { Gateway, type GatewayOptions } from '../../host/processor/gateway.ts';
import { GatewayPort } from '../../host/processor/gateway-port.ts';
import { type GatewayModes, replicatedGateway } from '../../host/processor/gateway-replication.ts';
import { Processor } from '../../host/processor/processor.ts';
import type { Replication } from '../../host/processor/replication.ts';
import { UserlandEndpoint } from '../../host/processor/userland-endpoint.ts';
import { addressToBytes } from '../../host/protocol/address.ts';
import { ManualClock } from '../../host/protocol/clock.ts';
import { CONTROL_PORT, type ControlRequest, parseControl } from '../../host/protocol/control.ts';
import { HEARTBEAT_ETHERTYPE } from '../../host/protocol/heartbeat.ts';
import { buildIpFrame, IP_PROTOCOL, parseIpFrame } from '../../host/protocol/ip.ts';
import { parseIpv4 } from '../../host/protocol/ipv4.ts';
import { parseUdpFrame } from '../../host/protocol/udp.ts';
import { GtpSetup } from '../../host/setup/gtp.ts';
import { loadServices } from '../../host/steering/service-file.ts';
import type { SwitchProcessorOptions } from '../../host/switch/switch-options.ts';
import { SwitchProcessor } from '../../host/switch/switch-processor.ts';
import { loadState, type SwitchState, saveState } from '../../host/switch/switch-state.ts';
import type { Ground } from '../host/switch/bench.ts';
import { MortalTransport } from '../host/switch/mortal-transport.ts';
import { type Ping, ping, readPing } from './ping.ts';

export const GATEWAY = '192.0.2.2';
export const PEER = '198.51.100.7';
/** A host of the packet network. */
export const HOST = '203.0.113.80';
const CONTROL = '169.254.77.1';
/** Of the lines: 02:76:6c:00:00:<port>. */
const LINE_MACS = ['02:76:6c:00:00:00', '02:76:6c:00:00:01'] as const;
const HOST_MAC = '0a:00:00:00:01:50';
export const RESTART = 77;

export const SERVICES = loadServices(
  fileURLToPath(new URL('../../host/services/gtp.yaml', import.meta.url)),
  { address: GATEWAY },
);

/** What the bench asks of its ground. */
export type BenchGround = Pick<Ground, 'card' | 'feed' | 'onPort' | 'settle' | 'advance' | 'close'>;

export interface TestGatewayOptions extends Partial<GatewayOptions> {
  /** Its sessions have copies at the others. */
  readonly replicates?: boolean;
  /** Of answers, where they have; default: all gated. */
  readonly modes?: GatewayModes;
  /** See `TestGateway`; counts from when it is up. */
  readonly fuse?: number;
}

export interface TestGateway {
  readonly name: string;
  readonly port: number;
  readonly gateway: Gateway;
  readonly place: GatewayPort;
  readonly processor: Processor;
  /** Where its sessions have copies. */
  readonly replication: Replication | undefined;
  /** It dies with so many more frames sent or received: in the middle of what it does. Heartbeats do not count. */
  fuse: number;
  /** Nothing leaves it, nothing reaches it. */
  isCut: boolean;
  /** As a kill -9 does. Idempotent. */
  cut(): void;
}

export class GatewayBench {
  readonly clock = new ManualClock();
  readonly ground: BenchGround;
  sp: SwitchProcessor;
  readonly peer: GtpPeer;
  readonly peerEndpoint: UserlandEndpoint;
  readonly gateways: TestGateway[] = [];
  readonly failures: Error[] = [];
  readonly #line: UserlandEndpoint[] = [];
  /** By fabric port; several gateways may share one. */
  readonly #receivers = new Map<number, ((frame: Buffer) => void)[]>();
  /** Pings of users that the host heard, and packets that came back to users, in order. */
  readonly atHost: Ping[] = [];
  readonly atUser: Ping[] = [];
  /** What the switch processor has asked gateways for, in order. */
  readonly askedOf: ControlRequest[] = [];
  /** Frames that the peer has sent. */
  readonly fromPeer: Buffer[] = [];
  /** Frames that came out of the peers' line port, in order. */
  readonly toPeers: Buffer[] = [];

  readonly #options: Partial<SwitchProcessorOptions>;
  readonly #fabricPorts: number;
  #access: MortalTransport | undefined;
  /** As `vidline serve --state` writes it down: at each change. */
  #saved: SwitchState | undefined;

  constructor(ground: BenchGround, options: Partial<SwitchProcessorOptions> = {}, fabricPorts = 4) {
    this.ground = ground;
    this.#options = options;
    this.#fabricPorts = fabricPorts;
    const { clock } = this;
    this.sp = this.#makeSwitch(ground.card);
    this.peerEndpoint = this.#onLine(PEER, '0a:00:00:00:00:07', (frame) =>
      this.fromPeer.push(frame),
    );
    ground.onPort(0, (frame) => {
      this.toPeers.push(Buffer.from(frame));
      for (const endpoint of this.#line) endpoint.receive(frame);
    });
    this.peer = new GtpPeer({ endpoint: this.peerEndpoint, gateway: GATEWAY, clock });
    this.peer.on('packet', (_session, packet) => {
      const found = readPing(packet);
      if (found !== undefined) this.atUser.push(found);
    });
    const host = new UserlandEndpoint({
      address: HOST,
      mac: HOST_MAC,
      clock,
      answers: true,
      send: (frame) => ground.feed(1, frame),
    });
    ground.onPort(1, (frame) => {
      if (!this.#hostAnswers(frame)) host.receive(frame);
    });
  }

  /** A further peer on the same line. */
  async addPeer(address: string, mac: string, restart: number): Promise<GtpPeer> {
    const { clock } = this;
    const endpoint = this.#onLine(address, mac, () => {});
    const peer = new GtpPeer({ endpoint, gateway: GATEWAY, clock, restart });
    await peer.start();
    return peer;
  }

  #onLine(address: string, mac: string, sent: (frame: Buffer) => void): UserlandEndpoint {
    const send = (frame: Buffer) => {
      sent(frame);
      this.ground.feed(0, frame);
    };
    const endpoint = new UserlandEndpoint({ address, mac, clock: this.clock, answers: true, send });
    this.#line.push(endpoint);
    return endpoint;
  }

  /** A switch processor with a line of its own to the card, started. */
  async #startSwitch(restore?: SwitchState): Promise<void> {
    const line = new MortalTransport(this.ground.card.transport);
    this.#access = line;
    const sp = this.#makeSwitch(await Card.attach(line), restore);
    sp.on('changed', () => {
      if (!line.isDead) this.#saved = structuredClone(sp.snapshot());
    });
    this.sp = sp;
    await sp.start();
  }

  #makeSwitch(card: Card, restore?: SwitchState): SwitchProcessor {
    const { clock } = this;
    const ports = Array.from({ length: this.#fabricPorts }, (_, i) => i + 2);
    const sp = new SwitchProcessor({
      card,
      services: SERVICES,
      handlers: [new GtpSetup({ now: () => clock.now(), restartCounter: RESTART })],
      ports: [
        { port: 0, role: 'line' },
        { port: 1, role: 'line' },
        ...ports.map((port) => ({ port, role: 'fabric' as const })),
      ],
      slots: ports.map((port, i) => ({
        ...{ slot: i, port, linePort: 0 },
        doors: [{ slot: 16 + i, linePort: 1 }],
      })),
      virtualAddresses: [GATEWAY],
      controlAddress: CONTROL,
      vidsPerProcessor: 4,
      health: { interval: 0 },
      clock,
      ...this.#options,
      ...(restore === undefined ? {} : { restore }),
    });
    sp.on('failed', (error) => this.failures.push(error));
    return sp;
  }

  /** The switch processor is gone at once, in the middle of whatever it does. */
  crashSwitch(): void {
    const { sp } = this;
    this.#access?.dieAfter(0, () => void sp.close());
  }

  /** It crashes, if it has not; what it had written down by then is there for another one. */
  async restartSwitch(): Promise<void> {
    this.crashSwitch();
    if (this.#saved === undefined) throw new Error('it had written nothing down');
    const folder = mkdtempSync(join(tmpdir(), 'vidline-state-'));
    const file = join(folder, 'state.json');
    saveState(file, this.#saved);
    const restore = loadState(file);
    rmSync(folder, { recursive: true });
    await this.#startSwitch(restore);
  }

  async start(count: number, options: TestGatewayOptions = {}): Promise<void> {
    await this.#startSwitch();
    await this.peer.start();
    for (let i = 0; i < count; i++) await this.startGateway(`gw-${i + 1}`, i + 2, options);
    await this.advance(1000);
  }

  async startGateway(
    name: string,
    port: number,
    options: TestGatewayOptions = {},
  ): Promise<TestGateway> {
    const { clock } = this;
    const passes = (frame: Buffer): boolean => {
      const isBeat = frame.readUInt16BE(12) === HEARTBEAT_ETHERTYPE;
      if (!isBeat && test.fuse-- <= 0) test.cut();
      return !test.isCut;
    };
    const holder: { gateway?: Gateway } = {};
    const place = new GatewayPort({
      address: GATEWAY,
      mac: `06:00:00:00:00:0${port}`,
      clock,
      send: (frame) => {
        if (passes(frame)) this.ground.feed(port, frame);
      },
      downlink: (packet) => holder.gateway?.downlink(packet),
    });
    const receivers = this.#receivers.get(port) ?? [];
    receivers.push((frame) => {
      if (passes(frame)) place.receive(frame);
    });
    this.#receivers.set(port, receivers);
    this.ground.onPort(port, (frame) => {
      this.#noteRequest(frame);
      for (const receive of receivers) receive(frame);
    });
    const { replicates = false, modes, fuse, ...more } = options;
    const send = (packet: Buffer) => place.door.send(packet);
    const tellPeer = (peer: string, restart: number) => processor.tellPeer('gtp', peer, restart);
    const doubt = (vid: number) => processor.doubt(vid);
    const given = { endpoint: place.endpoint, send, clock, tellPeer, doubt, ...more };
    const made = replicates
      ? replicatedGateway({ ...given, tellBackup: true, ...(modes === undefined ? {} : { modes }) })
      : { gateway: new Gateway(given), replication: undefined };
    const { gateway, replication } = made;
    holder.gateway = gateway;
    const processor = new Processor({
      name,
      endpoint: place.endpoint,
      control: { address: CONTROL },
      clock,
      load: () => gateway.load(),
      ...(replication === undefined ? {} : { replication }),
      forget: (_service, peer) => gateway.forgetPeer(peer),
      leave: (_service, users) => gateway.leave(users),
      has: (_service, setup) => gateway.has(setup),
      listen: async (assignment) => {
        place.listen(assignment);
        await gateway.listen(assignment);
      },
    });
    const test: TestGateway = {
      ...{ name, port, gateway, place, processor, replication, fuse: Infinity, isCut: false },
      cut: () => {
        test.isCut = true;
      },
    };
    this.gateways.push(test);
    if (fuse !== undefined) {
      processor.once('up', () => {
        test.fuse = fuse;
      });
    }
    const started = processor.start();
    started.catch(() => {});
    await this.until(() => processor.up, started);
    return test;
  }

  /** A packet of the host's for a user, or for whoever has the address. */
  fromHost(packet: Buffer): void {
    const ip = parseIpv4(packet);
    if (ip === undefined) throw new Error('no IPv4 packet');
    const { src, dst, protocol, payload, ttl, dontFragment, identification } = ip;
    const link = { srcMac: HOST_MAC, dstMac: LINE_MACS[1] };
    const frame = buildIpFrame({
      ...link,
      src,
      dst,
      protocol,
      payload,
      hopLimit: ttl,
      identification,
    });
    if (dontFragment) throw new Error('the bench sends no such packets');
    this.ground.feed(1, frame);
  }

  #noteRequest(frame: Buffer): void {
    const datagram = parseUdpFrame(frame);
    if (datagram?.srcPort !== CONTROL_PORT) return;
    const message = parseControl(datagram.payload);
    if ('request' in message) this.askedOf.push(message.request);
  }

  /** The host answers pings, as hosts do. */
  #hostAnswers(frame: Buffer): boolean {
    const ip = parseIpFrame(frame);
    if (ip === undefined || ip.dst !== HOST || ip.protocol !== IP_PROTOCOL.icmp) return false;
    const asked = readPing(ip.ethernet.payload);
    if (asked === undefined) return false;
    this.atHost.push(asked);
    if (asked.type === 8) this.fromHost(ping(HOST, asked.src, asked.sequence, 0));
    return true;
  }

  /** Waits for what the peer does, while frames move. */
  async during<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    await this.until(() => done);
    return work;
  }

  /** Waits for much of it, a few at a time: a question for an address keeps only so many datagrams waiting. */
  async each<T, R>(of: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    for (let at = 0; at < of.length; at += 16) {
      results.push(...(await this.during(Promise.all(of.slice(at, at + 16).map(work)))));
    }
    return results;
  }

  settle(): Promise<void> {
    return this.ground.settle();
  }

  async advance(milliseconds: number, step = 50): Promise<void> {
    await this.settle();
    for (let left = milliseconds; left > 0; left -= step) await this.#step(Math.min(step, left));
  }

  async until(condition: () => boolean, failing?: Promise<unknown>): Promise<void> {
    let failure: Error | undefined;
    failing?.catch((error: Error) => {
      failure = error;
    });
    for (let i = 0; i < 800; i++) {
      await this.settle();
      if (failure !== undefined) throw failure;
      if (condition()) return;
      await this.#step(50);
    }
    throw new Error('the condition did not come true within 40 s of the bench clock');
  }

  async #step(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.settle();
    await this.ground.advance(milliseconds);
    await this.settle();
  }

  /** Closes all. Throws where something failed, or a punted frame has not exactly one end. */
  async finish(): Promise<void> {
    const { frames, held, ends } = this.sp.status().punted;
    await this.close();
    if (this.failures.length > 0) throw new AggregateError(this.failures, 'the bench failed');
    const ended = Object.values(ends).reduce((sum, n) => sum + n, 0);
    if (ended + held !== frames) throw new Error(`${frames} frames were punted, ${ended} ended`);
  }

  async close(): Promise<void> {
    this.peer.close();
    for (const { gateway, place } of this.gateways) {
      gateway.close();
      await place.close();
    }
    await this.sp.close();
    await this.ground.close();
  }
}

/** A user's address as a number, for whoever looks for the VID in it. */
export const addressNumber = (address: string): number => addressToBytes(address).readUInt32BE(0);
