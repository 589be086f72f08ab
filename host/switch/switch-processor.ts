/**
 * The switch processor (SP). A punt comes in; a handler recognises it; a processor is chosen; the
 * frame goes into its slot. Beside that it answers for the virtual address and the control address,
 * gives processors their slots and VIDs, and keeps the card's tables a projection of that.
 */
import { EventEmitter } from 'node:events';
import type { Access, Card, DecidedFrame, InjectedFrame } from '../../driver/index.ts';
import { canonicalAddress } from '../protocol/address.ts';
import { systemClock } from '../protocol/clock.ts';
import { CONTROL_PORT } from '../protocol/control.ts';
import { buildUdpFrame } from '../protocol/udp.ts';
import { slotMac } from '../steering/slot-mac.ts';
import type { ControlSource } from './control-options.ts';
import { ControlServer } from './control-server.ts';
import { HeirSearch } from './heir-search.ts';
import { NeighbourProxy } from './neighbour-proxy.ts';
import { OverrideManager, type OverrideMatch } from './override-manager.ts';
import { toPort } from './port-frame.ts';
import { type Mismatch, Projection } from './projection.ts';
import { PuntPath } from './punt-path.ts';
import { ReplicationRelay } from './replication-relay.ts';
import { makeSelection } from './selection.ts';
import { ServiceMap } from './service-map.ts';
import { SessionLoss } from './session-loss.ts';
import type { SlotLogEntry } from './slot-log.ts';
import { CONTROL_SLOT, type Slot, SlotError, SlotRegistry } from './slot-registry.ts';
import { SlotWatch } from './slot-watch.ts';
import { Survey } from './survey.ts';
import {
  DEFAULT_CONTROL_ADDRESS,
  DEFAULT_FABRIC_PREFIX,
  DEFAULT_HEALTH,
  type SwitchProcessorOptions,
} from './switch-options.ts';
import { overridesOf, type SwitchState, stateOf, vidsOf } from './switch-state.ts';
import { type SwitchStatus, switchStatus } from './switch-status.ts';
import { type VidAssignment, VidError, VidManager } from './vid-manager.ts';
import { type MoveReport, VidSteward } from './vid-steward.ts';

export interface SwitchProcessorEvents {
  /** A processor is up in its slot. */
  up: [slot: Slot];
  down: [slot: Slot, why: string];
  /** What the card did to a slot by itself, or saw of it. */
  slotEvent: [entry: Omit<SlotLogEntry, 'number'>];
  /** A processor asked for what it cannot have. */
  refused: [name: string, error: Error];
  /** The card is gone, or a fault of ours; nothing is steered by us from now on. */
  failed: [error: Error];
  /** What `snapshot` gives is another than before. */
  changed: [];
}

export class SwitchProcessor extends EventEmitter<SwitchProcessorEvents> {
  readonly vids: VidManager;
  readonly registry: SlotRegistry;
  readonly services: ServiceMap;
  readonly overrides: OverrideManager;
  readonly controlMac: string;
  readonly #options: SwitchProcessorOptions;
  readonly #controlAddress: string;
  readonly #card: Card;
  readonly #projection: Projection;
  readonly #punts: PuntPath;
  readonly #neighbours: NeighbourProxy;
  readonly #control: ControlServer;
  readonly #watch: SlotWatch;
  readonly #steward: VidSteward;
  readonly #survey: Survey;
  readonly #loss: SessionLoss;
  readonly #heirs: HeirSearch;
  readonly #selection: ReturnType<typeof makeSelection>;
  #injected = 0;
  #closed = false;

  constructor(options: SwitchProcessorOptions) {
    super();
    this.#options = options;
    const { card, services, clock = systemClock } = options;
    const fabricPrefix = options.fabricPrefix ?? DEFAULT_FABRIC_PREFIX;
    if (fabricPrefix >>> 24 === 0 || ((fabricPrefix >>> 24) & 0x03) !== 0x02) {
      throw new RangeError(
        `fabric prefix 0x${fabricPrefix.toString(16)}: must be locally administered and no group ` +
          'address; take a first octet such as 02',
      );
    }
    this.#card = card;
    this.#controlAddress = canonicalAddress(options.controlAddress ?? DEFAULT_CONTROL_ADDRESS);
    this.controlMac = slotMac(fabricPrefix, CONTROL_SLOT, 0);
    this.services = new ServiceMap(services, options.handlers);
    this.vids = new VidManager(this.services.vidRange(card.sizes.vids));
    const health = { ...DEFAULT_HEALTH, ...options.health };
    this.registry = new SlotRegistry(fabricPrefix, options.slots, {
      timeout: 1000 * health.timeout,
      suspect: 1000 * health.suspect,
    });
    this.overrides = new OverrideManager(card, services, {
      clock,
      age: options.overrideAge ?? 600,
      aged: () => this.emit('changed'),
    });
    this.#selection = makeSelection(options.selection ?? 'round-robin');
    const { vids, registry } = this;
    const { ports } = options;
    this.#projection = new Projection({
      ...{ card, services, ports, registry, vids, fabricPrefix, health },
      overrides: (atWork) => this.overrides.start(overridesOf(options.restore), atWork),
    });
    const lineMac = (port: number) => this.#projection.lineMac(port);
    this.#neighbours = new NeighbourProxy({
      clock,
      virtualAddresses: options.virtualAddresses,
      controlAddress: this.#controlAddress,
      controlMac: this.controlMac,
      lineMac,
      linePortOf: (port, slot) => registry.linePortOf(port, slot),
      send: (frames) => this.#inject(frames.map(toPort)),
    });
    const reportInterval = options.reportInterval ?? 1000;
    this.#steward = new VidSteward({
      ...{ vids, registry, clock, selection: this.#selection },
      asker: (slot) => this.#control.asker(slot),
      operate: (action) => this.#operate(action),
    });
    const { keeper } = this.#steward;
    this.#survey = new Survey({
      ...{ vids, registry, clock },
      asker: (slot) => this.#control.asker(slot),
    });
    this.#loss = new SessionLoss({
      ...{ registry, survey: this.#survey, handlers: this.services.handlers },
      lower: (slot, epoch, why) => void this.#control.lower(slot, epoch, why).catch(this.#fail),
      changed: () => this.emit('changed'),
    });
    this.#control = new ControlServer({
      clock,
      controlMac: this.controlMac,
      spread: () => this.#steward.spread(),
      agreed: (slot, request) => keeper.agreed(slot, request),
      lost: (slot, request) => keeper.lost(slot, request),
      registry,
      vids,
      selection: this.#selection,
      services: () => this.services.control,
      vidsPerProcessor: options.vidsPerProcessor ?? 16,
      reportInterval,
      reportTimeout: options.reportTimeout ?? 5 * reportInterval,
      heartbeat:
        health.interval === 0 ? undefined : { mac: this.controlMac, interval: health.interval },
      writeSlot: (slot) => this.#projection.writeSlot(slot.slot),
      writeRows: () => this.#projection.writeRows(),
      send: (slot, payload) => this.#sendControl(slot, payload),
      heard: (service, peer, restart) => this.#loss.heard(service, peer, restart),
      keep: (service, occupant, keys) =>
        this.services.handler(service)?.observe(occupant, keys) ?? 0,
    });
    this.#watch = new SlotWatch({
      ...{ card, clock, registry, control: this.#control, interval: health.poll },
      fail: this.#fail,
      heard: (entry) => this.emit('slotEvent', entry),
    });
    this.#control.on('occupied', () => this.emit('changed'));
    this.#control.on('down', (slot) => this.#steward.wentDown(slot));
    this.#control.on('up', (slot) => this.#changed('up', slot));
    this.#control.on('down', (slot, why) => this.#changed('down', slot, why));
    this.#control.on('reported', () => void this.#steward.reported().catch(this.#fail));
    this.#control.on('refused', (name, error) => this.emit('refused', name, error));
    this.#heirs = new HeirSearch({ vids, clock, survey: this.#survey });
    this.#punts = new PuntPath({
      ...{ services: this.services, registry, vids },
      selection: this.#selection,
      neighbours: this.#neighbours,
      controlAddress: this.#controlAddress,
      lineMac,
      control: (payload, source) => void this.#takeControl(payload, source),
      relay: new ReplicationRelay({ registry, controlMac: this.controlMac }),
      heirs: this.#heirs,
      send: (frames) => this.#inject(frames),
    });
    if (options.restore !== undefined) this.#restore(options.restore);
    this.#loss.begin(options.restore);
  }

  /**
   * Writes the card's tables and begins to take frames. A card that was at work already goes on
   * steering: entries that are right are not touched.
   */
  async start(): Promise<void> {
    if (await this.#card.enabled()) {
      // Epochs go on from where they are, so that nobody who speaks with an old one is believed.
      const entries = await this.#card.readTable('slot');
      for (const slot of this.registry.slots) {
        if (slot.state === 'free') slot.epoch = entries[slot.slot]?.epoch ?? 0;
      }
    }
    this.#card.on('frames', this.#take);
    this.#card.on('failed', this.#fail);
    for (const number of await this.#projection.attach()) {
      const slot = this.registry.bySlot(number);
      if (slot !== undefined) await this.#control.takeDown(slot, 'the card has lowered its slot');
    }
    this.#control.start();
    this.#watch.start();
    for (const slot of this.registry.slots) {
      if (slot.state === 'up') this.#steward.cameUp(slot);
    }
  }

  /** Takes no more frames. The card keeps its tables and goes on steering. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#card.off('frames', this.#take);
    this.#card.off('failed', this.#fail);
    this.#control.close();
    this.#steward.close();
    this.#survey.close();
    this.#watch.close();
    this.overrides.close();
    this.#neighbours.close();
  }

  readonly #take = (frames: readonly DecidedFrame[]): void => {
    this.#inject(this.#punts.take(frames));
  };

  readonly #fail = (error: Error): void => {
    if (this.#closed) return;
    this.emit('failed', error);
  };

  #inject(frames: readonly InjectedFrame[]): void {
    if (frames.length === 0 || this.#closed) return;
    this.#injected += frames.length;
    this.#card.inject(frames).catch(this.#fail);
  }

  async #takeControl(payload: Buffer, source: ControlSource): Promise<void> {
    try {
      const answer = await this.#control.handle(payload, source);
      if (answer !== undefined) this.#sendDatagram(source, answer);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #sendControl(slot: Slot, payload: Buffer): void {
    if (slot.peer !== undefined) this.#sendDatagram({ port: slot.port, ...slot.peer }, payload);
  }

  #sendDatagram(to: Omit<ControlSource, 'verified'>, payload: Buffer): void {
    const data = buildUdpFrame({
      srcMac: this.controlMac,
      dstMac: to.mac,
      src: this.#controlAddress,
      dst: to.address,
      srcPort: CONTROL_PORT,
      dstPort: to.udpPort,
      payload,
    });
    this.#inject([toPort({ port: to.port, data })]);
  }

  #changed(event: 'up' | 'down', slot: Slot, why = ''): void {
    if (event === 'up') {
      this.#loss.cameUp();
      this.emit('up', slot);
      this.#steward.cameUp(slot);
    } else {
      this.emit('down', slot, why);
      this.#loss.wentDown();
      // When the card knows it, too.
      void this.#operate(async () => {}).catch(this.#fail);
    }
    this.emit('changed');
  }

  // What an operator does.

  /** Gives a processor further VIDs: so many free ones, or these. */
  async assignVids(owner: string, what: number | readonly number[]): Promise<readonly number[]> {
    return this.#operate(async () => {
      if (typeof what === 'number') return this.vids.assign(owner, what);
      this.vids.claim(owner, what);
      return what;
    });
  }

  /** Overrides that name it go, too. */
  async releaseVid(vid: number): Promise<VidAssignment> {
    return this.#operate(async () => {
      const was = this.vids.release(vid);
      await this.overrides.forget(vid);
      return was;
    });
  }

  /** Throws VidError where the VID is nobody's; OverrideError; DriverError FULL. */
  async addOverride(match: OverrideMatch, vid: number, fixed = true): Promise<void> {
    return this.#operate(async () => {
      if (this.vids.lookup(vid) === undefined) {
        throw new VidError(`VID ${vid} is not assigned; vidline vid list shows which are`);
      }
      await this.overrides.add(match, vid, fixed);
    });
  }

  /** Throws OverrideError where there is none. */
  async removeOverride(match: OverrideMatch): Promise<void> {
    return this.#operate(() => this.overrides.remove(match));
  }

  /** What happened to slots, newest last. */
  events(): readonly SlotLogEntry[] {
    return this.#watch.log.list();
  }

  /** Throws VidError where the backup is no processor that has a slot. */
  async setBackup(vid: number, backup: string | undefined, inSync: boolean): Promise<void> {
    return this.#operate(async () => {
      if (backup !== undefined) this.#requireName(backup);
      this.vids.setBackup(vid, backup, inSync);
    });
  }

  /** Moves a VID to another processor, once that one listens; throws VidError where it does not. */
  async moveVid(vid: number, to: string): Promise<VidAssignment> {
    return this.#steward.move(vid, this.#requireName(to));
  }

  /** Moves all VIDs of a slot elsewhere; it gets nothing new until `raiseSlot`. */
  async drainSlot(number: number): Promise<MoveReport> {
    return this.#steward.drain(this.registry.require(number));
  }

  /** Moves VIDs so that load lies where there is room for it. */
  async rebalance(dryRun = false): Promise<MoveReport> {
    return this.#steward.rebalance(dryRun);
  }

  /** Takes a slot out of service until `raiseSlot`. */
  async lowerSlot(number: number): Promise<Slot> {
    const slot = this.registry.require(number);
    slot.locked = true;
    await this.#control.inTurn(() => this.#control.takeDown(slot, 'an operator lowered it'));
    this.emit('changed');
    return slot;
  }

  /** Lets a slot's processor back in; it comes by itself, with a new epoch. */
  async raiseSlot(number: number): Promise<Slot> {
    const slot = this.registry.require(number);
    slot.locked = false;
    slot.draining = false;
    await this.#operate(async () => this.#steward.spread());
    return slot;
  }

  /** What the card holds against what it should. */
  verify(): Promise<readonly Mismatch[]> {
    return this.#control.inTurn(async () => [
      ...(await this.#projection.verify()),
      ...(await this.overrides.verify()),
    ]);
  }

  /** Register accesses as they are. */
  access(accesses: readonly Access[]): Promise<Uint32Array> {
    return this.#card.transport.access(accesses);
  }

  get card(): Card {
    return this.#card;
  }

  status(): SwitchStatus {
    return switchStatus({
      ...{ card: this.#card, registry: this.registry, vids: this.vids, services: this.services },
      ...{ selection: this.#selection, punts: this.#punts, injected: this.#injected },
      ...{ neighbours: this.#neighbours, control: this.#control, watch: this.#watch },
      ...{ overrides: this.overrides, steward: this.#steward, heirs: this.#heirs },
    });
  }

  /** What a later switch processor needs in order to go on (`restore`). */
  snapshot(): SwitchState {
    return stateOf(this.registry, this.vids, this.overrides, this.services.handlers);
  }

  #restore(state: SwitchState): void {
    const now = (this.#options.clock ?? systemClock).now();
    this.registry.restore(state.slots, now);
    this.vids.restore(vidsOf(state));
  }

  #requireName(name: string): Slot {
    const slot = this.registry.byName(name);
    if (slot !== undefined) return slot;
    const known = this.registry.names().join(', ');
    throw new SlotError(`there is no processor ${name}; there are ${known || 'none'}`);
  }

  /** Changes VIDs, then the card, one operation after the other. */
  #operate<T>(action: () => Promise<T>): Promise<T> {
    return this.#control.inTurn(async () => {
      const result = await action();
      await this.#projection.writeRows();
      this.emit('changed');
      this.#steward.tell();
      return result;
    });
  }
}
