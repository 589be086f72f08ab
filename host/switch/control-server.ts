/**
 * The switch processor's side of the control protocol: gives slots, epochs and VIDs to processors,
 * raises their slots, hears their reports, and gives up those that fall silent.
 */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { ClockTimer } from '../protocol/clock.ts';
import {
  buildControl,
  ControlError,
  type ControlReply,
  type ControlRequest,
  fromRuns,
  pageOf,
  parseControl,
  type ReplyTo,
  type RequestOf,
} from '../protocol/control.ts';
import { ControlAsker } from '../protocol/control-asker.ts';
import { ExpiringMap } from '../protocol/expiring-map.ts';
import type { Occupant } from '../setup/handler.ts';
import type {
  CardCause,
  ControlServerEvents,
  ControlServerOptions,
  ControlSource,
} from './control-options.ts';
import { answers, Doubts } from './liveness.ts';
import { type Slot, SlotError } from './slot-registry.ts';
import { VidError } from './vid-manager.ts';

/** Milliseconds from hello to ready. */
const START_TIME = 30_000;
/** Milliseconds for which an answer is kept for repetition; a request is repeated each second. */
const ANSWER_LIFE = 30_000;
const ANSWERS = 8192;

export class ControlServer extends EventEmitter<ControlServerEvents> {
  /** Datagrams by what they were; what answers nothing of ours and what could not be read apart. */
  readonly counters: Record<string, number> = {};
  readonly #options: ControlServerOptions;
  /** So that no request looks like one of an earlier switch processor, which may have been answered. */
  readonly #incarnation = randomBytes(4).toString('hex');
  /** One for each slot: what it asks goes to who is there at the time. */
  readonly #askers = new Map<Slot, ControlAsker>();
  readonly #answers: ExpiringMap<string, Buffer | 'in work'>;
  /** What changes slots or VIDs is done one after the other. */
  #work: Promise<unknown> = Promise.resolve();
  readonly #doubts: Doubts;
  #timer: ClockTimer | undefined;
  #closed = false;

  constructor(options: ControlServerOptions) {
    super();
    this.#options = options;
    const { clock } = options;
    const now = () => clock.now();
    this.#answers = new ExpiringMap({ life: ANSWER_LIFE, limit: ANSWERS, now });
    const { registry, vids } = options;
    const takeDown = (slot: Slot, epoch: number, why: string) =>
      this.#inTurn(async () => {
        if (slot.epoch === epoch) await this.takeDown(slot, why);
      });
    this.#doubts = new Doubts({ registry, vids, takeDown, asker: (slot) => this.asker(slot) });
  }

  /** Begins to watch for silence. */
  start(): void {
    const { clock, reportInterval, registry } = this.#options;
    const due = clock.now() + reportInterval;
    this.#timer = clock.schedule(reportInterval, () => {
      // Who was late itself may not have heard what was said meanwhile.
      const late = clock.now() - due;
      for (const slot of registry.slots) slot.heard += late;
      this.#watch();
      this.start();
    });
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const asker of this.#askers.values()) asker.close();
  }

  /** Reads a datagram for the control address; the answer, where there is one to be sent. */
  async handle(payload: Buffer, source: ControlSource): Promise<Buffer | undefined> {
    const message = parseControl(payload);
    if ('problem' in message) {
      this.#count('unreadable');
      if (message.id === undefined) return undefined;
      const error = { code: 'bad_request', message: message.problem } as const;
      return buildControl({ v: 1, id: message.id, error });
    }
    if (!('request' in message)) {
      const answers = [...this.#askers.values()].some((asker) => asker.answer(message));
      this.#count(answers ? 'reply' : 'stray_reply');
      return undefined;
    }
    const { id, request } = message;
    const key = `${source.port} ${source.mac} ${id}`;
    const known = this.#answers.get(key);
    if (known !== undefined) {
      this.#count('repeated');
      return known === 'in work' ? undefined : known;
    }
    this.#count(request.type);
    this.#answers.set(key, 'in work');
    const answer = await this.#answer(id, request, source);
    this.#answers.set(key, answer);
    return this.#closed ? undefined : answer;
  }

  async #answer(id: string, request: ControlRequest, source: ControlSource): Promise<Buffer> {
    try {
      const reply = await this.#act(request, source);
      return buildControl({ v: 1, id, reply });
    } catch (error) {
      const code = error instanceof ControlError ? error.code : 'refused';
      if (!(error instanceof ControlError || isPlain(error))) throw error;
      const { message } = error as Error;
      if (code === 'refused') {
        this.#count('refused');
        const name = 'name' in request ? request.name : source.mac;
        this.emit('refused', name, error as Error);
      }
      return buildControl({ v: 1, id, error: { code, message: message.slice(0, 1000) } });
    }
  }

  #act(request: ControlRequest, source: ControlSource): Promise<ControlReply> | ControlReply {
    switch (request.type) {
      case 'hello':
        return this.#inTurn(() => this.#hello(request, source));
      case 'ready':
        return this.#inTurn(() => this.#ready(request, source));
      case 'bye':
        return this.#inTurn(() => this.#bye(request, source));
      case 'vids':
        return this.#vids(request, source);
      case 'load':
        return this.#load(request, source);
      case 'keep':
        return this.#keep(request, source);
      case 'peer':
        return this.#peer(request, source);
      case 'doubt':
        return this.#doubts.raise(this.#upSlotOf(request.name, source), request.vid);
      case 'agreed':
        return this.#agreed(request, source);
      case 'lost':
        return this.#lost(request, source);
      case 'probe':
      case 'forget':
      case 'leave':
      case 'find':
      case 'renew':
      case 'copy':
      case 'yield':
      case 'resume': {
        const why = `only the switch processor asks with "${request.type}"`;
        throw new ControlError('bad_request', why);
      }
    }
  }

  /** Runs `action` when all before it are done. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#work.then(action);
    this.#work = done.catch(() => {});
    return done;
  }

  /** As what changes slots here, for changes that others make (an operator, a move). */
  inTurn<T>(action: () => Promise<T>): Promise<T> {
    return this.#inTurn(action);
  }

  async #hello(request: RequestOf<'hello'>, source: ControlSource): Promise<ReplyTo<'hello'>> {
    const { registry, vids, clock, vidsPerProcessor } = this.#options;
    const { name, incarnation } = request;
    const slot = registry.place(name, source.port, request.wantsSlot);
    if (slot.locked) {
      throw new ControlError(
        'later',
        `slot ${slot.slot} is out of service; vidline slot up ${slot.slot} lets ${name} in`,
      );
    }
    for (const held of [registry.byName(name), slot]) {
      if (held !== undefined && (await this.#isAlive(held, incarnation))) {
        throw new SlotError(
          `slot ${held.slot} is held by ${held.name}, which is alive (epoch ${held.epoch}, fabric ` +
            `port ${held.port}), so ${name} behind port ${source.port} cannot have it; stop that ` +
            'one first, or start this one under another name and behind another slot',
        );
      }
    }
    // VIDs before the slot: who cannot have them does not disturb who is there.
    if (request.wantsVids !== undefined) vids.claim(name, fromRuns(request.wantsVids));
    const has = vids.vidsOf(name).length + vids.homeVidsOf(name).length;
    if (has === 0) vids.assign(name, vidsPerProcessor);
    const displaced = slot.name;
    for (const held of [registry.byName(name), slot]) {
      if (held?.state === 'up') this.#wentDown(held, `${name} begins anew`);
    }
    const peer = { mac: source.mac, address: source.address, udpPort: source.udpPort };
    const nonce = this.#options.heartbeat === undefined ? undefined : request.nonce;
    const replicates = request.replicates ?? false;
    registry.occupy(slot, { name, incarnation, nonce, peer, replicates }, clock.now());
    this.#options.selection.forget(name);
    if (displaced !== undefined) vids.touch(displaced);
    vids.touch(name);
    this.#options.spread();
    // Before anyone can act by the epoch: were it forgotten, it would be given a second time.
    this.emit('occupied', slot);
    await this.#options.writeSlot(slot);
    await this.#options.writeRows();
    return {
      type: 'hello',
      slot: slot.slot,
      epoch: slot.epoch,
      mac: registry.macOf(slot),
      ...(slot.doors.length === 0
        ? {}
        : { doors: slot.doors.map((door) => registry.macOf(slot, door)) }),
      assignment: vids.numberOf(name),
      reportInterval: this.#options.reportInterval,
      ...(nonce === undefined ? {} : { heartbeat: this.#options.heartbeat }),
      ...(replicates ? { replication: { mac: this.#options.controlMac } } : {}),
      services: [...this.#options.services()],
      vids: pageOf(vids.vidsOf(name), 0),
      backupVids: pageOf(vids.backupVidsOf(name), 0),
    };
  }

  /**
   * Whether another incarnation lives in the slot. It is asked, for a processor that was killed and
   * started again must not wait until the old one's silence is noticed.
   */
  async #isAlive(slot: Slot, incarnation: string): Promise<boolean> {
    const { state, incarnation: other, peer } = slot;
    if (peer === undefined || other === incarnation) return false;
    if (state !== 'up' && state !== 'starting') return false;
    return answers(this.asker(slot), slot);
  }

  /** What asks the occupant of a slot. */
  asker(slot: Slot): ControlAsker {
    const known = this.#askers.get(slot);
    if (known !== undefined) return known;
    const { clock, send } = this.#options;
    const made = new ControlAsker(`${this.#incarnation}.${slot.slot}`, clock, (it) =>
      send(slot, it),
    );
    this.#askers.set(slot, made);
    return made;
  }

  async #ready(request: RequestOf<'ready'>, source: ControlSource): Promise<ReplyTo<'ready'>> {
    const { registry, clock } = this.#options;
    const slot = this.#slotOf(request.name, source);
    if (slot.slot !== request.slot || slot.epoch !== request.epoch) {
      throw notUp(`slot ${request.slot}, epoch ${request.epoch} is not ${request.name}'s any more`);
    }
    slot.peer = { mac: source.mac, address: source.address, udpPort: source.udpPort };
    slot.heard = clock.now();
    slot.confirmed = request.assignment;
    if (slot.state !== 'up') {
      if (slot.state !== 'starting') {
        throw notUp(`slot ${slot.slot} is down; it rises with a new epoch only`);
      }
      slot.state = 'up';
      slot.starts++;
      // Rows first: none may count on a copy that an earlier incarnation had.
      await this.#options.writeRows();
      await this.#options.writeSlot(slot);
      this.emit('up', slot);
    }
    return { type: 'ready', up: registry.alive(occupantOf(slot)) as true };
  }

  async #bye(request: RequestOf<'bye'>, source: ControlSource): Promise<ReplyTo<'bye'>> {
    await this.takeDown(this.#slotOf(request.name, source), 'it said good-bye');
    return { type: 'bye' };
  }

  /** Lowers a slot; it rises again when its processor says hello. Idempotent. */
  async takeDown(slot: Slot, why: string, card?: CardCause): Promise<void> {
    if (slot.state !== 'up' && slot.state !== 'starting') return;
    this.#wentDown(slot, why, card);
    await this.#options.writeSlot(slot);
    await this.#options.writeRows();
  }

  /** As `takeDown`, in turn, of a slot that is on its way up with this epoch. */
  lower(slot: Slot, epoch: number, why: string): Promise<void> {
    return this.#inTurn(async () => {
      if (slot.state === 'starting' && slot.epoch === epoch) await this.takeDown(slot, why);
    });
  }

  #wentDown(slot: Slot, why: string, card?: CardCause): void {
    slot.state = 'down';
    // Who is gone answers nothing any more.
    this.#askers.get(slot)?.close(`slot ${slot.slot} went down`);
    if (slot.name !== undefined) this.#options.selection.forget(slot.name);
    this.emit('down', slot, why, card);
  }

  #vids(request: RequestOf<'vids'>, source: ControlSource): ReplyTo<'vids'> {
    const { vids } = this.#options;
    const { name, list, from } = request;
    this.#slotOf(name, source);
    const all = list === 'active' ? vids.vidsOf(name) : vids.backupVidsOf(name);
    return { type: 'vids', assignment: vids.numberOf(name), page: pageOf(all, from) };
  }

  #load(request: RequestOf<'load'>, source: ControlSource): ReplyTo<'load'> {
    const slot = this.#upSlotOf(request.name, source);
    const { sequence, sessions, capacity, name } = request;
    slot.heard = this.#options.clock.now();
    const isFirst = this.#options.selection.status()[name]?.load === undefined;
    this.#options.selection.report(name, sequence, { sessions, capacity });
    if (isFirst) this.emit('reported');
    return { type: 'load', assignment: this.#options.vids.numberOf(name) };
  }

  #keep(request: RequestOf<'keep'>, source: ControlSource): ReplyTo<'keep'> {
    const slot = this.#upSlotOf(request.name, source);
    const kept = this.#options.keep(request.service, occupantOf(slot), request.keys);
    return { type: 'keep', kept };
  }

  async #peer(request: RequestOf<'peer'>, source: ControlSource): Promise<ReplyTo<'peer'>> {
    this.#upSlotOf(request.name, source);
    await this.#options.heard(request.service, request.peer, request.restart);
    return { type: 'peer' };
  }

  async #agreed(request: RequestOf<'agreed'>, source: ControlSource): Promise<ReplyTo<'agreed'>> {
    await this.#options.agreed(this.#upSlotOf(request.name, source), request);
    return { type: 'agreed' };
  }

  async #lost(request: RequestOf<'lost'>, source: ControlSource): Promise<ReplyTo<'lost'>> {
    await this.#options.lost(this.#upSlotOf(request.name, source), request);
    return { type: 'lost' };
  }

  /** The slot of `name`; it must have sent the message from the slot's MAC address of this epoch. */
  #slotOf(name: string, source: ControlSource): Slot {
    const { registry } = this.#options;
    const slot = registry.byName(name);
    if (slot === undefined || slot.state === 'free') throw notUp(`${name} has no slot`);
    if (slot.port !== source.port || registry.macOf(slot) !== source.mac) {
      throw notUp(`${name} has slot ${slot.slot} with ${registry.macOf(slot)}, not ${source.mac}`);
    }
    return slot;
  }

  /** As `#slotOf`, for what only the card's word can prove. */
  #upSlotOf(name: string, source: ControlSource): Slot {
    const slot = this.#slotOf(name, source);
    const { verified } = source;
    if (slot.state !== 'up' || verified?.slot !== slot.slot || verified.epoch !== slot.epoch) {
      throw notUp(`slot ${slot.slot} of ${name} is not up`);
    }
    return slot;
  }

  /** Gives up who is silent. */
  #watch(): void {
    const { registry, clock, reportTimeout } = this.#options;
    for (const slot of registry.slots) {
      const patience = slot.state === 'starting' ? START_TIME : reportTimeout;
      if (slot.state !== 'up' && slot.state !== 'starting') continue;
      if (clock.now() - slot.heard < patience) continue;
      const epoch = slot.epoch;
      const why = `nothing heard of it for ${patience} ms`;
      this.#inTurn(async () => {
        if (slot.epoch === epoch && clock.now() - slot.heard >= patience) {
          await this.takeDown(slot, why);
        }
      }).catch(() => {}); // the card is gone; its own event says so
    }
  }

  #count(what: string): void {
    this.counters[what] = (this.counters[what] ?? 0) + 1;
  }
}

function occupantOf(slot: Slot): Occupant {
  return { name: slot.name ?? '', slot: slot.slot, epoch: slot.epoch };
}

function notUp(message: string): ControlError {
  return new ControlError('not_up', message);
}

/** Refusals that are the asker's business; all else is a fault of ours or of the card. */
function isPlain(error: unknown): boolean {
  return error instanceof SlotError || error instanceof VidError;
}
