/**
 * The way of a frame that the card handed over. Each has exactly one end here, and is counted under
 * it: into a slot, answered, answered as a neighbour, taken as a control message, or dropped under
 * a name.
 */
import type { DecidedFrame, Decision, InjectedFrame, ReasonName } from '../../driver/index.ts';
import { CONTROL_PORT } from '../protocol/control.ts';
import { parseIpFrame } from '../protocol/ip.ts';
import { parseUdpFrame } from '../protocol/udp.ts';
import type {
  Answer,
  Drop,
  Known,
  Occupant,
  Orphan,
  PuntCause,
  PuntedFrame,
  Selection,
  Setup,
  SetupHandler,
} from '../setup/handler.ts';
import type { ControlSource } from './control-options.ts';
import type { HeirSearch } from './heir-search.ts';
import type { NeighbourProxy, NeighbourResult } from './neighbour-proxy.ts';
import { toPort } from './port-frame.ts';
import type { ReplicationRelay } from './replication-relay.ts';
import type { MappedRule, ServiceMap } from './service-map.ts';
import type { SlotRegistry } from './slot-registry.ts';
import type { VidManager } from './vid-manager.ts';

export interface PuntPathOptions {
  readonly services: ServiceMap;
  readonly registry: SlotRegistry;
  readonly vids: VidManager;
  readonly selection: Selection;
  readonly neighbours: NeighbourProxy;
  readonly controlAddress: string;
  /** MAC address of a line port. */
  readonly lineMac: (port: number) => string | undefined;
  /** A datagram for the control address. */
  readonly control: (payload: Buffer, source: ControlSource) => void;
  /** Delivers what processors copy to each other by way of us. */
  readonly relay: ReplicationRelay;
  /** Of set-ups whose processor died. */
  readonly heirs: HeirSearch;
  /** Sends what had to wait. */
  readonly send: (frames: readonly InjectedFrame[]) => void;
}

/** Counts of frames handed over; `frames` is the sum of all `ends`, and of those that wait for their end. */
export interface PuntCounters {
  frames: number;
  /** By rule (`-` where none matched) and the card's reason. */
  readonly reasons: Record<string, Record<string, number>>;
  /** By what became of them here. */
  readonly ends: Record<string, number>;
  /** Set-ups and what belongs to them, by service and what the handler calls them. */
  readonly recognised: Record<string, Record<string, number>>;
  /** Set-ups given to each processor, by name. */
  readonly assigned: Record<string, number>;
  /** With an identifier that we issued: what the card should have steered. */
  inDialog: number;
  /** Of these, by VID. */
  readonly vids: Map<number, number>;
}

const PUNT = 'punt_';

export class PuntPath {
  readonly counters: PuntCounters = {
    frames: 0,
    reasons: {},
    ends: {},
    recognised: {},
    assigned: {},
    inDialog: 0,
    vids: new Map(),
  };
  readonly #options: PuntPathOptions;

  constructor(options: PuntPathOptions) {
    this.#options = options;
  }

  /** Takes a batch in the card's order; returns what the card shall send for it. */
  take(frames: readonly DecidedFrame[]): InjectedFrame[] {
    const injected: InjectedFrame[] = [];
    for (const frame of frames) {
      const { decision } = frame;
      const reason = frame.reason?.name;
      this.counters.frames++;
      const rule =
        decision.rule_hit === 1 ? this.#options.services.rules[decision.rule] : undefined;
      const byReason = own(this.counters.reasons, rule?.name ?? '-', () => ({}));
      byReason[reason ?? 'unknown'] = (byReason[reason ?? 'unknown'] ?? 0) + 1;
      const end = this.#route(frame.data, decision, reason, rule, injected);
      if (end !== undefined) this.#end(end);
    }
    return injected;
  }

  /** Returns the name of the frame's end; undefined where it waits for it. */
  #route(
    data: Buffer,
    decision: Decision,
    reason: ReasonName | undefined,
    rule: MappedRule | undefined,
    injected: InjectedFrame[],
  ): string | undefined {
    const { neighbours } = this.#options;
    const { ingress } = decision;
    switch (reason) {
      case 'punt_neighbour':
        return neighbourEnd(neighbours.fromLine(ingress, data), injected);
      case 'host_neighbour':
        return neighbourEnd(neighbours.fromFabric(ingress, data, senderOf(decision)), injected);
      case 'host_control':
      case 'host_unverified':
        return (
          this.#options.relay.take(data, decision, injected) ??
          this.#control(data, decision, reason === 'host_control')
        );
    }
    if (reason === undefined || !reason.startsWith(PUNT)) return 'dropped_unknown_reason';
    const cause = reason.slice(PUNT.length) as PuntCause;
    if (rule?.identifies === true && cause !== 'setup') this.#countInDialog(decision);
    const lineMac = this.#options.lineMac(ingress);
    if (lineMac === undefined) return 'dropped_unknown_port';
    this.#learn(ingress, data);
    if (rule?.handler === undefined) return `dropped_${cause}`;
    return this.#setUp(rule.handler, { data, cause, lineMac }, ingress, injected);
  }

  /** Recognise, choose, forward. */
  #setUp(
    handler: SetupHandler,
    punted: PuntedFrame,
    ingress: number,
    injected: InjectedFrame[],
  ): string | undefined {
    const { registry } = this.#options;
    const recognised = handler.recognise(punted, (occupant) => registry.alive(occupant));
    if (recognised.kind === 'answer' || recognised.kind === 'drop') {
      return finish(recognised, ingress, injected);
    }
    const names = own(this.counters.recognised, handler.service, () => ({}));
    if (recognised.kind === 'everyone') {
      names[recognised.what] = (names[recognised.what] ?? 0) + 1;
      for (const { slot, state } of registry.slots) {
        if (state === 'up') injected.push({ target: { to: 'slot', slot }, data: punted.data });
      }
      return 'into_all_slots';
    }
    const again = recognised.kind === 'setup' ? '' : ' again';
    const what = `${recognised.what}${again}`;
    names[what] = (names[what] ?? 0) + 1;
    switch (recognised.kind) {
      case 'setup':
        return this.#assign(handler, punted, recognised, ingress, injected);
      case 'known':
        return this.#give(handler, punted, recognised, recognised.occupant, injected);
      case 'orphan':
        return this.#seek(handler, punted, recognised, ingress);
    }
  }

  /** Any processor may have it. */
  #assign(
    handler: SetupHandler,
    punted: PuntedFrame,
    setup: Setup,
    ingress: number,
    injected: InjectedFrame[],
  ): string {
    const { registry, selection, vids } = this.#options;
    // Who came back and waits for its VIDs has none to give out.
    const candidates = registry.candidates().filter(({ name }) => vids.isOwner(name));
    const occupant = handler.choose(setup, candidates, selection);
    if (occupant === undefined) return finish(handler.refuse(punted, setup), ingress, injected);
    const { assigned } = this.counters;
    assigned[occupant.name] = (assigned[occupant.name] ?? 0) + 1;
    return this.#give(handler, punted, setup, occupant, injected);
  }

  #give(
    handler: SetupHandler,
    punted: PuntedFrame,
    recognised: Setup | Known,
    occupant: Occupant,
    injected: InjectedFrame[],
  ): string {
    const data = handler.forward(punted, recognised, occupant);
    injected.push({ target: { to: 'slot', slot: occupant.slot }, data });
    return 'into_slot';
  }

  /** Has it wait until it is known who has what its processor made. */
  #seek(
    handler: SetupHandler,
    punted: PuntedFrame,
    orphan: Orphan,
    ingress: number,
  ): string | undefined {
    const { what, transaction, size, user } = orphan;
    const kept = { ...punted, data: Buffer.from(punted.data) }; // the frame's memory is not ours
    const found = this.#options.heirs.find(handler.service, orphan);
    if (found === undefined) return 'dropped_heir_sought';
    found.then(
      ({ heir }) => {
        const injected: InjectedFrame[] = [];
        const end =
          heir === undefined
            ? this.#assign(
                handler,
                kept,
                { kind: 'setup', what, transaction, size, user },
                ingress,
                injected,
              )
            : this.#give(
                handler,
                kept,
                { kind: 'known', what, transaction, occupant: heir },
                heir,
                injected,
              );
        this.#end(end);
        this.#options.send(injected);
      },
      () => this.#end('dropped_heir_unknown'),
    );
    return undefined;
  }

  #control(data: Buffer, decision: Decision, verified: boolean): string {
    const datagram = parseUdpFrame(data);
    if (
      datagram === undefined ||
      datagram.dst !== this.#options.controlAddress ||
      datagram.dstPort !== CONTROL_PORT
    ) {
      return 'dropped_not_control';
    }
    this.#options.control(datagram.payload, {
      port: decision.ingress,
      mac: datagram.srcMac,
      address: datagram.src,
      udpPort: datagram.srcPort,
      verified:
        verified && decision.slot_valid === 1
          ? { slot: decision.slot, epoch: decision.epoch }
          : undefined,
    });
    return 'control';
  }

  /** Whoever speaks to us will be answered: remember where its frames come from. */
  #learn(port: number, data: Buffer): void {
    const ip = parseIpFrame(data);
    if (ip !== undefined) this.#options.neighbours.learn(port, ip.src, ip.ethernet.srcMac);
  }

  #countInDialog(decision: Decision): void {
    this.counters.inDialog++;
    if (decision.vid_valid !== 1) return;
    const { vids } = this.counters;
    vids.set(decision.vid, (vids.get(decision.vid) ?? 0) + 1);
  }

  #end(name: string): void {
    this.counters.ends[name] = (this.counters.ends[name] ?? 0) + 1;
  }
}

function finish(recognised: Answer | Drop, port: number, injected: InjectedFrame[]): string {
  if (recognised.kind === 'drop') return `dropped_${recognised.reason}`;
  injected.push({ target: { to: 'port', port }, data: recognised.frame });
  return `answered_${recognised.reason}`;
}

function neighbourEnd({ end, frames }: NeighbourResult, injected: InjectedFrame[]): string {
  injected.push(...frames.map(toPort));
  return `neighbour_${end}`;
}

/** The slot that the card found a frame of the fabric to be from. */
function senderOf({ slot_valid, slot }: Decision): number | undefined {
  return slot_valid === 1 ? slot : undefined;
}

function own<T>(record: Record<string, T>, key: string, make: () => NoInfer<T>): T {
  const known = record[key];
  if (known !== undefined) return known;
  const made = make();
  record[key] = made;
  return made;
}
