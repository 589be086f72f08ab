/** Heartbeats, failover, policing and overrides with a switch processor, over any ground. */
import { afterEach, describe, expect, it } from 'vitest';
import { type CounterSnapshot, checkAccounting, sumEnds } from '../../../driver/index.ts';
import { buildHeartbeatFrame } from '../../../host/protocol/heartbeat.ts';
import { buildUdpFrame } from '../../../host/protocol/udp.ts';
import { parseService } from '../../../host/steering/service-file.ts';
import type { SwitchProcessorOptions } from '../../../host/switch/switch-options.ts';
import { Bench, CLIENT, type Ground, SERVICES, type TestProcessor, VIRTUAL } from './bench.ts';

/** Heartbeats each 100 ms, 500 ms of patience. */
export const HEALTH = { interval: 100, timeout: 500, poll: 100 };

/** SIP whose set-ups are limited, and a server that chooses its own tags. */
export const LIMITED = [
  { ...(SERVICES[0] as (typeof SERVICES)[number]), punt: { rate: 20, burst: 5, share: 60 } },
];
export const BY_SOURCE = [
  ...SERVICES,
  parseService(
    `
service: legacy
rules:
  - name: tunnel
    match: { protocol: udp, destination: ${VIRTUAL}, port: 2152 }
    override: { by: source, space: 7 }
`,
    'legacy.yaml',
  ),
];

export function describeSlotHealth<G extends Ground>(
  title: string,
  open: (services: SwitchProcessorOptions['services']) => Promise<G>,
  /** Frames that ended for a reason since the card began. */
  ended: (ground: G, reason: string) => Promise<number>,
  /** Reads all tables of the card where that matters: half a million clocks in lock-step. */
  thorough = true,
): void {
  const expectVerified = async ({ sp }: Bench) => {
    if (thorough) expect(await sp.verify()).toEqual([]);
  };
  describe(title, () => {
    let ground: G;
    let bench: Bench;

    async function begin(
      processors: number,
      options: Partial<SwitchProcessorOptions> = {},
    ): Promise<TestProcessor[]> {
      const { services = SERVICES } = options;
      ground = await open(services);
      bench = new Bench(ground, { health: HEALTH, services, ...options });
      await bench.start(processors);
      return [...bench.processors];
    }

    afterEach(async () => {
      expect(bench.failures).toEqual([]);
      await bench.close();
      await ground.close();
    });

    const status = (name: string) =>
      bench.sp.status().processors.find((slot) => slot.name === name);

    const setUps = () =>
      bench.sp.status().processors.reduce((sum, { assigned }) => sum + assigned, 0);

    async function call() {
      bench.client.request('INVITE');
      await bench.settle();
      const { port, toTag, uri } = bench.client.dialog();
      const dialog = { toTag, uri, branch: 'z9hG4bK-2', cseq: '1 ACK' };
      bench.client.request('ACK', dialog, port);
      await bench.settle();
      return { port, dialog };
    }

    it('carries a standing call past the death of its processor: the card alone turns to the backup (G11)', async () => {
      const [first, second] = await begin(2);
      const { port, dialog } = await call();
      await bench.sp.setBackup(port - 20000, 'sip-2', true);
      const before = bench.sp.status().punted;
      bench.kill(first as TestProcessor);
      // Between its last heartbeat and the end of the patience packets still go to the dead one.
      await bench.advance(700);
      bench.client.request('BYE', { ...dialog, cseq: '2 BYE', branch: 'z9hG4bK-3' }, port);
      await bench.settle();
      expect(second?.seen).toEqual([`BYE ${port}`]);
      const { punted } = bench.sp.status();
      expect(punted.inDialog).toBe(0);
      expect(punted.recognised).toEqual(before.recognised);
      expect(await ended(ground, 'steer_backup')).toBe(1);
      expect(status('sip-1')).toMatchObject({
        state: 'down',
        epoch: 1,
        lastDown: { cause: 'heartbeat', name: 'sip-1', epoch: 1, why: /no heartbeat/ as never },
      });
      expect(status('sip-2')).toMatchObject({ state: 'up', lastDown: undefined });
    });

    it('hears a processor for as long as it lives, and consumes what it says', async () => {
      await begin(2);
      await bench.advance(3000);
      expect([status('sip-1')?.state, status('sip-2')?.state]).toEqual(['up', 'up']);
      expect(await ended(ground, 'heartbeat')).toBeGreaterThan(50);
      expect(await ended(ground, 'heartbeat_refused')).toBe(0);
      expect(bench.sp.status().punted.ends.dropped_not_control).toBeUndefined();
    });

    it('tells cause and time of what the card did, and takes the processor back with a new epoch', async () => {
      const [first] = await begin(2);
      const heard: unknown[] = [];
      bench.sp.on('slotEvent', (entry) => heard.push(entry));
      first?.cut();
      await bench.advance(800);
      expect(status('sip-1')?.state).toBe('down');
      const down = bench.sp.events().at(-1);
      expect(down).toMatchObject({ slot: 0, what: 'down', cause: 'heartbeat', epoch: 1 });
      expect(down?.cardTime).toBeGreaterThan(0);
      expect(heard).toMatchObject([{ slot: 0, cause: 'heartbeat' }]);
      expect(Date.parse(down?.at ?? '')).toBeGreaterThan(0);
      await bench.startProcessor('sip-1', 1);
      expect(status('sip-1')).toMatchObject({ state: 'up', epoch: 2, heartbeats: true });
      await bench.advance(2000);
      expect(status('sip-1')).toMatchObject({ state: 'up', epoch: 2 });
      expect(bench.sp.events().map(({ what, epoch }) => `${what} ${epoch}`)).toEqual([
        'up 1',
        'up 1',
        'down 1',
        'up 2',
      ]);
      await expectVerified(bench);
    });

    it('is not deceived by heartbeats of another incarnation', async () => {
      const [first] = await begin(2);
      const mac = first?.endpoint.mac ?? '';
      bench.kill(first as TestProcessor);
      for (let n = 0; n < 10; n++) {
        const forged = { srcMac: mac, dstMac: bench.sp.controlMac, nonce: 0, sequence: n };
        ground.feed(1, buildHeartbeatFrame(forged));
        await bench.advance(100);
      }
      expect(status('sip-1')).toMatchObject({ state: 'down', lastDown: { cause: 'heartbeat' } });
      expect(await ended(ground, 'heartbeat_refused')).toBe(10);
    });

    it('drops, counts and tells of a processor that goes on after it was given up', async () => {
      const [first] = await begin(2);
      const old = first?.endpoint.mac ?? '';
      bench.kill(first as TestProcessor);
      await bench.advance(700);
      const speak = () =>
        ground.feed(
          1,
          buildUdpFrame({
            srcMac: old,
            dstMac: '0a:00:00:00:00:64',
            src: VIRTUAL,
            dst: CLIENT,
            srcPort: 5060,
            dstPort: 5060,
            payload: Buffer.from('late'),
          }),
        );
      const frames = bench.client.frames.length;
      speak();
      await bench.advance(200);
      expect(await ended(ground, 'source_down')).toBe(1);
      expect(bench.sp.events().at(-1)).toMatchObject({ slot: 0, what: 'stale' });
      await bench.startProcessor('sip-1', 1);
      speak();
      await bench.advance(200);
      expect(await ended(ground, 'source_epoch')).toBe(1);
      const last = bench.sp.events().at(-1);
      expect(last).toMatchObject({ slot: 0, what: 'stale', why: /were dropped/ as never });
      expect(bench.client.frames.length).toBe(frames);
      expect(status('sip-1')).toMatchObject({ state: 'up', epoch: 2 });
    });

    it('says why an operator lowered a slot, and that it was the host', async () => {
      await begin(2);
      await bench.sp.lowerSlot(1);
      await bench.advance(300);
      const log = bench.sp.events().filter(({ what }) => what === 'down');
      expect(log).toMatchObject([{ slot: 1, cause: 'host', why: 'an operator lowered it' }]);
      expect(status('sip-2')?.lastDown).toMatchObject({ cause: 'host' });
    });

    it('takes up a card at work without a heartbeat being missed', async () => {
      await begin(2);
      const restore = bench.sp.snapshot();
      await bench.sp.close();
      const again = new Bench(ground, { health: HEALTH, restore, clock: bench.clock });
      await again.sp.start();
      await bench.advance(2000);
      const { processors } = again.sp.status();
      expect(processors.map(({ state }) => state)).toEqual(['up', 'up', 'free', 'free']);
      expect(processors[0]).toMatchObject({ epoch: 1, heartbeats: true, lastDown: undefined });
      await expectVerified(again);
      await again.close();
    });

    it('lets so many set-ups to the host and no more, and standing calls do not feel it', async () => {
      await begin(2, { services: LIMITED });
      await bench.advance(1000);
      const { port, dialog } = await call();
      await bench.advance(1000);
      for (let n = 0; n < 40; n++) {
        bench.client.request('INVITE', { branch: `z9hG4bK-f${n}`, callId: `flood-${n}` });
        if (n % 4 === 0) {
          const options = { ...dialog, cseq: `${n + 2} OPTIONS`, branch: `z9hG4bK-o${n}` };
          bench.client.request('OPTIONS', options, port);
        }
      }
      await bench.settle();
      expect(setUps()).toBe(1 + 5);
      expect(await ended(ground, 'policed')).toBe(35);
      const options = bench.client.responses.filter(({ cseq }) => cseq?.method === 'OPTIONS');
      expect(options.map(({ status }) => status)).toEqual(Array(10).fill(200));
      // 20 a second: one comes again after 50 ms.
      await bench.advance(60, 60);
      bench.client.request('INVITE', { branch: 'z9hG4bK-late', callId: 'late' });
      await bench.settle();
      expect(setUps()).toBe(7);
    });

    it('steers by overrides that an operator names by what their rule looks at', async () => {
      const processors = await begin(2, { services: BY_SOURCE });
      const got: string[] = [];
      for (const { name, endpoint } of processors)
        await endpoint.bind(2152, (payload) => got.push(`${name} ${payload}`));
      const from = (src: string, text: string) =>
        ground.feed(
          0,
          buildUdpFrame({
            srcMac: '0a:00:00:00:00:64',
            dstMac: '02:76:6c:00:00:00',
            ...{ src, dst: VIRTUAL, srcPort: 2152, dstPort: 2152 },
            payload: Buffer.from(text),
          }),
        );
      const rule = 'legacy/tunnel';
      const vid = bench.sp.vids.vidsOf('sip-2')[0] ?? -1;
      await bench.sp.addOverride({ rule, source: '198.51.100.7' }, vid);
      from('198.51.100.7', 'known');
      from('198.51.100.8', 'unknown');
      await bench.settle();
      expect(got).toEqual(['sip-2 known']);
      expect(await ended(ground, 'punt_no_override')).toBe(1);
      expect(bench.sp.overrides.list()).toMatchObject([
        { rules: [rule], space: 7, source: '198.51.100.7', vid, fixed: true },
      ]);
      await expectVerified(bench);
      await expect(bench.sp.addOverride({ rule, source: '198.51.100.9' }, 3999)).rejects.toThrow(
        /VID 3999 is not assigned/,
      );
      await expect(bench.sp.addOverride({ rule, identifier: 3n }, vid)).rejects.toThrow(
        /asks by source: give the source/,
      );
      await expect(bench.sp.addOverride({ rule: 'sip/dialog' }, vid)).rejects.toThrow(
        /no rule sip\/dialog asks for overrides; there are legacy\/tunnel/,
      );
      // Kept over a restart of the switch processor, in the card and in what it remembers.
      const restore = bench.sp.snapshot();
      await bench.sp.close();
      const options = { restore, clock: bench.clock, services: BY_SOURCE };
      const again = new Bench(ground, { health: HEALTH, ...options });
      await again.sp.start();
      from('198.51.100.7', 'still');
      await bench.settle();
      expect(got).toEqual(['sip-2 known', 'sip-2 still']);
      await again.sp.removeOverride({ rule, source: '198.51.100.7' });
      await expect(again.sp.removeOverride({ rule, source: '198.51.100.7' })).rejects.toThrow(
        /legacy\/tunnel has no such override/,
      );
      from('198.51.100.7', 'gone');
      await bench.settle();
      expect(await ended(ground, 'punt_no_override')).toBe(2);
      await again.close();
    });

    it('forgets overrides of a VID that is released', async () => {
      await begin(1, { services: BY_SOURCE });
      await bench.sp.addOverride({ rule: 'legacy/tunnel', source: '2001:db8::1' }, 2);
      expect(bench.sp.overrides.list()[0]).toMatchObject({ source: '2001:db8::1', vid: 2 });
      await bench.sp.releaseVid(2);
      expect(bench.sp.overrides.list()).toEqual([]);
      await expectVerified(bench);
    });
  });
}

/** What every card's counters must say in the end. */
export function expectBalance(snapshot: CounterSnapshot): void {
  expect(checkAccounting(snapshot).faults).toEqual([]);
}

export const countOf = (snapshot: CounterSnapshot, reason: string): number =>
  Number(sumEnds(snapshot, { reason: reason as never }).packets);
