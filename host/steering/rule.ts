/**
 * A service rule as it is meant: what a service file says once names, defaults and shorthands are
 * resolved. The table compiler and the reference decision both start from this form, and share
 * nothing else.
 */

/** Where something was written; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Prefix {
  /** As it was written, for messages. */
  readonly text: string;
  readonly version: 4 | 6;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** As long as the address; 1 where the bit is compared. */
  readonly mask: Uint8Array;
}

export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** Four bytes of the L4 payload, the first on the wire in the most significant eight bits. */
export interface Compare {
  /** From the start of the L4 payload, 0 to 12. */
  readonly offset: number;
  readonly value: number;
  /** 1 where the bit is compared; not 0. */
  readonly mask: number;
}

export interface Match {
  /** IANA protocol number. */
  readonly protocol: number | 'any';
  readonly destinations: readonly Prefix[] | 'any';
  /** Destination ports of UDP, TCP or SCTP. */
  readonly ports: PortRange | 'any';
  readonly compare: Compare | undefined;
}

export type IdentifierBase = 'l3' | 'l4' | 'payload' | 'destination';

export interface Identifier {
  readonly base: IdentifierBase;
  /** Bytes from the base to the first byte of the identifier, 0 to 255. */
  readonly offset: number;
  /** Bytes, 1 to 8. */
  readonly width: number;
  readonly order: 'big' | 'little';
  /** VID = ((identifier AND mask) - subtract modulo 2^64) >> shift. */
  readonly mask: bigint;
  readonly subtract: bigint;
  /** 0 to 63. */
  readonly shift: number;
}

/** When a packet that matches is a set-up; the conditions are OR-ed. */
export interface Setup {
  readonly always: boolean;
  /** Where the identifier is zero as it stands in the packet. */
  readonly zero: boolean;
  readonly types:
    | { readonly offset: number; readonly values: ReadonlySet<number> } // offset in the L4 payload
    | undefined;
}

/** Exact matches that are asked before the identifier is computed with. */
export interface Override {
  /** By what: the identifier under its mask, the source address, or both. */
  readonly by: 'identifier' | 'source' | 'source_identifier';
  /** A packet without an override is punted; else its VID is computed from the identifier. */
  readonly only: boolean;
  /** Name space, 0 to 255: rules with the same one share their overrides. */
  readonly space: number;
}

/** How many of a rule's packets may come to the host. */
export interface PuntLimit {
  /** Packets a second in the long run; undefined: any. */
  readonly rate: number | undefined;
  /** Packets that may come at once. */
  readonly burst: number;
  /** Packets that may wait in the card's queue to the host at once. */
  readonly share: number;
}

export interface Rule {
  readonly service: string;
  /** Unique within its service. */
  readonly name: string;
  readonly doc: string;
  readonly match: Match;
  /** Undefined only where every packet is a set-up, or where overrides by source say all. */
  readonly identifier: Identifier | undefined;
  readonly override: Override | undefined;
  readonly setup: Setup;
  /** In place of its service's. */
  readonly punt?: PuntLimit | undefined;
  /** Where the rule and each of its fields (`match.port`) were written; rules made in code have none. */
  readonly origin:
    | { readonly place: Place; readonly fields: ReadonlyMap<string, Place> }
    | undefined;
}

export interface Service {
  readonly name: string;
  readonly doc: string;
  /** For each of its rules; left out: what the switch processor gives every rule. */
  readonly punt?: PuntLimit | undefined;
  /** In the order in which they are tried. */
  readonly rules: readonly Rule[];
}

/** `sip/dialog`: what messages and captures call a rule. */
export function ruleName(rule: Rule): string {
  return `${rule.service}/${rule.name}`;
}

/** Whether a rule needs the L4 header, so that it cannot match a fragment other than the first. */
export function readsL4({ match, identifier, setup }: Rule): boolean {
  const base = identifier?.base;
  return (
    match.ports !== 'any' ||
    match.compare !== undefined ||
    setup.types !== undefined ||
    (!setup.always && (base === 'l4' || base === 'payload'))
  );
}
