/** The XDP program against the reference: what it sends is what the card sends, what it drops the card drops. */
import { describe, expect, it } from 'vitest';
import { layout } from '../../../host/compare/layout.ts';
import { macToBytes } from '../../../host/protocol/address.ts';
import { Assembler } from '../../../host/router/kernel/assembler.ts';
import { loadBpf, XDP } from '../../../host/router/kernel/bpf.ts';
import { XdpPeer } from '../../../host/router/kernel/xdp.ts';
import { sizesOf } from '../../../host/router/software-router.ts';
import { decide } from '../../../host/steering/decide.ts';
import { loadServices, parseService } from '../../../host/steering/service-file.ts';
import type { CardState } from '../../../host/steering/state.ts';
import { Random } from '../../generators/random.ts';
import { Traffic } from '../../generators/traffic.ts';

const FOLDER = new URL('../../../host/services/', import.meta.url).pathname;
const sizes = sizesOf('sim');

/** Whether this kernel lets us run programs. */
async function allowed(): Promise<boolean> {
  const a = new Assembler();
  a.alu('mov', 0, XDP.pass);
  a.exit();
  try {
    const bpf = await loadBpf();
    const program = bpf.load(a.assemble());
    const { verdict } = bpf.run(program, Buffer.alloc(64), 1);
    bpf.close(program);
    return verdict === XDP.pass;
  } catch {
    return false;
  }
}

const here = await allowed();

describe.runIf(here)('XDP and reference', () => {
  const names = ['gtp', 'sip', 'l2tp', 'quic-lb'];
  const services = loadServices(names.map((name) => `${FOLDER}${name}.yaml`));

  it('agree on every frame that the program does not pass on', { timeout: 60_000 }, async () => {
    const plain = layout(services, sizes);
    // Some slots down, some backups that are not in sync, some rows empty.
    const random = new Random(3);
    const state: CardState = {
      ...plain,
      slots: plain.slots.map((slot) => ({ ...slot, up: random.chance(60) })),
      rows: new Map(
        [...plain.rows].map(([vid, row]) => [
          vid,
          { ...row, valid: random.chance(80), backupInSync: random.chance(50) },
        ]),
      ),
    };
    const peer = await XdpPeer.open(services, state, sizes);
    const traffic = new Traffic(random, state, { fragmented: 0, bad: 0 });
    const mac = macToBytes(state.ports[0]?.mac ?? '');
    const met = { [XDP.drop]: 0, [XDP.pass]: 0, [XDP.tx]: 0 } as Record<number, number>;
    for (let n = 0; n < 20_000; n++) {
      const { frame } = traffic.next();
      if (frame.length < 14 || frame.length > sizes.maxFrame) continue;
      mac.copy(frame);
      const { end, egressFrame, reason } = decide(frame, { from: { port: 0 } }, state);
      const { verdict, data } = peer.run(frame);
      met[verdict] = (met[verdict] ?? 0) + 1;
      const about = `${reason}: ${frame.toString('hex')}`;
      if (verdict === XDP.tx) {
        expect(end, about).toBe('steer');
        expect(data.equals(egressFrame ?? Buffer.alloc(0)), about).toBe(true);
      } else if (verdict === XDP.drop) expect(end, about).toBe('drop');
    }
    peer.close();
    expect(met[XDP.tx]).toBeGreaterThan(200);
    expect(met[XDP.drop]).toBeGreaterThan(500);
  });

  it('refuses in words what it has no place for', async () => {
    const one = (rule: string) => [
      parseService(`service: s\nrules:\n  - { name: r, ${rule} }\n`, 's'),
    ];
    const open = (rule: string) => XdpPeer.open(one(rule), layout(one(rule), sizes), sizes);
    const udp = 'match: { protocol: udp, port: 7000 }';
    await expect(
      open(`${udp}, identifier: { base: payload, width: 4 }, override: { by: identifier }`),
    ).rejects.toThrow('s/r asks overrides');
    await expect(open(`${udp}, identifier: { base: payload, width: 3 }`)).rejects.toThrow(
      's/r reads 3 bytes at once',
    );
    await expect(
      open(`${udp}, identifier: { base: payload, offset: 20, width: 4 }`),
    ).rejects.toThrow('s/r reads behind the first 60 bytes');
  });
});

describe.runIf(here)('a program that the verifier refuses', () => {
  it('is said with its words', async () => {
    const a = new Assembler();
    a.load(4, 0, 2, 0);
    a.exit();
    const bpf = await loadBpf();
    expect(() => bpf.load(a.assemble())).toThrow(/could not be loaded\n.*R2 !read_ok/s);
  });
});
