/** Random tables: ports, slots, rules over the whole grammar, rows. */
import type { CardSizes } from '../../driver/generated/registers.ts';
import { bytesToMac } from '../../host/protocol/address.ts';
import type {
  Compare,
  Identifier,
  Match,
  Override,
  Prefix,
  Rule,
  Setup,
} from '../../host/steering/rule.ts';
import type { CardState, PortState, SlotState, VidRow } from '../../host/steering/state.ts';
import type { Random } from './random.ts';
import { randomTables } from './tables.ts';

/** The frames of `randomFrame` are aimed at what these states hold. */
export function randomState(random: Random, sizes: CardSizes): CardState {
  const ports = Array.from({ length: sizes.ports }, (_, i) => randomPort(random, i, sizes.ports));
  const prefixes = Array.from({ length: sizes.prefixes }, () => randomPrefix(random));
  const rules = Array.from(
    { length: random.chance(5) ? 0 : random.between(2, sizes.rules) },
    (_, i) => (random.chance(6) ? undefined : randomRule(random, i, prefixes)),
  );
  const rows = randomRows(random, sizes);
  return {
    enabled: !random.chance(3),
    sizes,
    // Locally administered, no group: what the register demands.
    fabricPrefix: ((random.word() & 0xfcffffff) | 0x02000000) >>> 0,
    ports,
    slots: Array.from({ length: sizes.slots }, () => randomSlot(random, sizes.ports)),
    rules,
    rows,
    ...randomTables(random, sizes, rules, rows),
  };
}

/** Both roles occur on every card. */
function randomPort(random: Random, index: number, count: number): PortState {
  const mac = random.bytes(6);
  mac.writeUInt8((mac.readUInt8(0) & 0xfe) | 0x02, 0);
  const fabric = index === 0 ? false : index === count - 1 ? true : random.chance(50);
  return { mac: bytesToMac(mac), fabric };
}

function randomSlot(random: Random, ports: number): SlotState {
  return {
    up: random.chance(65),
    port: random.chance(4) ? random.below(16) : random.below(ports),
    linePort: random.chance(6) ? random.below(16) : random.below(ports),
    epoch: random.below(256),
  };
}

function randomRows(random: Random, { vids, slots }: CardSizes): ReadonlyMap<number, VidRow> {
  const slot = () => (random.chance(8) ? random.below(64) : random.below(slots));
  const row = (): VidRow => ({
    valid: random.chance(85),
    active: slot(),
    backup: slot(),
    backupInSync: random.chance(60),
  });
  const few = Array.from({ length: 10 }, () => random.below(64)); // within reach of one byte
  const numbers = [0, vids - 1, ...few, ...Array.from({ length: 24 }, () => random.below(vids))];
  return new Map(numbers.map((vid) => [vid, row()]));
}

/** Any length, and now and then a mask with holes. */
function randomPrefix(random: Random): Prefix {
  const version = random.chance(60) ? 4 : 6;
  const bytes = version === 4 ? 4 : 16;
  const length = random.chance(20) ? random.between(0, bytes * 8) : random.between(1, bytes) * 8;
  const mask = Buffer.alloc(bytes);
  for (let bit = 0; bit < length; bit++) {
    if (!random.chance(random.chance(10) ? 50 : 0)) {
      mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
    }
  }
  const raw = random.bytes(bytes);
  const address = raw.map((byte, i) => byte & (mask[i] ?? 0));
  return { text: 'random', version, address, mask };
}

function randomRule(random: Random, index: number, prefixes: readonly Prefix[]): Rule {
  const match = randomMatch(random, prefixes);
  const override = random.chance(30) ? randomOverride(random) : undefined;
  const setup = randomSetup(random);
  // By source alone there may be nothing to read.
  const bare = override?.by === 'source' && !setup.zero && random.chance(30);
  return {
    service: 'random',
    name: `rule-${index}`,
    doc: '',
    match,
    identifier: bare ? undefined : randomIdentifier(random),
    override,
    setup,
    origin: undefined,
  };
}

function randomMatch(random: Random, prefixes: readonly Prefix[]): Match {
  const some = prefixes.filter(() => random.chance(25));
  const low = random.chance(30) ? random.below(0x10000) : random.between(1024, 1124);
  const high = Math.min(0xffff, low + random.pick([0, 0, 1, 50, 4000, 0xffff]));
  const protocol = random.chance(20) ? 'any' : random.pick([17, 17, 17, 6, 132, 1, 47, 58]);
  const portless = protocol === 1 || protocol === 47 || protocol === 58;
  return {
    protocol,
    destinations: random.chance(25) || some.length === 0 ? 'any' : some,
    ports: random.chance(portless ? 90 : 35) ? 'any' : { low, high },
    compare: random.chance(30) ? randomCompare(random) : undefined,
  };
}

function randomCompare(random: Random): Compare {
  const masks = [0xff, 0xff000000, 0xe8000000, 0xffffffff, 0x00f00000, 0x0f, 0xff00ff];
  const mask = random.chance(20) ? random.word() || 1 : random.pick(masks);
  return { offset: random.between(0, 12), value: (random.word() & mask) >>> 0, mask };
}

function randomIdentifier(random: Random): Identifier {
  const width = random.chance(60) ? random.pick([1, 2, 4]) : random.between(1, 8);
  const whole = 2n ** BigInt(width * 8) - 1n;
  const shift = random.chance(40) ? 0 : random.chance(10) ? random.below(64) : random.below(17);
  const subtract = random.chance(50) ? 0n : random.chance(15) ? random.bits(64) : random.bits(16);
  return {
    base: random.pick(['l3', 'l4', 'payload', 'payload', 'destination'] as const),
    offset: random.chance(6) ? random.below(256) : random.between(0, 12),
    width,
    order: random.chance(75) ? 'big' : 'little',
    mask: random.chance(50)
      ? whole
      : random.chance(50)
        ? 0xffffn & whole || whole
        : random.bits(64),
    subtract,
    shift,
  };
}

function randomSetup(random: Random): Setup {
  const types = random.chance(30)
    ? {
        offset: random.between(0, 15),
        values: new Set(Array.from({ length: random.between(1, 40) }, () => random.below(256))),
      }
    : undefined;
  return { always: random.chance(12), zero: random.chance(35), types };
}

/** A few spaces, so that rules share some. */
function randomOverride(random: Random): Override {
  return {
    by: random.pick(['identifier', 'source', 'source_identifier'] as const),
    only: random.chance(40),
    space: random.pick([0, 1, 2, 255]),
  };
}
