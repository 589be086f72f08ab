/**
 * Death of a gateway in the middle of set-ups, updates and deletes, all of them gated: what was answered
 * holds, whenever it dies.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { type PeerSession, Refused } from '../../host/cli/demo/gtp-peer-session.ts';
import { CAUSE_V1, CAUSE_V2 } from '../../host/protocol/gtp-cause.ts';
import type { Ground } from '../host/switch/bench.ts';
import { GatewayBench, type TestGateway } from './gateway-bench.ts';
import { expectPings } from './gateway-pings.ts';

/** In the steps of the bench's clock: the card turns when the third heartbeat is missing. */
const HEALTH = { interval: 50, timeout: 150, poll: 50 };
const WAVES = 4;
const SETUPS = 6;

const versionOf = (n: number) => (n % 2 === 0 ? 1 : 2);
const notFound = ({ version }: PeerSession) =>
  version === 1 ? CAUSE_V1.nonExistent : CAUSE_V2.contextNotFound;

/** What a peer did, and what it was answered. */
class Doings {
  /** By IMSI: set up, and as the last answered update left them. */
  readonly alive = new Map<string, PeerSession>();
  readonly deleted: PeerSession[] = [];
  readonly #bench: GatewayBench;
  #subscriber = 0;

  constructor(bench: GatewayBench) {
    this.#bench = bench;
  }

  /**
   * Waves of set-ups; those of a wave are updated while the next is set up, and every other one is deleted
   * while the one after that is. All of a wave is under way at a time.
   */
  async run(): Promise<void> {
    const waves: string[][] = [];
    for (let wave = 0; wave < WAVES; wave++) {
      const subscribers = Array.from({ length: SETUPS }, () => this.#subscriber++);
      const [last = [], older = []] = [waves.at(-1), waves.at(-2)];
      const work = [
        ...older.filter((_, i) => i % 4 < 2).map((imsi) => this.#delete(imsi)),
        ...last.map((imsi) => this.#update(imsi)),
        ...subscribers.map((n) => this.#create(n)),
      ];
      waves.push(subscribers.map(imsiOf));
      await this.#bench.during(Promise.all(work));
    }
  }

  async #create(n: number): Promise<void> {
    const imsi = imsiOf(n);
    this.alive.set(imsi, await this.#bench.peer.create(imsi, versionOf(n)));
  }

  async #update(imsi: string): Promise<void> {
    this.alive.set(imsi, await this.#bench.peer.update(this.#session(imsi)));
  }

  /** Where the answer was lost and the heir is asked again, the session is gone already. */
  async #delete(imsi: string): Promise<void> {
    const session = this.#session(imsi);
    this.alive.delete(imsi);
    await this.#bench.peer.delete(session).catch((error) => {
      if (!(error instanceof Refused) || error.cause !== notFound(session)) throw error;
    });
    this.deleted.push(session);
  }

  #session(imsi: string): PeerSession {
    const session = this.alive.get(imsi);
    if (session === undefined) throw new Error(`subscriber ${imsi} has no session`);
    return session;
  }
}

const imsiOf = (n: number): string => `26201000000${1000 + n}`;

export function describeGatewayDeath(
  title: string,
  open: () => Promise<Ground>,
  /** Moments of death: frames that the gateway still sends or receives. Ends where it outlives all work. */
  moments: Iterable<number>,
): void {
  describe(title, () => {
    let bench: GatewayBench | undefined;

    const end = async () => {
      expect(bench?.failures ?? []).toEqual([]);
      await bench?.close();
      bench = undefined;
    };
    afterEach(end);

    /** What was set up is there and at work, what was deleted is not, and there is no more. */
    async function expectKept(at: GatewayBench, doings: Doings, when: string): Promise<void> {
      const alive = [...doings.alive.values()];
      expect(alive.length + doings.deleted.length, when).toBe(WAVES * SETUPS);
      await expectPings(at, alive, when);
      const updated: PeerSession[] = [];
      for (const session of alive) updated.push(await at.during(at.peer.update(session)));
      await expectPings(at, updated, `${when}, updated`);
      for (const session of doings.deleted) {
        const refused = await at.during(at.peer.update(session).catch((error) => error));
        expect(refused?.cause, `${when}: ${session.imsi}`).toBe(notFound(session));
      }
      // Nor has a set-up that was repeated another one behind it.
      const heirs = at.gateways.filter(({ isCut }) => !isCut);
      const held = heirs.flatMap(({ gateway }) => [...gateway.sessions.all()]);
      const teids = (of: readonly number[]) => [...of].sort((a, b) => a - b);
      expect(teids(held.map(({ teid }) => teid)), when).toEqual(
        teids(alive.map(({ gatewayControl }) => gatewayControl)),
      );
    }

    it('no session is lost that was answered, none lives that was deleted, whatever the moment', async () => {
      let outlived = false;
      for (const moment of moments) {
        const now = new GatewayBench(await open(), { health: HEALTH });
        bench = now;
        await now.start(3, { replicates: true });
        const allInSync = () => now.sp.vids.list().every(({ inSync }) => inSync);
        await now.until(allInSync);
        const [victim] = now.gateways as [TestGateway];
        const doings = new Doings(now);
        victim.fuse = moment;
        await doings.run();
        outlived = !victim.isCut;
        victim.cut();
        await now.until(() => now.sp.registry.byName(victim.name)?.state === 'down');
        await now.until(allInSync);
        expect(now.sp.vids.vidsOf(victim.name)).toEqual([]);
        await expectKept(now, doings, `death after ${moment} frames`);
        await end();
        if (outlived) break;
      }
    });

    it('gateway and switch processor die together: the card turns alone, no session is lost, and the rest follows', async () => {
      const now = new GatewayBench(await open(), { health: HEALTH });
      bench = now;
      await now.start(3, { replicates: true });
      const allInSync = () => now.sp.vids.list().every(({ inSync }) => inSync);
      await now.until(allInSync);
      const doings = new Doings(now);
      await doings.run();
      // Whoever has never spoken to a peer would ask the switch processor for its address.
      await expectPings(now, [...doings.alive.values()], 'before');
      const [victim] = now.gateways as [TestGateway];
      victim.cut();
      now.crashSwitch();
      await now.advance(2 * HEALTH.timeout);
      await expectPings(now, [...doings.alive.values()], 'without a switch processor');
      await now.restartSwitch();
      await now.until(() => now.sp.registry.byName(victim.name)?.state === 'down');
      await now.until(allInSync);
      await expectKept(now, doings, 'with another one');
      expect(now.sp.status().punted.inDialog).toBe(0);
    });
  });
}
