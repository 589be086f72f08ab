/** Random frames, most of them aimed at something that a state holds, some of them broken. */
import { ETHERTYPE } from '../../host/protocol/ethernet.ts';
import { writeMac } from '../../host/steering/mac.ts';
import type { Rule } from '../../host/steering/rule.ts';
import { CONTROL, slotMac } from '../../host/steering/slot-mac.ts';
import type { Arrival, CardState } from '../../host/steering/state.ts';
import { mutate } from './mutate.ts';
import { type L3, randomPacket, reversed, toL3 } from './packet.ts';
import {
  type Extension,
  extension,
  fragmentHeader,
  HEARTBEAT_TYPE,
  heartbeat,
  icmpError,
} from './packets.ts';
import type { Random } from './random.ts';

/** Where the next frame comes from: any port, or the host in any mode. */
export function randomArrival(random: Random, state: CardState): Arrival {
  const line = state.ports.flatMap(({ fabric }, port) => (fabric ? [] : [port]));
  if (random.chance(45)) return { from: { port: random.pick(line) } };
  if (random.chance(60)) return { from: { port: random.below(state.ports.length) } };
  const mode = random.chance(5) ? 3 : random.below(3);
  const targets = mode === 1 ? state.slots.length : state.ports.length;
  const target = random.chance(8) ? random.below(256) : random.below(targets);
  return { from: { inject: { mode, target } } };
}

/** One frame for this arrival; about a quarter of them have something wrong. */
export function randomFrame(random: Random, state: CardState, arrival: Arrival): Buffer {
  const { from } = arrival;
  const fabric = 'port' in from && state.ports[from.port]?.fabric;
  if (fabric && random.chance(12)) return randomHeartbeat(random, state, from.port);
  const { frame, l3 } = wrap(
    random,
    state,
    arrival,
    randomL3(random, state, randomRule(random, state)),
  );
  return mutate(random, frame, l3);
}

/** L3 in a frame that comes in this way; `l3` is where it begins. */
export function wrap(
  random: Random,
  state: CardState,
  arrival: Arrival,
  { etherType, payload }: L3,
): { frame: Buffer; l3: number } {
  const tags = random.pick([0, 0, 0, 0, 1, 1, 1, 2, 2, 3]);
  const { dstMac, srcMac } = randomMacs(random, state, arrival);
  const l3 = 14 + 4 * tags;
  const frame = Buffer.allocUnsafe(l3 + payload.length);
  writeMac(frame, 0, dstMac);
  writeMac(frame, 6, srcMac);
  for (let at = 12; at < l3 - 2; at += 4) {
    frame.writeUInt16BE(random.pick([0x8100, 0x88a8]), at);
    frame.writeUInt16BE(random.below(0x10000), at + 2);
  }
  frame.writeUInt16BE(etherType, l3 - 2);
  frame.set(payload, l3);
  return { frame, l3 };
}

export function randomRule(random: Random, state: CardState): Rule | undefined {
  return random.chance(10) ? undefined : random.pick([undefined, ...state.rules]);
}

function anyMac(random: Random): string {
  return `02:${random
    .bytes(5)
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1:')}`;
}

function randomMacs(
  random: Random,
  state: CardState,
  { from }: Arrival,
): { dstMac: string; srcMac: string } {
  const { ports, slots, fabricPrefix } = state;
  const group = () => random.pick(['ff:ff:ff:ff:ff:ff', '33:33:00:00:00:01', '01:00:5e:00:00:05']);
  const fabric = 'port' in from && ports[from.port]?.fabric;
  if (!fabric) {
    const port = 'port' in from ? from.port : from.inject.target;
    const dstMac =
      random.chance(80) && ports[port] !== undefined
        ? ports[port].mac
        : random.pick([anyMac(random), group(), group(), random.pick(ports).mac]);
    return { dstMac, srcMac: anyMac(random) };
  }
  const aimed = random.chance(10) ? random.below(256) : random.below(slots.length);
  const kind = random.below(5);
  const dstMac =
    kind === 0
      ? slotMac(fabricPrefix, aimed, random.below(256))
      : kind === 1
        ? slotMac(fabricPrefix, CONTROL, random.below(256))
        : kind === 2
          ? group()
          : anyMac(random);
  return { dstMac, srcMac: randomSender(random, state, from.port) };
}

/** Of a slot behind the port, mostly, with its epoch. */
function randomSender(random: Random, { slots, fabricPrefix }: CardState, port: number): string {
  const behind = slots.flatMap((entry, i) => (entry.port === port ? [i] : []));
  const sender = random.chance(90) && behind.length > 0 ? random.pick(behind) : random.below(256);
  const epoch = random.chance(90) ? (slots[sender]?.epoch ?? 0) : random.below(256);
  const prefix = random.chance(95) ? fabricPrefix : (fabricPrefix ^ (1 << random.below(24))) >>> 0;
  return slotMac(prefix, sender, epoch);
}

/** A good one, or one with the wrong nonce, version, sender or address, or cut short. */
function randomHeartbeat(random: Random, state: CardState, port: number): Buffer {
  const srcMac = randomSender(random, state, port);
  const slot = Number.parseInt(srcMac.slice(12, 14), 16);
  const good = state.health?.[slot]?.nonce ?? 0;
  const nonce = random.chance(80) ? good : (good ^ (1 << random.below(32))) >>> 0;
  const version = random.chance(92) ? 1 : random.below(256);
  const etherType = HEARTBEAT_TYPE;
  const payload = heartbeat(nonce, random.word(), version);
  const { frame, l3 } = wrap(random, state, { from: { port } }, { etherType, payload });
  if (random.chance(93))
    writeMac(frame, 0, slotMac(state.fabricPrefix, CONTROL, random.below(256)));
  writeMac(frame, 6, srcMac);
  if (random.chance(30)) return Buffer.concat([frame, random.bytes(random.between(1, 40))]);
  return random.chance(10) ? frame.subarray(0, random.between(13, l3 + 12)) : frame;
}

function randomL3(random: Random, state: CardState, rule: Rule | undefined): L3 {
  const kind = random.below(100);
  if (kind < 4) return { etherType: ETHERTYPE.arp, payload: random.bytes(random.between(0, 46)) };
  if (kind < 7) {
    const etherType = random.pick([0x0000, 0x05dc, 0x0801, 0x8847, 0x88cc, 0x9100, 0xffff]);
    return { etherType, payload: random.bytes(random.between(0, 60)) };
  }
  if (kind < 15) return randomError(random, state, rule);
  const packet = randomPacket(random, state, rule);
  if (packet.version === 6) return toL3(packet, { extensions: randomExtensions(random) });
  const options = randomOptions(random);
  const identification = random.below(0x10000);
  const fragment = random.chance(6) ? random.pick([0x2000, randomOffset(random)]) : 0;
  return toL3(packet, { options, identification, fragment });
}

function randomOptions(random: Random): Buffer {
  return random.chance(25) ? random.bytes(random.between(1, 10) * 4) : Buffer.alloc(0);
}

/** In units of eight bytes; one bit alone is what a mask that is too short overlooks. */
function randomOffset(random: Random): number {
  const more = random.chance(50) ? 0x2000 : 0;
  return more | (random.chance(50) ? 1 << random.below(13) : random.between(1, 0x1fff));
}

/** Chains that can be read, and such that are too long, broken, or fragmented. */
function randomExtensions(random: Random): Extension[] {
  if (random.chance(60)) return [];
  const count = random.pick([1, 1, 1, 2, 2, 3, 4, 9]);
  return Array.from({ length: count }, () => {
    const kind = random.below(100);
    if (kind < 12) {
      const offset = random.chance(50) ? 0 : random.chance(50) ? 8 : randomOffset(random) << 3;
      return fragmentHeader(offset & 0xfff8, random.chance(50), random.word());
    }
    const type = random.pick([0, 43, 51, 60, 135, 139, 140]);
    const most = count > 4 ? 8 : 40;
    const length = random.chance(4)
      ? random.between(1, 40) * 8
      : random.between(1, most / 8) * 8 + (type === 51 && random.chance(10) ? 4 : 0);
    const header = extension(type, Math.max(8, length));
    header.bytes.set(random.bytes(header.bytes.length - 2), 2);
    return header;
  });
}

/** An ICMP error about a packet that one of our processors might have sent. */
function randomError(random: Random, state: CardState, rule: Rule | undefined): L3 {
  const sent = reversed(randomPacket(random, state, rule));
  const fragment = random.chance(10) ? randomOffset(random) : random.chance(10) ? 0x2000 : 0;
  const wrapping = { options: randomOptions(random), fragment };
  const quoted = toL3(sent, sent.version === 4 ? wrapping : {}).payload;
  const version = random.chance(95) ? sent.version : random.pick([4, 6] as const);
  const type = random.chance(10)
    ? random.below(256)
    : random.pick(version === 4 ? [3, 3, 4, 5, 11, 12] : [1, 2, 2, 3, 4]);
  // RFC 792: the IP header and eight bytes; RFC 4443: as much as fits.
  const length = random.chance(30) ? random.between(0, quoted.length) : quoted.length;
  if (random.chance(4) && quoted.length > 0) quoted[0] = random.below(256);
  const bytes = version === 4 ? 4 : 16;
  const packet = {
    version,
    src: random.bytes(bytes),
    dst: sent.src.length === bytes ? sent.src : random.bytes(bytes),
    protocol: version === 4 ? 1 : 58,
    segment: icmpError(type, quoted.subarray(0, length)),
  };
  if (version === 6 && random.chance(10)) return toL3(packet, { extensions: [extension(60, 8)] });
  const outer = random.chance(6) ? randomOffset(random) : 0;
  const behind = random.chance(10) ? randomOptions(random) : Buffer.alloc(0);
  return toL3(packet, version === 4 ? { options: behind, fragment: outer } : {});
}
