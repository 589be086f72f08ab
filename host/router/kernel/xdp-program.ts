/**
 * Service rules as a program that the kernel runs on each frame of a network card (XDP), from the same
 * entries that the card gets. It knows what is frequent: UDP over IPv4 without options, tags or
 * fragments. All else it passes on, as it does what the card would punt. Whom a frame is addressed to the
 * network card has looked at.
 */

import { VALUES } from '../../../driver/index.ts';
import type { CompiledServices } from '../../steering/compile.ts';
import { Assembler } from './assembler.ts';
import { XDP } from './bpf.ts';

/** File descriptors of the arrays that the program asks. */
export interface XdpMaps {
  /** VID rows, 16 bits each. */
  readonly rows: number;
  /** Slots: whether up (4 bytes), then destination and source address. */
  readonly slots: number;
}

export const SLOT_BYTES = 16;

/** Where things lie: Ethernet, IPv4 without options, UDP. */
const AT = { type: 12, ip: 14, total: 16, fragment: 20, protocol: 23, destination: 30, l4: 34 };
const [PORT_AT, LENGTH_AT, PAYLOAD_AT] = [AT.l4 + 2, AT.l4 + 4, AT.l4 + 8];
/** Bytes that every frame here has; what lies behind is not looked at. */
const LOOKED_AT = 60;
const UDP = 17;
const LOOKUP = 1; // bpf_map_lookup_elem

const swapped = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0, 0);
  return bytes.readUInt32LE(0);
};

type Rule = CompiledServices['rules'][number];

/** Throws RangeError, in words, for rules that this program has no place for. */
export function xdpProgram(
  { rules, prefixes, typeSets, names }: CompiledServices,
  vids: number,
  maps: XdpMaps,
): Buffer {
  const a = new Assembler();
  head(a);
  for (const [index, rule] of rules.entries()) {
    const another = !rule.any_protocol && rule.protocol !== UDP;
    if (!rule.valid || another) continue;
    const accepted = prefixes.filter(
      (prefix, n) => prefix.valid && !prefix.v6 && (rule.prefixes >> n) & 1,
    );
    if (!rule.any_prefix && accepted.length === 0) continue;
    check(rule, names[index] ?? `rule ${index}`);
    const next = `rule ${index + 1}`;
    matching(a, rule, accepted, index, next);
    steering(a, rule, typesOf(typeSets[index] ?? []), vids);
    a.label(next);
  }
  a.jump('drop'); // no service
  tail(a, maps);
  return a.assemble();
}

function check(rule: Rule, name: string): void {
  const wrong = (what: string) => {
    throw new RangeError(`${name} ${what}`);
  };
  if (rule.override) wrong('asks overrides');
  if (rule.setup_always) return;
  if (rule.id_little) wrong('reads its identifier from its last byte on');
  if (![1, 2, 4].includes(rule.id_width)) wrong(`reads ${rule.id_width} bytes at once`);
  if (placeOf(rule) + rule.id_width > LOOKED_AT) wrong('reads behind the first 60 bytes');
  if (rule.id_base === VALUES.rule_id_base.l3) wrong('reads the network header');
}

/** Registers from here on: 7 the frame, 8 its end, 4 the destination port, 5 UDP's length. */
function head(a: Assembler): void {
  a.load(4, 7, 1, 0);
  a.load(4, 8, 1, 4);
  a.aluRegister('mov', 2, 7);
  a.alu('add', 2, LOOKED_AT);
  a.jumpIfRegister('gt', 2, 8, 'pass');
  a.load(2, 1, 7, AT.type);
  a.jumpIf('ne', 1, 0x0008, 'pass');
  a.load(1, 1, 7, AT.ip);
  a.jumpIf('ne', 1, 0x45, 'pass');
  a.load(2, 3, 7, AT.total);
  a.swap(16, 3);
  a.jumpIf('lt', 3, 20, 'drop');
  a.aluRegister('mov', 2, 8);
  a.aluRegister('sub', 2, 7);
  a.aluRegister('mov', 1, 3);
  a.alu('add', 1, AT.ip);
  a.jumpIfRegister('gt', 1, 2, 'drop');
  a.load(2, 1, 7, AT.fragment);
  a.alu('and', 1, 0xff3f);
  a.jumpIf('ne', 1, 0, 'pass');
  a.load(1, 1, 7, AT.protocol);
  a.jumpIf('ne', 1, UDP, 'pass');
  a.load(2, 5, 7, LENGTH_AT);
  a.swap(16, 5);
  a.jumpIf('lt', 5, 8, 'drop');
  a.alu('sub', 3, 20);
  a.jumpIfRegister('gt', 5, 3, 'drop');
  a.load(2, 4, 7, PORT_AT);
  a.swap(16, 4);
}

function matching(
  a: Assembler,
  rule: Rule,
  accepted: CompiledServices['prefixes'],
  index: number,
  next: string,
): void {
  if (!rule.any_port) {
    a.jumpIf('lt', 4, rule.port_low, next);
    a.jumpIf('gt', 4, rule.port_high, next);
  }
  if (!rule.any_prefix) {
    for (const { address, mask } of accepted) {
      const [wanted, bits] = [address, mask].map((value) => swapped(Number(value >> 96n)));
      a.load(4, 1, 7, AT.destination);
      a.and32(1, bits ?? 0);
      a.jumpIf32('eq', 1, wanted ?? 0, `address ${index}`);
    }
    a.jump(next);
    a.label(`address ${index}`);
  }
  if (rule.compare_mask !== 0) {
    const last = [24, 16, 8, 0].findLastIndex((shift) => (rule.compare_mask >>> shift) & 0xff);
    a.jumpIf('lt', 5, 8 + rule.compare_offset + last + 1, next);
    a.load(4, 1, 7, PAYLOAD_AT + rule.compare_offset);
    a.and32(1, swapped(rule.compare_mask));
    a.jumpIf32('ne', 1, swapped((rule.compare_value & rule.compare_mask) >>> 0), next);
  }
}

function steering(a: Assembler, rule: Rule, types: readonly number[], vids: number): void {
  if (rule.setup_always) {
    a.jump('pass');
    return;
  }
  if (rule.setup_type) a.jumpIf('lt', 5, 8 + rule.type_offset + 1, 'drop');
  const { id_width: width } = rule;
  // What lies in the L4 segment must be within it; an address always is.
  if (rule.id_base !== VALUES.rule_id_base.destination) {
    a.jumpIf('lt', 5, placeOf(rule) - AT.l4 + width, 'drop');
  }
  a.load(width as 1 | 2 | 4, 9, 7, placeOf(rule));
  if (width > 1) a.swap(width === 2 ? 16 : 32, 9);
  if (rule.setup_zero) a.jumpIf('eq', 9, 0, 'pass');
  if (rule.setup_type) {
    a.load(1, 1, 7, PAYLOAD_AT + rule.type_offset);
    for (const type of types) a.jumpIf('eq', 1, type, 'pass');
  }
  a.constant(1, rule.id_mask);
  a.aluRegister('and', 9, 1);
  if (rule.id_subtract !== 0n) {
    a.constant(1, rule.id_subtract);
    a.aluRegister('sub', 9, 1);
  }
  if (rule.id_shift !== 0) a.alu('rsh', 9, rule.id_shift);
  a.jumpIf('ge', 9, vids, 'pass');
  a.jump('row');
}

/** Row, slot, new addresses. */
function tail(a: Assembler, { rows, slots }: XdpMaps): void {
  const lookUp = (map: number) => {
    a.map(1, map);
    a.aluRegister('mov', 2, 10);
    a.alu('add', 2, -4);
    a.call(LOOKUP);
    a.jumpIf('eq', 0, 0, 'pass');
  };
  a.label('row');
  a.store(4, 10, -4, 9);
  lookUp(rows);
  a.load(2, 9, 0, 0);
  a.aluRegister('mov', 1, 9);
  a.alu('and', 1, 0x8000); // valid
  a.jumpIf('eq', 1, 0, 'pass');
  a.aluRegister('mov', 1, 9);
  a.alu('and', 1, 0x3f); // active
  a.store(4, 10, -4, 1);
  lookUp(slots);
  a.load(4, 1, 0, 0);
  a.jumpIf('ne', 1, 0, 'rewrite');
  a.aluRegister('mov', 1, 9);
  a.alu('and', 1, 0x4000); // backup in sync
  a.jumpIf('eq', 1, 0, 'pass');
  a.alu('rsh', 9, 8);
  a.alu('and', 9, 0x3f); // backup
  a.store(4, 10, -4, 9);
  lookUp(slots);
  a.load(4, 1, 0, 0);
  a.jumpIf('eq', 1, 0, 'pass');
  a.label('rewrite');
  for (const at of [0, 4, 8]) {
    a.load(4, 1, 0, 4 + at);
    a.store(4, 7, at, 1);
  }
  for (const name of ['tx', 'pass', 'drop'] as const) {
    a.label(name);
    a.alu('mov', 0, XDP[name]);
    a.exit();
  }
}

function placeOf({ id_base: base, id_offset: offset }: Rule): number {
  if (base === VALUES.rule_id_base.destination) return AT.destination + offset;
  return (base === VALUES.rule_id_base.l4 ? AT.l4 : PAYLOAD_AT) + offset;
}

/** The types that a set's eight words hold. */
function typesOf(words: readonly number[]): number[] {
  return Array.from({ length: 256 }, (_, type) => type).filter(
    (type) => ((words[type >> 5] ?? 0) >>> (type & 31)) & 1,
  );
}
