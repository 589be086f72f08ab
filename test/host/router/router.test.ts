/** The software router behind the driver: registers, latched slots, injection, fragments. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Card, CardTables, decodeDecision, OverrideTable, REASONS } from '../../../driver/index.ts';
import { fillCard, layout } from '../../../host/compare/layout.ts';
import { macToBytes } from '../../../host/protocol/address.ts';
import { buildEthernet } from '../../../host/protocol/ethernet.ts';
import { buildIpv4 } from '../../../host/protocol/ipv4.ts';
import { type RouterEnd, SoftwareRouter } from '../../../host/router/software-router.ts';
import { loadServices } from '../../../host/steering/service-file.ts';
import { gpdu } from '../compare/frames.ts';

const FOLDER = new URL('../../../host/services/', import.meta.url).pathname;
const services = loadServices([`${FOLDER}gtp.yaml`]);

let router: SoftwareRouter;
let card: Card;
beforeEach(async () => {
  router = await SoftwareRouter.open('sim');
  card = await Card.attach(router);
  await fillCard(card, services, layout(services, card.sizes));
});

const reasonOf = (end: RouterEnd | undefined) =>
  end && REASONS[decodeDecision(end.record).reason]?.name;
/** Addressed to the line port of the layout. */
function toLine(frame: Buffer): Buffer {
  macToBytes(layout(services, card.sizes).ports[0]?.mac ?? '').copy(frame);
  return frame;
}

describe('the driver', () => {
  it('reads back what it wrote, and what a new one finds is the same', async () => {
    const tables = new CardTables(card);
    tables.set('vid_row', 5, { active: 9, backup: 3, backup_in_sync: 1, valid: 1 });
    await tables.write();
    expect((await card.readTable('vid_row', 5, 1))[0]?.active).toBe(9);
    const overrides = new OverrideTable(card);
    await overrides.clear();
    await overrides.insert(
      Array.from({ length: 500 }, (_, n) => ({ space: 1, key: BigInt(n * 7919), vid: n })),
    );
    expect(await overrides.compare()).toEqual([]);
    await overrides.clear();
    expect(await new OverrideTable(card).reconcile()).toMatchObject({ kept: 0, cleared: 0 });
  });

  it('cannot raise a slot that was given up but with another epoch', async () => {
    const set = async (up: number, epoch: number) => {
      await card.writeTable('slot', [{ index: 5, entry: { up, port: 1, line_port: 0, epoch } }]);
      const [end] = router.receive([{ frame: toLine(gpdu('00050007')), from: { port: 0 } }]);
      return [(await card.readTable('slot', 5, 1))[0]?.up, reasonOf(end)];
    };
    expect(await set(0, 1)).toEqual([0, 'steer_backup']);
    expect(await set(1, 1)).toEqual([0, 'steer_backup']);
    expect(await set(1, 2)).toEqual([1, 'steer_active']);
    expect(await set(1, 2)).toEqual([1, 'steer_active']);
  });
});

describe('frames', () => {
  it('of the host go where it says, and to itself as events', async () => {
    const back: (string | undefined)[] = [];
    router.on('frames', (frames) => {
      back.push(...frames.map(({ decision }) => REASONS[decodeDecision(decision).reason]?.name));
    });
    const data = toLine(gpdu('00000000'));
    await router.inject([
      { target: { to: 'steer', port: 0 }, data },
      { target: { to: 'slot', slot: 3 }, data },
      { target: { to: 'port', port: 0 }, data },
    ]);
    // Only what is punted comes to the host.
    expect(back).toEqual(['punt_setup']);
    expect(router.takeSent().map(({ port }) => port)).toEqual([4, 0]);
  });

  it('that are not there are refused', () => {
    const bytes = Buffer.alloc(10);
    const lengths = Uint32Array.of(60);
    expect(() => router.native.process(bytes, lengths, Uint32Array.of(0), 0)).toThrow(RangeError);
    const ports = Uint32Array.of(99);
    expect(() => router.native.process(bytes, Uint32Array.of(10), ports, 0)).toThrow(RangeError);
  });

  it('of two directions are not taken for fragments of one packet', () => {
    const fragment = (src: string, dst: string, fragmentOffset: number) =>
      toLine(
        buildEthernet({
          dstMac: '00:00:5e:00:53:01',
          srcMac: '00:00:5e:00:53:02',
          etherType: 0x0800,
          payload: buildIpv4({
            ...{ src, dst, protocol: 17, identification: 7, fragmentOffset },
            moreFragments: fragmentOffset === 0,
            payload: fragmentOffset === 0 ? gpdu('00050007').subarray(34) : Buffer.alloc(24),
          }),
        }),
      );
    const receive = (frame: Buffer) => router.receive([{ frame, from: { port: 0 } }]).map(reasonOf);
    expect(receive(fragment('198.51.100.9', '192.0.2.2', 0))).toEqual(['steer_active']);
    expect(receive(fragment('192.0.2.2', '198.51.100.9', 24))).toEqual([]);
    expect(receive(fragment('198.51.100.9', '192.0.2.2', 24))).toEqual(['steer_active']);
    expect(router.advance(1e6).map(reasonOf)).toEqual(['fragment_timeout']);
  });
});
