// Generated from hdl/registers.yaml by `npm run generate`; do not edit.
import type { FieldPlace } from '../bits.ts';
import { getField, setField } from '../bits.ts';

/** What the card is built for, as its identity block says. Widths in bits, lengths in bytes. */
export interface CardSizes {
  readonly dataWidth: number;
  readonly ports: number;
  readonly slots: number;
  readonly vids: number;
  readonly rules: number;
  readonly prefixes: number;
  readonly overrides: number;
  readonly fragments: number;
  readonly maxFrame: number;
  readonly window: number;
  readonly vidCounterBits: number;
  readonly vidByteCounterBits: number;
}

export const MAP = {
  magic: 0x5649444c,
  major: 2,
  minor: 1,
  addressBits: 24,
} as const;

/** Byte addresses of the single registers. */
export const REGISTERS = {
  /** Who the card is and how large. The driver reads this first and refuses what it does not know. */
  identity: {
    /** "VIDL" in ASCII; anything else is no vidline card. */
    magic: 0x000000,
    /** Version of this map. */
    version: 0x000004,
    /** First 32 bits of the SHA-256 over the RTL sources and the configuration. */
    build_id: 0x000008,
    /** `id` of the configuration in hdl/configurations.yaml. */
    configuration: 0x00000c,
    /** Width of the data path in bits (64 or 512). */
    data_width: 0x000010,
    /** Number of network ports. */
    ports: 0x000014,
    /** Number of slots. */
    slots: 0x000018,
    /** Number of VID rows; valid VIDs are 0 to vids - 1. */
    vids: 0x00001c,
    /** Number of service rules. */
    rules: 0x000020,
    /** Number of destination prefixes that the rules share. */
    prefixes: 0x000024,
    /** Longest frame in bytes without FCS; longer ones are dropped. */
    max_frame: 0x000028,
    /** Bytes of a frame's head that the card can look at. */
    window: 0x00002c,
    /** Width of each VID's packet counter; 0 where the configuration has none. */
    vid_counter_bits: 0x000030,
    /** Width of each VID's byte counter; 0 where the configuration has none. */
    vid_byte_counter_bits: 0x000034,
    /** Places in the override table, both ways together. */
    overrides: 0x000038,
    /** Places in the table of fragmented packets. */
    fragments: 0x00003c,
  },
  /** Switches and state of the card as a whole. */
  control: {
    /** Global switches. Everything is off after reset. */
    control: 0x000100,
    /** First four octets of every slot's MAC address; octets 5 and 6 are slot and epoch. Must be locally administered and not a group address. */
    fabric_prefix: 0x000104,
    /** State at the moment of the read. */
    status: 0x000108,
    /** Write: freeze all snapshot counters at one clock. The write completes when they can be read. Read: number of snapshots taken since reset. */
    snapshot: 0x00010c,
    /** Frames in flight at the clock of the snapshot; held ones are not among them. */
    snapshot_in_flight: 0x000110,
    /** Later fragments held at the clock of the snapshot, because their first has not come yet. */
    snapshot_held: 0x000114,
    /** The card's time in microseconds, low half; reading it latches the high half. */
    time_low: 0x000118,
    /** The card's time in microseconds, high half. */
    time_high: 0x00011c,
    /** How long a first fragment leads later ones, and how long one that came before its first is held, in microseconds. 0: later fragments are not followed. */
    fragment_us: 0x000120,
    /** A fabric port whose queue is not empty and gives off nothing for this many microseconds takes its slots down. 0: never. */
    stall_us: 0x000124,
    /** How long the queue of a port with a suspect slot may be held, in microseconds. 0: it is not held. */
    suspect_hold_us: 0x000128,
    /** Write: all places of the override table become empty; completes when they are. Reads 0. */
    overrides_clear: 0x00012c,
  },
  /** What the card did by itself. The state of each slot stays until the host has acknowledged it, so nothing is lost under load. */
  events: {
    /** Bit s: `slot_event` of slot s is not acknowledged, slots 0 to 31. */
    slots_low: 0x000200,
    /** The same, slots 32 to 63. */
    slots_high: 0x000204,
    /** Words with the wrong parity that data path and scrubber have read since reset. */
    parity_errors: 0x000208,
    /** Where the last of them is. */
    parity_last: 0x00020c,
    /** Times that the scrubber has read all words with parity since reset. */
    scrubs: 0x000210,
  },
  /** Copies of frames to a port, for whoever watches. A copy is in no counter but `mirrored`. */
  mirror: {
    /** Whether, whither, and which VID. */
    select: 0x000300,
    /** Bit r: frames that end with reason r are copied, reasons 0 to 31. */
    reasons_low: 0x000304,
    /** The same, reasons 32 to 63. */
    reasons_high: 0x000308,
  },
} as const;

/** Fields of single registers. */
export const FIELDS = {
  identity_version: {
    minor: { bit: 0, width: 16 },
    major: { bit: 16, width: 16 },
  },
  control_control: {
    enable: { bit: 0, width: 1 },
    bad_parity: { bit: 1, width: 1 },
  },
  control_status: {
    idle: { bit: 0, width: 1 },
    in_flight: { bit: 16, width: 16 },
  },
  events_parity_last: {
    index: { bit: 0, width: 20 },
    table: { bit: 24, width: 2 },
  },
  mirror_select: {
    enable: { bit: 0, width: 1 },
    by_vid: { bit: 1, width: 1 },
    port: { bit: 4, width: 4 },
    vid: { bit: 16, width: 16 },
  },
} as const;

/** Tables; strides and lengths in 32-bit words, offsets in bytes. */
export const TABLES = {
  /** Network ports. The role decides which side of the card a frame comes from. */
  port: {
    name: 'port',
    offset: 0x001000,
    stride: 4,
    words: 2,
    access: 'rw',
    entries: (sizes: CardSizes) => sizes.ports,
    fields: {
      mac: { bit: 0, width: 48 },
      fabric: { bit: 48, width: 1 },
      cut_through: { bit: 49, width: 1 },
    },
  },
  /** Places that a processor can occupy. */
  slot: {
    name: 'slot',
    offset: 0x002000,
    stride: 1,
    words: 1,
    access: 'rw',
    entries: (sizes: CardSizes) => sizes.slots,
    fields: {
      up: { bit: 0, width: 1 },
      port: { bit: 4, width: 4 },
      line_port: { bit: 8, width: 4 },
      epoch: { bit: 16, width: 8 },
    },
  },
  /** What the card expects of each slot's heartbeats. */
  slot_health: {
    name: 'slot_health',
    offset: 0x010000,
    stride: 4,
    words: 3,
    access: 'rw',
    entries: (sizes: CardSizes) => sizes.slots,
    fields: {
      nonce: { bit: 0, width: 32 },
      timeout_us: { bit: 32, width: 24 },
      suspect_us: { bit: 64, width: 24 },
    },
  },
  /** The last thing that happened to each slot. Writing word 0 with `count` as it was read acknowledges it; with another count it does nothing. */
  slot_event: {
    name: 'slot_event',
    offset: 0x012000,
    stride: 4,
    words: 3,
    access: 'state',
    entries: (sizes: CardSizes) => sizes.slots,
    fields: {
      count: { bit: 0, width: 8 },
      cause: { bit: 8, width: 3 },
      went_down: { bit: 12, width: 1 },
      stale: { bit: 13, width: 1 },
      time_us: { bit: 32, width: 48 },
    },
  },
  /** Limits of what is punted: entry r for rule r, entry RULES for frames from the line without a rule, entry RULES + 1 for frames from fabric ports to the host. Policed by GCRA (ITU-T I.371 annex A). */
  policer: {
    name: 'policer',
    offset: 0x014000,
    stride: 2,
    words: 2,
    access: 'rw',
    entries: (sizes: CardSizes) => sizes.rules + 2,
    fields: {
      interval: { bit: 0, width: 24 },
      share: { bit: 24, width: 7 },
      burst: { bit: 32, width: 32 },
    },
  },
  /** Each port's MAC, on a board; where there is none, all reads 0. Counters are modulo 2^32, belong to no snapshot and start at 0 at reset. Each frame with a fault counts once, and ends in the card as `rx_error` or `rx_oversize`; good ones are counted by the card alone. */
  mac: {
    name: 'mac',
    offset: 0x016000,
    stride: 16,
    words: 9,
    access: 'state',
    entries: (sizes: CardSizes) => sizes.ports,
    fields: {
      present: { bit: 0, width: 1 },
      link: { bit: 1, width: 1 },
      speed: { bit: 2, width: 2 },
      full_duplex: { bit: 4, width: 1 },
      rmii: { bit: 5, width: 1 },
      rx_fcs: { bit: 32, width: 32 },
      rx_alignment: { bit: 64, width: 32 },
      rx_code: { bit: 96, width: 32 },
      rx_short: { bit: 128, width: 32 },
      rx_oversize: { bit: 160, width: 32 },
      rx_no_frame: { bit: 192, width: 32 },
      rx_cut: { bit: 224, width: 32 },
      tx_no_link: { bit: 256, width: 32 },
    },
  },
  /** Destination prefixes; a rule names the set of prefixes it accepts. */
  prefix: {
    name: 'prefix',
    offset: 0x003000,
    stride: 16,
    words: 9,
    access: 'rw',
    entries: (sizes: CardSizes) => sizes.prefixes,
    fields: {
      address: { bit: 0, width: 128 },
      mask: { bit: 128, width: 128 },
      v6: { bit: 256, width: 1 },
      valid: { bit: 257, width: 1 },
    },
  },
  /** Service rules, tried in order of their index; the first that matches decides. */
  rule: {
    name: 'rule',
    offset: 0x004000,
    stride: 16,
    words: 10,
    access: 'rw',
    entries: (sizes: CardSizes) => sizes.rules,
    fields: {
      valid: { bit: 0, width: 1 },
      any_protocol: { bit: 1, width: 1 },
      any_prefix: { bit: 2, width: 1 },
      any_port: { bit: 3, width: 1 },
      protocol: { bit: 8, width: 8 },
      prefixes: { bit: 16, width: 8 },
      port_low: { bit: 32, width: 16 },
      port_high: { bit: 48, width: 16 },
      compare_value: { bit: 64, width: 32 },
      compare_mask: { bit: 96, width: 32 },
      compare_offset: { bit: 128, width: 4 },
      type_offset: { bit: 132, width: 4 },
      setup_always: { bit: 136, width: 1 },
      setup_zero: { bit: 137, width: 1 },
      setup_type: { bit: 138, width: 1 },
      id_base: { bit: 140, width: 2 },
      id_little: { bit: 142, width: 1 },
      id_width: { bit: 144, width: 4 },
      id_offset: { bit: 152, width: 8 },
      id_mask: { bit: 160, width: 64 },
      id_subtract: { bit: 224, width: 64 },
      id_shift: { bit: 288, width: 6 },
      override: { bit: 296, width: 2 },
      override_only: { bit: 298, width: 1 },
      override_space: { bit: 304, width: 8 },
    },
  },
  /** Message types that are set-ups, 256 bits a rule: entry rule * 8 + type / 32, bit type % 32. */
  type_set: {
    name: 'type_set',
    offset: 0x006000,
    stride: 1,
    words: 1,
    access: 'rw',
    entries: (sizes: CardSizes) => sizes.rules * 8,
    fields: {
      types: { bit: 0, width: 32 },
    },
  },
  /** The rows that VIDs name. */
  vid_row: {
    name: 'vid_row',
    offset: 0x100000,
    stride: 1,
    words: 1,
    access: 'rw',
    entries: (sizes: CardSizes) => sizes.vids,
    fields: {
      active: { bit: 0, width: 6 },
      backup: { bit: 8, width: 6 },
      backup_in_sync: { bit: 14, width: 1 },
      valid: { bit: 15, width: 1 },
    },
  },
  /** Exact matches that name a VID. A key lies in one of two places: hash `way0` gives one in the first half, hash `way1` one in the second. The write of the last word puts the entry in place. */
  override: {
    name: 'override',
    offset: 0x400000,
    stride: 8,
    words: 5,
    access: 'state',
    entries: (sizes: CardSizes) => sizes.overrides,
    fields: {
      key: { bit: 0, width: 128 },
      space: { bit: 128, width: 8 },
      vid: { bit: 136, width: 16 },
      valid: { bit: 152, width: 1 },
    },
  },
  /** Overrides that packets have used, 32 a word; bit n of word w for place 32 w + n. Writing 1 clears the bit. */
  override_hit: {
    name: 'override_hit',
    offset: 0x600000,
    stride: 1,
    words: 1,
    access: 'state',
    entries: (sizes: CardSizes) => sizes.overrides / 32,
    fields: {
      hits: { bit: 0, width: 32 },
    },
  },
} as const;

export type TableName = keyof typeof TABLES;

/** Network ports. The role decides which side of the card a frame comes from. */
export interface PortEntry {
  /** The port's own address: source of what leaves it; on a line port the destination that is accepted (with group addresses). */
  mac: bigint;
  /** 0: line port; frames are steered by service rules. 1: fabric port; frames are checked against the slot table. */
  fabric: number;
  /** 0: a frame enters the pipeline when it has arrived whole. 1: at its first beat; only for a source that leaves no gaps inside a frame; a gap ends the frame as `rx_underrun`. */
  cut_through: number;
}

/** Places that a processor can occupy. */
export interface SlotEntry {
  /** 1: may be sent to and may send. Down is latched: a write raises a slot that is down only together with another epoch than it has; else the rest of the entry is written and the slot stays down. After reset all slots are down with epoch 0. */
  up: number;
  /** Fabric port behind which the slot is. */
  port: number;
  /** Line port for what the slot sends outwards. */
  line_port: number;
  /** Incarnation of the slot's occupant; last octet of its MAC address. */
  epoch: number;
}

/** What the card expects of each slot's heartbeats. */
export interface SlotHealthEntry {
  /** Number of the incarnation that its heartbeats must carry. */
  nonce: number;
  /** Microseconds without a heartbeat after which the slot goes down. 0: heartbeats are not waited for. */
  timeout_us: number;
  /** Microseconds without a heartbeat after which the slot is suspect. 0: never. */
  suspect_us: number;
}

/** The last thing that happened to each slot. Writing word 0 with `count` as it was read acknowledges it; with another count it does nothing. */
export interface SlotEventEntry {
  /** Events of this slot since reset, modulo 256. */
  count: number;
  /** Why the slot went down last. */
  cause: number;
  /** 1: it went down since the last acknowledgement. */
  went_down: number;
  /** 1: a frame with the slot's number came from an old incarnation, or while it was down, since the last acknowledgement. */
  stale: number;
  /** When it went down last, in the card's microseconds. */
  time_us: bigint;
}

/** Limits of what is punted: entry r for rule r, entry RULES for frames from the line without a rule, entry RULES + 1 for frames from fabric ports to the host. Policed by GCRA (ITU-T I.371 annex A). */
export interface PolicerEntry {
  /** Time that one frame takes of the rate, in 1/256 microseconds. 0: no limit. */
  interval: number;
  /** Frames that may wait in the host's queue at once. 0: no limit. */
  share: number;
  /** How far frames may run ahead of the rate, in 1/256 microseconds: (frames at once - 1) * interval. */
  burst: number;
}

/** Each port's MAC, on a board; where there is none, all reads 0. Counters are modulo 2^32, belong to no snapshot and start at 0 at reset. Each frame with a fault counts once, and ends in the card as `rx_error` or `rx_oversize`; good ones are counted by the card alone. */
export interface MacEntry {
  /** 1: there is a MAC. */
  present: number;
  /** 1: the PHY's clock runs and its in-band status says that there is a link. */
  link: number;
  /** Of the line, in Mb/s; RMII: that of the last frame received. */
  speed: number;
  /** 1: the PHY says so. With 0 frames may collide: nothing here defers. */
  full_duplex: number;
  /** 1: RMII, which tells no link: `link` says that the clock runs. */
  rmii: number;
  /** Frames with a wrong FCS and a whole number of octets. */
  rx_fcs: number;
  /** Frames with a wrong FCS and a part of an octet at the end (10 and 100 Mb/s). */
  rx_alignment: number;
  /** Frames within which the PHY has reported an error. */
  rx_code: number;
  /** Frames of fewer than 64 octets with FCS. */
  rx_short: number;
  /** Frames of more than `max_frame` octets and FCS. */
  rx_oversize: number;
  /** Carriers without an SFD, or with 8 octets or fewer behind it: the card hears nothing of them. */
  rx_no_frame: number;
  /** Frames within which the PHY's clock stopped, or of which the core did not take all (0 on a board whose clocks are as they should be). */
  rx_cut: number;
  /** Frames thrown away, or cut short, because there was no link. */
  tx_no_link: number;
}

/** Destination prefixes; a rule names the set of prefixes it accepts. */
export interface PrefixEntry {
  /** Address, most significant bit first: bit 127 is the first bit on the wire. IPv4 sits in bits 127:96. */
  address: bigint;
  /** 1 where the bit is compared. */
  mask: bigint;
  /** 0: IPv4. 1: IPv6. */
  v6: number;
  /** 0: matches nothing. */
  valid: number;
}

/** Service rules, tried in order of their index; the first that matches decides. */
export interface RuleEntry {
  /** 0: matches nothing. */
  valid: number;
  /** 1: any IP protocol. */
  any_protocol: number;
  /** 1: any destination address, IPv4 and IPv6. */
  any_prefix: number;
  /** 1: no condition on the destination port. 0: UDP, TCP or SCTP with port_low <= port <= port_high. */
  any_port: number;
  /** IP protocol number (IANA). */
  protocol: number;
  /** Set of accepted prefixes, bit n for entry n of the prefix table. */
  prefixes: number;
  /** Lowest destination port. */
  port_low: number;
  /** Highest destination port. */
  port_high: number;
  /** Four payload bytes, the first on the wire in bits 31:24. */
  compare_value: number;
  /** 1 where the bit is compared; 0 altogether: no compare. */
  compare_mask: number;
  /** Offset of the first of the four bytes from the start of the L4 payload, 0 to 12. */
  compare_offset: number;
  /** Offset of the message-type byte from the start of the L4 payload. */
  type_offset: number;
  /** 1: every match is a set-up packet; no identifier is read. */
  setup_always: number;
  /** 1: identifier zero (as it stands in the packet) is a set-up packet. */
  setup_zero: number;
  /** 1: a message type in the rule's set is a set-up packet. */
  setup_type: number;
  /** Where the identifier's offset counts from: L3 header, L4 header, L4 payload or IP destination address. */
  id_base: number;
  /** 1: the identifier's first byte is its least significant. */
  id_little: number;
  /** Bytes of the identifier, 1 to 8. */
  id_width: number;
  /** Offset of the identifier's first byte from its base. */
  id_offset: number;
  /** First step: identifier AND mask. */
  id_mask: bigint;
  /** Second step: minus this, modulo 2^64. */
  id_subtract: bigint;
  /** Third step: shifted right by this; the result is the VID. */
  id_shift: number;
  /** Whether the override table is asked first, and by what: nothing; the identifier under id_mask; the source address; or both (of an IPv6 address its first 64 bits). */
  override: number;
  /** 1: a packet without an override is punted; 0: its identifier is computed. */
  override_only: number;
  /** Name space of the rule's overrides. */
  override_space: number;
}

/** Message types that are set-ups, 256 bits a rule: entry rule * 8 + type / 32, bit type % 32. */
export interface TypeSetEntry {
  /** 1 where the type is a set-up. */
  types: number;
}

/** The rows that VIDs name. */
export interface VidRowEntry {
  /** Slot that serves the VID. */
  active: number;
  /** Slot that serves it when the active one is down. */
  backup: number;
  /** 1: there is a backup and it holds the state; only then is it used. */
  backup_in_sync: number;
  /** 0: the VID is not assigned. */
  valid: number;
}

/** Exact matches that name a VID. A key lies in one of two places: hash `way0` gives one in the first half, hash `way1` one in the second. The write of the last word puts the entry in place. */
export interface OverrideEntry {
  /** What is matched; see `override` of the rule. An identifier stands in bits 63:0, a source address in 127:0 with the first bit on the wire in bit 127, with both the address in 127:64. */
  key: bigint;
  /** `override_space` of the rules that ask. */
  space: number;
  /** VID. */
  vid: number;
  /** 0: the place is empty. */
  valid: number;
}

/** Overrides that packets have used, 32 a word; bit n of word w for place 32 w + n. Writing 1 clears the bit. */
export interface OverrideHitEntry {
  /** 1 where the override was used. */
  hits: number;
}

export interface TableEntries {
  port: PortEntry;
  slot: SlotEntry;
  slot_health: SlotHealthEntry;
  slot_event: SlotEventEntry;
  policer: PolicerEntry;
  mac: MacEntry;
  prefix: PrefixEntry;
  rule: RuleEntry;
  type_set: TypeSetEntry;
  vid_row: VidRowEntry;
  override: OverrideEntry;
  override_hit: OverrideHitEntry;
}

/** An entry as the words that the card holds. Throws RangeError where a value does not fit its field. */
export function encodeEntry<T extends TableName>(table: T, entry: TableEntries[T]): Uint32Array {
  const words = new Uint32Array(TABLES[table].words);
  const values = entry as unknown as Record<string, number | bigint>;
  for (const [name, place] of Object.entries<FieldPlace>(TABLES[table].fields)) {
    const value = values[name];
    if (value === undefined) throw new RangeError(`${table}.${name} is missing`);
    setField(words, place, value, `${table}.${name}`);
  }
  return words;
}

/** The words of an entry as its fields. */
export function decodeEntry<T extends TableName>(table: T, words: Uint32Array): TableEntries[T] {
  const entry: Record<string, number | bigint> = {};
  for (const [name, place] of Object.entries<FieldPlace>(TABLES[table].fields)) {
    entry[name] = getField(words, place);
  }
  return entry as unknown as TableEntries[T];
}

/** Counters; offsets in bytes. An entry is packets, then bytes where it has them, 64 bits each, low word first. */
export const COUNTERS = {
  /** Frames taken into the card by origin: 0 line, 1 slot, 2 host. */
  received: {
    name: 'received',
    offset: 0x007000,
    stride: 2,
    entries: () => 3,
    bytes: false,
    kind: 'snapshot',
  },
  /** Frames that found a port's receive buffer full, so that not even their head was kept; the last entry is the host's port. They are part of `received` nowhere else. */
  lost: {
    name: 'lost',
    offset: 0x007100,
    stride: 2,
    entries: (sizes: CardSizes) => sizes.ports + 1,
    bytes: false,
    kind: 'snapshot',
  },
  /** Frames and bytes by end: entry origin * 64 + reason. */
  ends: {
    name: 'ends',
    offset: 0x008000,
    stride: 4,
    entries: () => 256,
    bytes: true,
    kind: 'snapshot',
  },
  /** Frames and bytes sent to each slot. */
  slot_sent: {
    name: 'slot_sent',
    offset: 0x00a000,
    stride: 4,
    entries: (sizes: CardSizes) => sizes.slots,
    bytes: true,
    kind: 'snapshot',
  },
  /** Frames and bytes that passed the source check of each slot. */
  slot_received: {
    name: 'slot_received',
    offset: 0x00b000,
    stride: 4,
    entries: (sizes: CardSizes) => sizes.slots,
    bytes: true,
    kind: 'snapshot',
  },
  /** Frames and bytes that matched each rule: entry rule * 4 counts those that were neither punted nor refused, + 1 punted ones, + 2 ones refused as `policed`, + 3 as `host_share`. */
  rule_hits: {
    name: 'rule_hits',
    offset: 0x00c000,
    stride: 4,
    entries: (sizes: CardSizes) => sizes.rules * 4,
    bytes: true,
    kind: 'snapshot',
  },
  /** Frames and bytes that ended, by the port they came in by; the last entry is the host's port. */
  port_received: {
    name: 'port_received',
    offset: 0x00d000,
    stride: 4,
    entries: (sizes: CardSizes) => sizes.ports + 1,
    bytes: true,
    kind: 'snapshot',
  },
  /** Frames and bytes put into each port's queue; the last entry is the host's port. */
  port_sent: {
    name: 'port_sent',
    offset: 0x00e000,
    stride: 4,
    entries: (sizes: CardSizes) => sizes.ports + 1,
    bytes: true,
    kind: 'snapshot',
  },
  /** Copies for the mirror port: entry 0 those put into its queue, entry 1 those that found no room there. */
  mirrored: {
    name: 'mirrored',
    offset: 0x00f000,
    stride: 4,
    entries: () => 2,
    bytes: true,
    kind: 'snapshot',
  },
  /** Frames by clocks from their first beat at the port to their end: entry n counts 2^n to 2^(n+1) - 1, the last all longer ones. */
  latency: {
    name: 'latency',
    offset: 0x00f100,
    stride: 2,
    entries: () => 16,
    bytes: false,
    kind: 'snapshot',
  },
  /** Frames steered by each VID. */
  vid_packets: {
    name: 'vid_packets',
    offset: 0x200000,
    stride: 2,
    entries: (sizes: CardSizes) => sizes.vids,
    bytes: false,
    kind: 'live',
  },
  /** Bytes of frames steered by each VID. */
  vid_bytes: {
    name: 'vid_bytes',
    offset: 0x300000,
    stride: 2,
    entries: (sizes: CardSizes) => sizes.vids,
    bytes: false,
    kind: 'live',
  },
} as const;

export type CounterName = keyof typeof COUNTERS;

export const ORIGIN = {
  line: 0,
  slot: 1,
  host: 2,
} as const;

export type OriginName = keyof typeof ORIGIN;

/** Names of the origins, by code. */
export const ORIGINS: readonly OriginName[] = ['line', 'slot', 'host'];

export type EndName = 'steer' | 'punt' | 'host' | 'slot' | 'line' | 'consume' | 'drop';

/** Codes of the reasons. */
export const REASON = {
  /** To the active slot of its VID. */
  steer_active: 0,
  /** To the backup slot of its VID: the active one is down, the backup is in sync. */
  steer_backup: 1,
  /** A set-up packet by its service rule. */
  punt_setup: 4,
  /** The identifier gives a VID that the card has no row for. */
  punt_vid_range: 5,
  /** The VID is not assigned. */
  punt_no_row: 6,
  /** The VID's active slot is down and there is no backup that is up and in sync. */
  punt_slots_down: 7,
  /** ARP or IPv6 neighbour discovery from the line. */
  punt_neighbour: 8,
  /** A fragment other than the first, which no rule matches without an L4 header: it follows a first fragment that was punted, or fragments are not followed. */
  punt_fragment: 9,
  /** More than 64 bytes of IPv6 extension headers, or a chain that no receiver would take. */
  punt_ipv6_extension: 10,
  /** The identifier, or the first payload bytes, lie beyond the header window. */
  punt_window: 11,
  /** The rule wants an override and there is none. */
  punt_no_override: 12,
  /** An ICMP error quotes a packet of ours in which the identifier cannot be read. */
  punt_icmp: 13,
  /** A table word that the decision needed has the wrong parity. */
  punt_parity: 14,
  /** From a slot to the control address. */
  host_control: 16,
  /** To the control address from a fabric port, without the right to send (a processor that starts). */
  host_unverified: 17,
  /** ARP or IPv6 neighbour discovery from a fabric port. */
  host_neighbour: 18,
  /** A slot's heartbeat. */
  heartbeat: 19,
  /** From a slot to the MAC address of another slot. */
  slot_to_slot: 20,
  /** Injected into a slot. */
  inject_slot: 21,
  /** Injected out of a fabric port as it is. */
  inject_fabric: 22,
  /** From a slot to the line. */
  line_from_slot: 24,
  /** Injected out of a line port as it is. */
  inject_line: 25,
  /** The receiver marked the frame bad (FCS). */
  rx_error: 32,
  /** Longer than max_frame. */
  rx_oversize: 33,
  /** The receive buffer filled up within the frame. */
  rx_overflow: 34,
  /** A gap inside a frame on a cut-through port. */
  rx_underrun: 35,
  /** Shorter than an Ethernet header. */
  runt: 36,
  /** The frame ends inside a header that it begins. */
  truncated: 37,
  /** From the line to a unicast MAC address that is not the port's. */
  foreign_mac: 38,
  /** From the line: neither IP nor ARP after at most two VLAN tags. */
  ethertype: 39,
  /** IP version, header length or total length is impossible. */
  ip_header: 40,
  /** The IP header promises more bytes than the frame has. */
  ip_length: 41,
  /** The L4 header or its length does not fit into the IP packet. */
  l4_length: 42,
  /** No service rule matches. */
  no_service: 43,
  /** The packet ends before the identifier, or the message type, that its rule reads. */
  no_identifier: 44,
  /** A later fragment whose first did not come in time. */
  fragment_timeout: 45,
  /** A later fragment that came before its first and found no room to be held. */
  fragment_full: 46,
  /** From a fabric port: the source MAC address is no slot of that port. */
  source_unknown: 48,
  /** From a slot's MAC address of another epoch: an old incarnation. */
  source_epoch: 49,
  /** From a slot that is down. */
  source_down: 50,
  /** From a slot to a group address. */
  slot_group: 51,
  /** To a slot, by its MAC address or by injection, that is down or does not exist. */
  slot_down: 52,
  /** Injected to a port that does not exist. */
  inject_target: 53,
  /** A heartbeat that fails the source check or has another nonce. */
  heartbeat_refused: 54,
  /** The queue of the port it should leave by has no room. */
  queue_full: 56,
  /** The card is not enabled. */
  disabled: 57,
  /** It would be punted, but its service is over its rate. */
  policed: 58,
  /** It would go to the host, but its service has its share of the host's queue. */
  host_share: 59,
} as const;

export type ReasonName = keyof typeof REASON;

export interface Reason {
  readonly name: ReasonName;
  readonly code: number;
  readonly end: EndName;
  readonly doc: string;
}

const REASON_LIST: readonly Reason[] = [
  { name: 'steer_active', code: 0, end: 'steer', doc: 'To the active slot of its VID.' },
  { name: 'steer_backup', code: 1, end: 'steer', doc: 'To the backup slot of its VID: the active one is down, the backup is in sync.' },
  { name: 'punt_setup', code: 4, end: 'punt', doc: 'A set-up packet by its service rule.' },
  { name: 'punt_vid_range', code: 5, end: 'punt', doc: 'The identifier gives a VID that the card has no row for.' },
  { name: 'punt_no_row', code: 6, end: 'punt', doc: 'The VID is not assigned.' },
  { name: 'punt_slots_down', code: 7, end: 'punt', doc: 'The VID\'s active slot is down and there is no backup that is up and in sync.' },
  { name: 'punt_neighbour', code: 8, end: 'punt', doc: 'ARP or IPv6 neighbour discovery from the line.' },
  { name: 'punt_fragment', code: 9, end: 'punt', doc: 'A fragment other than the first, which no rule matches without an L4 header: it follows a first fragment that was punted, or fragments are not followed.' },
  { name: 'punt_ipv6_extension', code: 10, end: 'punt', doc: 'More than 64 bytes of IPv6 extension headers, or a chain that no receiver would take.' },
  { name: 'punt_window', code: 11, end: 'punt', doc: 'The identifier, or the first payload bytes, lie beyond the header window.' },
  { name: 'punt_no_override', code: 12, end: 'punt', doc: 'The rule wants an override and there is none.' },
  { name: 'punt_icmp', code: 13, end: 'punt', doc: 'An ICMP error quotes a packet of ours in which the identifier cannot be read.' },
  { name: 'punt_parity', code: 14, end: 'punt', doc: 'A table word that the decision needed has the wrong parity.' },
  { name: 'host_control', code: 16, end: 'host', doc: 'From a slot to the control address.' },
  { name: 'host_unverified', code: 17, end: 'host', doc: 'To the control address from a fabric port, without the right to send (a processor that starts).' },
  { name: 'host_neighbour', code: 18, end: 'host', doc: 'ARP or IPv6 neighbour discovery from a fabric port.' },
  { name: 'heartbeat', code: 19, end: 'consume', doc: 'A slot\'s heartbeat.' },
  { name: 'slot_to_slot', code: 20, end: 'slot', doc: 'From a slot to the MAC address of another slot.' },
  { name: 'inject_slot', code: 21, end: 'slot', doc: 'Injected into a slot.' },
  { name: 'inject_fabric', code: 22, end: 'slot', doc: 'Injected out of a fabric port as it is.' },
  { name: 'line_from_slot', code: 24, end: 'line', doc: 'From a slot to the line.' },
  { name: 'inject_line', code: 25, end: 'line', doc: 'Injected out of a line port as it is.' },
  { name: 'rx_error', code: 32, end: 'drop', doc: 'The receiver marked the frame bad (FCS).' },
  { name: 'rx_oversize', code: 33, end: 'drop', doc: 'Longer than max_frame.' },
  { name: 'rx_overflow', code: 34, end: 'drop', doc: 'The receive buffer filled up within the frame.' },
  { name: 'rx_underrun', code: 35, end: 'drop', doc: 'A gap inside a frame on a cut-through port.' },
  { name: 'runt', code: 36, end: 'drop', doc: 'Shorter than an Ethernet header.' },
  { name: 'truncated', code: 37, end: 'drop', doc: 'The frame ends inside a header that it begins.' },
  { name: 'foreign_mac', code: 38, end: 'drop', doc: 'From the line to a unicast MAC address that is not the port\'s.' },
  { name: 'ethertype', code: 39, end: 'drop', doc: 'From the line: neither IP nor ARP after at most two VLAN tags.' },
  { name: 'ip_header', code: 40, end: 'drop', doc: 'IP version, header length or total length is impossible.' },
  { name: 'ip_length', code: 41, end: 'drop', doc: 'The IP header promises more bytes than the frame has.' },
  { name: 'l4_length', code: 42, end: 'drop', doc: 'The L4 header or its length does not fit into the IP packet.' },
  { name: 'no_service', code: 43, end: 'drop', doc: 'No service rule matches.' },
  { name: 'no_identifier', code: 44, end: 'drop', doc: 'The packet ends before the identifier, or the message type, that its rule reads.' },
  { name: 'fragment_timeout', code: 45, end: 'drop', doc: 'A later fragment whose first did not come in time.' },
  { name: 'fragment_full', code: 46, end: 'drop', doc: 'A later fragment that came before its first and found no room to be held.' },
  { name: 'source_unknown', code: 48, end: 'drop', doc: 'From a fabric port: the source MAC address is no slot of that port.' },
  { name: 'source_epoch', code: 49, end: 'drop', doc: 'From a slot\'s MAC address of another epoch: an old incarnation.' },
  { name: 'source_down', code: 50, end: 'drop', doc: 'From a slot that is down.' },
  { name: 'slot_group', code: 51, end: 'drop', doc: 'From a slot to a group address.' },
  { name: 'slot_down', code: 52, end: 'drop', doc: 'To a slot, by its MAC address or by injection, that is down or does not exist.' },
  { name: 'inject_target', code: 53, end: 'drop', doc: 'Injected to a port that does not exist.' },
  { name: 'heartbeat_refused', code: 54, end: 'drop', doc: 'A heartbeat that fails the source check or has another nonce.' },
  { name: 'queue_full', code: 56, end: 'drop', doc: 'The queue of the port it should leave by has no room.' },
  { name: 'disabled', code: 57, end: 'drop', doc: 'The card is not enabled.' },
  { name: 'policed', code: 58, end: 'drop', doc: 'It would be punted, but its service is over its rate.' },
  { name: 'host_share', code: 59, end: 'drop', doc: 'It would go to the host, but its service has its share of the host\'s queue.' },
];

/** Reasons by code; codes that are not given are undefined. */
export const REASONS: readonly (Reason | undefined)[] = Array.from({ length: 64 }, (_, code) =>
  REASON_LIST.find((reason) => reason.code === code),
);

/** Values of fields that are a choice, by `<table or record>_<field>`. */
export const VALUES = {
  events_parity_last_table: { vid_row: 0, override: 1, type_set: 2 },
  slot_event_cause: { none: 0, host: 1, heartbeat: 2, link: 3, stall: 4 },
  mac_speed: { m10: 0, m100: 1, m1000: 2 },
  rule_id_base: { l3: 0, l4: 1, payload: 2, destination: 3 },
  rule_override: { none: 0, identifier: 1, source: 2, source_identifier: 3 },
  inject_mode: { port: 0, slot: 1, steer: 2 },
} as const;

/** Hashes of {space, key}: for each result bit, lowest first, the mask of bits whose parity it is. */
export const HASHES = {
  /** First half of the override table; places of fragmented packets (CRC-16 of ITU-T V.41). */
  way0: [0x108a4a7d0581572d4f859b040b1c581911n, 0x211494fa0b02ae5a9f0b36081638b03222n, 0x422929f416055cb53e166c102c71606444n, 0x845253e82c0ab96a7c2cd82058e2c0c888n, 0x8a4a7d0581572d4f859b040b1c5819110n, 0x1c305ddb5abb284bf36fb8568975b3b31n, 0x3860bbb6b5765097e6df70ad12eb67662n, 0x70c1776d6aeca12fcdbee15a25d6cecc4n, 0xe182eedad5d9425f9b7dc2b44bad9d988n, 0x1c305ddb5abb284bf36fb8568975b3b310n, 0x3860bbb6b5765097e6df70ad12eb676620n, 0x70c1776d6aeca12fcdbee15a25d6cecc40n, 0xf108a4a7d0581572d4f859b040b1c58191n, 0xe211494fa0b02ae5a9f0b36081638b0322n, 0xc422929f416055cb53e166c102c7160644n, 0x8845253e82c0ab96a7c2cd82058e2c0c88n],
  /** Second half of the override table (CRC-16 of USB and Modbus). */
  way1: [0xbfbf00feabfccffbbff0ffebffcfffbfffn, 0x7f7e01fd57f99ff77fe1ffd7ff9fff7ffen, 0x41430304040ff0154033004400f0014003n, 0x82860608081fe02a8066008801e0028006n, 0x50c0c10103fc05500cc011003c005000cn, 0xa181820207f80aa0198022007800a0018n, 0x1430304040ff0154033004400f00140030n, 0x2860608081fe02a8066008801e00280060n, 0x50c0c10103fc05500cc011003c005000c0n, 0xa181820207f80aa0198022007800a00180n, 0x430304040ff0154033004400f001400300n, 0x860608081fe02a8066008801e002800600n, 0xc0c10103fc05500cc011003c005000c00n, 0x181820207f80aa0198022007800a001800n, 0x30304040ff0154033004400f0014003000n, 0xdfdf807f55fe67fddff87ff5ffe7ffdfffn],
} as const;

/** What the host says of a frame that it injects; travels beside the frame's first beat. */
export interface Inject {
  /** port: out of port `target` as it is. slot: into slot `target`. steer: as if it had come in by line port `target`. */
  mode: number;
  /** Port or slot. */
  target: number;
}

const INJECT_FIELDS = {
  mode: { bit: 0, width: 2 },
  target: { bit: 2, width: 8 },
} as const;

/** What the card decided about a frame and on what grounds; one for each frame, at its end. With punted frames it goes to the host. */
export interface Decision {
  /** Why the frame ended as it did. */
  reason: number;
  /** Where it came from. */
  origin: number;
  /** Port it came in by; the number of ports stands for the host. */
  ingress: number;
  /** Port it left by; the number of ports stands for the host. No meaning for a drop. */
  egress: number;
  /** A service rule matched. */
  rule_hit: number;
  /** Index of that rule. */
  rule: number;
  /** A later fragment that followed its first. */
  fragment: number;
  /** An ICMP error, judged by the packet that it quotes. */
  quoted: number;
  /** An identifier was read. */
  key_valid: number;
  /** The identifier as it stands in the packet. */
  key: bigint;
  /** The VID is an override's. */
  override_hit: number;
  /** There is a VID, and it is in range. */
  vid_valid: number;
  /** That VID. */
  vid: number;
  /** Active slot in the VID's row. */
  row_active: number;
  /** Backup slot in the VID's row. */
  row_backup: number;
  /** backup_in_sync of the VID's row. */
  row_in_sync: number;
  /** valid of the VID's row. */
  row_valid: number;
  /** `slot` and `epoch` mean something. */
  slot_valid: number;
  /** Slot it was sent to; from a slot to line or host: the slot that sent it. */
  slot: number;
  /** Epoch of that slot. */
  epoch: number;
  /** Bytes of the frame as received; max_frame + 1 for every frame longer than max_frame. */
  length: number;
  /** The card's time in microseconds at the frame's end. */
  time_us: bigint;
}

const DECISION_FIELDS = {
  reason: { bit: 0, width: 6 },
  origin: { bit: 6, width: 2 },
  ingress: { bit: 8, width: 4 },
  egress: { bit: 12, width: 4 },
  rule_hit: { bit: 16, width: 1 },
  rule: { bit: 17, width: 5 },
  fragment: { bit: 22, width: 1 },
  quoted: { bit: 23, width: 1 },
  key_valid: { bit: 24, width: 1 },
  key: { bit: 25, width: 64 },
  override_hit: { bit: 89, width: 1 },
  vid_valid: { bit: 90, width: 1 },
  vid: { bit: 91, width: 16 },
  row_active: { bit: 107, width: 6 },
  row_backup: { bit: 113, width: 6 },
  row_in_sync: { bit: 119, width: 1 },
  row_valid: { bit: 120, width: 1 },
  slot_valid: { bit: 121, width: 1 },
  slot: { bit: 122, width: 6 },
  epoch: { bit: 128, width: 8 },
  length: { bit: 136, width: 16 },
  time_us: { bit: 152, width: 48 },
} as const;

/** Bits of each record on its wires. */
export const RECORD_BITS = {
  inject: 10,
  decision: 200,
} as const;

/** Reads a decision record as it leaves the card, little-endian words. */
export function decodeDecision(words: Uint32Array): Decision {
  const f = DECISION_FIELDS;
  return {
    reason: getField(words, f.reason) as number,
    origin: getField(words, f.origin) as number,
    ingress: getField(words, f.ingress) as number,
    egress: getField(words, f.egress) as number,
    rule_hit: getField(words, f.rule_hit) as number,
    rule: getField(words, f.rule) as number,
    fragment: getField(words, f.fragment) as number,
    quoted: getField(words, f.quoted) as number,
    key_valid: getField(words, f.key_valid) as number,
    key: getField(words, f.key) as bigint,
    override_hit: getField(words, f.override_hit) as number,
    vid_valid: getField(words, f.vid_valid) as number,
    vid: getField(words, f.vid) as number,
    row_active: getField(words, f.row_active) as number,
    row_backup: getField(words, f.row_backup) as number,
    row_in_sync: getField(words, f.row_in_sync) as number,
    row_valid: getField(words, f.row_valid) as number,
    slot_valid: getField(words, f.slot_valid) as number,
    slot: getField(words, f.slot) as number,
    epoch: getField(words, f.epoch) as number,
    length: getField(words, f.length) as number,
    time_us: getField(words, f.time_us) as bigint,
  };
}

/** The inject record as it enters the card. */
export function encodeInject(inject: Inject): number {
  const words = new Uint32Array(1);
  setField(words, INJECT_FIELDS.mode, inject.mode, 'inject.mode');
  setField(words, INJECT_FIELDS.target, inject.target, 'inject.target');
  return words[0] ?? 0;
}
