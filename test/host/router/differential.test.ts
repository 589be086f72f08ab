/**
 * The software router against the reference decision, with the generators that hold the RTL to it:
 * the same register writes, frames and time into both; every end, record and byte compared.
 */
import { describe, expect, it } from 'vitest';
import { decodeDecision, REASONS } from '../../../driver/index.ts';
import { SoftwareRouter } from '../../../host/router/software-router.ts';
import { type Ended, ReferenceCard } from '../../../host/steering/reference-card.ts';
import type { CardState } from '../../../host/steering/state.ts';
import { loadTables } from '../../card/tables.ts';
import { Random } from '../../generators/random.ts';
import { randomState } from '../../generators/state.ts';
import { type Sent, Traffic } from '../../generators/traffic.ts';

const TRIALS = 25;
const FRAMES = 1500;
/** The trial in which the router is not enabled. */
const DISABLED = 13;

/** What a program has not: heartbeats that are missed, queues, a mirror, words that lose a bit. */
function withoutHardware(state: CardState): CardState {
  const { badParity: _, mirror: _mirror, ...kept } = state;
  return {
    ...kept,
    health: (state.health ?? []).map((entry) => entry && { ...entry, timeoutUs: 0, suspectUs: 0 }),
    policers: (state.policers ?? []).map((entry) => entry && { ...entry, share: 0 }),
  };
}

/** Of reasons that no frame could have here. */
const NOT_HERE: readonly string[] = [
  ...['punt_parity', 'rx_overflow', 'rx_underrun', 'queue_full', 'host_share'],
];

describe.each(['sim', 'ecp5-25'])('router and reference, %s', (configuration) => {
  it('agree on every frame, and meet every reason', { timeout: 300_000 }, async () => {
    const met = new Set<string>();
    for (let seed = 1; seed <= TRIALS; seed++) {
      await trial(configuration, seed, met);
    }
    const all = REASONS.flatMap((reason) => (reason === undefined ? [] : [reason.name]));
    expect(all.filter((name) => !met.has(name))).toEqual(NOT_HERE);
  });
});

async function trial(configuration: string, seed: number, met: Set<string>) {
  const router = await SoftwareRouter.open(configuration);
  const { sizes } = router;
  const random = new Random(seed);
  const drawn = withoutHardware(randomState(random, sizes));
  const state = { ...drawn, enabled: seed !== DISABLED };
  await router.access(loadTables(state, sizes));
  let now = random.below(1e9);
  const reference = new ReferenceCard(state, now);
  router.advance(now);
  const traffic = new Traffic(random, state, { fragmented: 60 });
  const numbers = new Map<Uint8Array, number>();
  let number = 0;
  for (let left = FRAMES; left > 0; ) {
    const batch = Array.from({ length: Math.min(left, random.between(1, 100)) }, () =>
      traffic.next(),
    );
    left -= batch.length;
    const wanted: Ended[] = [];
    for (const { frame, arrival } of batch.map(copied)) {
      numbers.set(frame, number++);
      wanted.push(...reference.arrive(frame, arrival));
    }
    const found = router.receive(
      batch.map(({ frame, arrival: { from, receiver } }) => ({
        frame,
        from,
        bad: receiver?.error ?? false,
      })),
    );
    compare(found, wanted, now);
    now += random.chance(50) ? 0 : random.below(random.chance(80) ? 300 : 20_000);
    compare(router.advance(now), reference.advance(now), now);
  }

  function compare(
    found: ReturnType<SoftwareRouter['receive']>,
    wanted: readonly Ended[],
    us: number,
  ) {
    expect(found.length, `seed ${seed}: ends`).toBe(wanted.length);
    for (const [n, { verdict, frame }] of wanted.entries()) {
      const end = found[n];
      if (end === undefined) throw new Error('one end less');
      met.add(verdict.reason);
      const about = `seed ${seed}, frame ${numbers.get(frame)}: ${Buffer.from(frame).toString('hex')}`;
      const { time_us, ...record } = decodeDecision(end.record);
      expect(record, about).toEqual(verdict.decision);
      expect(time_us, about).toBe(BigInt(us));
      expect(end.number, about).toBe(numbers.get(frame));
      if (verdict.egressFrame !== undefined) {
        expect(end.data.equals(verdict.egressFrame), `bytes of ${about}`).toBe(true);
      }
    }
  }
}

/** The same frame may be sent twice, and must be told from itself. */
function copied({ frame, arrival }: Sent): Sent {
  return { frame: Buffer.from(frame), arrival };
}
