/**
 * The user plane: packets out of tunnels into the packet network and back (TS 29.281 §4, TS 23.060
 * §9.1.1). A gateway is a router to its users: it looks at addresses and takes one off the TTL.
 */
import { bytesToAddress } from '../protocol/address.ts';
import {
  buildGPdu,
  buildGtpuSignal,
  type GPdu,
  GTPU_OVERHEAD,
  GTPU_PORT,
  type GtpuSignal,
  parseGtpu,
} from '../protocol/gtpu.ts';
import { mustBeUnderstood } from '../protocol/gtpv1-header.ts';
import { vidOfTeid } from '../protocol/teid.ts';
import type { DatagramSocket, Peer } from './datagram-endpoint.ts';
import { BackupTunnels } from './gateway-backup.ts';
import { arrives, type GatewayContext, writePassed } from './gateway-context.ts';
import { defaultBearer, type TunnelEnd } from './gateway-session.ts';
import { bearerFor } from './traffic-match.ts';
import { userPrefix } from './user-addresses.ts';
import { answerRouterSolicitation, tooLong } from './user-link.ts';
import { readUserPacket, type UserPacket } from './user-packet.ts';

/** Bytes of an IP packet on Ethernet. */
const LINK_MTU = 1500;
const IPV4_AND_UDP = 28;
const IPV6_AND_UDP = 48;

/**
 * Extension headers that say nothing to a gateway and are read past all the same: the PDU session
 * container and PDCP numbers (TS 29.281 §5.2.2).
 */
const KNOWN_EXTENSIONS = [0x85, 0xc0];

export interface TunnelOptions {
  /** The socket of GTP-U's port. */
  readonly socket: () => DatagramSocket | undefined;
  /** Sends a packet into the packet network. */
  readonly send: (packet: Buffer) => void;
}

export class GatewayTunnels {
  readonly #context: GatewayContext;
  readonly #options: TunnelOptions;
  /** Longest packet of a user. */
  readonly #mtu: number;
  readonly #backup: BackupTunnels;
  #sequence = 0;

  constructor(context: GatewayContext, options: TunnelOptions) {
    this.#context = context;
    this.#options = options;
    this.#backup = new BackupTunnels(context, (bytes, from) => this.receive(bytes, from));
    const outer = context.address.includes(':') ? IPV6_AND_UDP : IPV4_AND_UDP;
    this.#mtu = LINK_MTU - outer - GTPU_OVERHEAD;
  }

  /** A datagram for GTP-U's port. */
  receive(bytes: Buffer, from: Peer): void {
    const { counters } = this.#context;
    const message = parseGtpu(bytes);
    switch (message.kind) {
      case 'gPdu':
        this.#uplink(message, bytes, from);
        break;
      case 'endMarker':
        counters.endMarkers++;
        return;
      case 'errorIndication':
        this.#lost(message, from);
        break;
      case 'problem':
        counters.malformed++;
        return;
      default:
        counters.unexpected++;
    }
  }

  /** A packet from the packet network. */
  downlink(bytes: Buffer): void {
    const { counters, sessions } = this.#context;
    const packet = readUserPacket(bytes);
    if (packet === undefined) {
      counters.notIp++;
      return;
    }
    const { destination } = packet;
    const vid = sessions.vidOfAddress(destination);
    const from = { address: '0.0.0.0', port: 0 };
    const passed = () => writePassed({ plane: 'downlink', from, bytes });
    if (vid !== undefined && arrives(this.#context, vid, passed) === 'passed') return;
    const address = packet.version === 4 ? bytesToAddress(destination) : userPrefix(destination);
    const session = sessions.address(address);
    if (session === undefined) {
      counters.noUser++;
      return;
    }
    if (packet.bytes.length > this.#mtu) {
      counters.tooLong++;
      const answer = tooLong(packet, this.#mtu, this.#context.address);
      if (answer !== undefined) this.#options.send(answer);
      return;
    }
    if (!packet.hop()) {
      counters.expired++;
      return;
    }
    const bearer = bearerFor(session, packet);
    if (bearer.peer === undefined) {
      counters.noTunnel++;
      return;
    }
    counters.downlink++;
    this.#send(bearer.peer.address, buildGPdu(bearer.peer.teid, packet.bytes));
  }

  /** §7.3.2: the last on a tunnel; what comes after it may be discarded there. */
  markEnd({ address, teid }: TunnelEnd): void {
    this.#context.counters.endMarkersSent++;
    this.#send(address, buildGtpuSignal('endMarker', { teid }, {}));
  }

  #uplink(message: GPdu, bytes: Buffer, from: Peer): void {
    const { counters, sessions } = this.#context;
    const unknown = message.extensions.some(
      (header) => mustBeUnderstood(header) && !KNOWN_EXTENSIONS.includes(header.type),
    );
    if (unknown) {
      // §7.2.3: the sender is told which there are.
      counters.unknownExtension++;
      const sequence = this.#next();
      const header = { teid: 0, sequence };
      const types = { types: KNOWN_EXTENSIONS };
      this.#send(from.address, buildGtpuSignal('supportedExtensionHeaders', header, types));
      return;
    }
    const { teid } = message;
    const passed = () => writePassed({ plane: 'user', from, bytes });
    if (arrives(this.#context, vidOfTeid(teid), passed) === 'passed') return;
    const found = sessions.user(teid);
    const packet = readUserPacket(message.packet);
    if (found === undefined) {
      if (packet && this.#backup.take(bytes, from, teid, packet.sourceBytes)) return;
      counters.unknownTunnel++;
      this.#indicateError(teid, from);
      return;
    }
    if (packet === undefined) {
      counters.notIp++;
      return;
    }
    const { session, bearer } = found;
    if (session.ipv6 !== undefined && bearer.peer !== undefined) {
      const answer = answerRouterSolicitation(packet, session.ipv6, this.#mtu);
      if (answer !== undefined) {
        this.#send(bearer.peer.address, buildGPdu(bearer.peer.teid, answer));
        return;
      }
    }
    const own = packet.version === 4 ? session.ipv4 : session.ipv6;
    if (own === undefined || sourceOf(packet) !== own) {
      counters.spoofed++;
      return;
    }
    if (!packet.hop()) {
      counters.expired++;
      return;
    }
    counters.uplink++;
    this.#options.send(packet.bytes);
  }

  /** §7.3.1: its TEID and our address name the tunnel that we do not know. */
  #indicateError(teid: number, from: Peer): void {
    const { address } = this.#context;
    const header = { teid: 0, sequence: 0 };
    this.#send(from.address, buildGtpuSignal('errorIndication', header, { teid, address }));
  }

  /**
   * The peer does not know a tunnel of ours any more: the session ends where it was the default
   * bearer's, else the bearer (TS 29.060 §9.1.2, TS 23.007 §19). It counts only from the peer itself.
   */
  #lost({ ies }: Extract<GtpuSignal, { kind: 'errorIndication' }>, from: Peer): void {
    const { counters, sessions } = this.#context;
    counters.errorIndications++;
    const found = from.address === ies.address ? sessions.peer(ies.address, ies.teid) : undefined;
    if (found === undefined) return;
    const { session, bearer } = found;
    counters.lostAtPeer++;
    if (bearer.id === defaultBearer(session).id) sessions.remove(session);
    else {
      const bearers = session.bearers.filter(({ id }) => id !== bearer.id);
      sessions.replace({ ...session, bearers });
    }
  }

  #send(address: string, bytes: Buffer): void {
    this.#options.socket()?.send(bytes, { address, port: GTPU_PORT });
  }

  #next(): number {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return this.#sequence;
  }
}

function sourceOf({ version, sourceBytes }: UserPacket): string {
  return version === 4 ? bytesToAddress(sourceBytes) : userPrefix(sourceBytes);
}
