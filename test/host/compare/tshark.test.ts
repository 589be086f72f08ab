/** The identifiers that the RTL reads, against what tshark reads from the same capture. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { againstTshark } from '../../../host/compare/against-tshark.ts';
import type { NumberedFrame } from '../../../host/compare/decide-capture.ts';
import { DecidingCard } from '../../../host/compare/deciding-card.ts';
import type { Decided, Engine } from '../../../host/compare/engine.ts';
import { RouterEngine } from '../../../host/compare/router-engine.ts';
import { FIELDS, tsharkFields } from '../../../host/compare/tshark.ts';
import { buildIpFrame } from '../../../host/protocol/ip.ts';
import { buildSctpDataChunk, buildSctpFrame } from '../../../host/protocol/sctp.ts';
import { buildUdpFrame } from '../../../host/protocol/udp.ts';
import { loadServices } from '../../../host/steering/service-file.ts';
import { PcapngWriter } from '../../../sim/index.ts';
import { gpdu, LINK, sctp, udp } from './frames.ts';

const FOLDER = new URL('../../../host/services/', import.meta.url).pathname;
const services = (names: readonly string[]) =>
  loadServices(names.map((name) => `${FOLDER}${name}.yaml`));
const tshark = spawnSync('tshark', ['--version']).status === 0;

const downlink = (dst: string) => {
  const src = dst.includes(':') ? '2001:dead::1' : '198.51.100.9';
  return buildIpFrame({ ...LINK, src, dst, protocol: 47, payload: Buffer.alloc(8) });
};

/** An IAM on circuit 0x123 of DPC 0x345, with a routing context (RFC 4666 §3.3.1; Q.763 §1.2). */
function iam(): Buffer {
  const unit =
    '00000001 00000345 05 02 00 07 2301 01 00 6008 0a 00 02 0b 09 04 03 10 21 43 65 87 09 00';
  const bytes = Buffer.from(unit.replaceAll(' ', ''), 'hex');
  const data = Buffer.alloc(4 * Math.ceil((4 + bytes.length) / 4));
  data.writeUInt16BE(0x0210, 0);
  data.writeUInt16BE(4 + bytes.length, 2);
  bytes.copy(data, 4);
  const message = Buffer.concat([Buffer.from('01000101000000000006000800000064', 'hex'), data]);
  message.writeUInt32BE(message.length, 4);
  const chunk = { tsn: 1, streamId: 2, streamSequence: 3, payloadProtocol: 3, payload: message };
  return buildSctpFrame({
    ...{ ...LINK, src: '198.51.100.9', dst: '192.0.2.7', srcPort: 2905, dstPort: 2905 },
    ...{ verificationTag: 1, chunks: buildSctpDataChunk(chunk) },
  });
}

/** A client's first packet, what the server answers from its own connection ID, and what goes to that. */
const ID = '0812340102030405';
const REST = `4014 ${'77'.repeat(20)}`;
const initial = `c000000001 08 a1a2a3a4a5a6a7a8 04 c1c2c3c4 00 ${REST}`;
const answer = buildUdpFrame({
  ...{ ...LINK, src: '192.0.2.6', dst: '198.51.100.9', srcPort: 443, dstPort: 40000 },
  payload: Buffer.from(`e000000001 04 c1c2c3c4 08 ${ID} ${REST}`.replaceAll(' ', ''), 'hex'),
});
const quic = (hex: string) => udp('192.0.2.6', 443, hex);

/** By the services of a card: frames, and the rule that reads each; none: it is for tshark alone. */
const CASES: readonly (readonly [services: string[], frames: [rule: string, frame: Buffer][]])[] = [
  [
    ['gtp', 'l2tp', 'pfcp', 'sctp', 'sip', 'vxlan'],
    [
      ['gtp/user', gpdu('cafe0007')],
      // A TEID without anything behind it but its sequence number; v2 with flag T.
      ['gtp/control-v1', udp('192.0.2.2', 2123, '32 12 0004 00070001 0001 00 00')],
      ['gtp/control-v2', udp('192.0.2.2', 2123, '48 22 0008 00090002 000001 00')],
      ['gtp/downlink-ipv4', downlink('100.64.1.64')],
      ['gtp/downlink-ipv6', downlink('2001:db8:1234::1')],
      ['pfcp/session', udp('192.0.2.2', 8805, '21 34 000c 1122334455667788 000003 00')],
      ['l2tp/with-length', udp('192.0.2.3', 1701, 'c802 000c 0057 0000 0001 0001')],
      ['l2tp/without-length', udp('192.0.2.3', 1701, '0002 0058 0001 ff03 c021')],
      ['vxlan/segment', udp('192.0.2.4', 4789, `08000000 001234 00 ${'00'.repeat(14)}`)],
      ['sctp/tag', sctp(0x1a2b3c4d)],
      ['sip/dialog', udp('192.0.2.1', 20_007, '00')],
    ],
  ],
  [
    ['mgcp', 'quic-lb', 'ss7'],
    [
      ['mgcp/notified', udp('192.0.2.1', 28_007, '00')],
      ['quic-lb/long', quic(initial)],
      ['', answer],
      ['quic-lb/long', quic(`e000000001 08 ${ID} 04 c1c2c3c4 ${REST}`)],
      ['quic-lb/short', quic(`5a ${ID} ${'77'.repeat(24)}`)],
      ['ss7/circuit', iam()],
    ],
  ],
];

describe.runIf(tshark)('identifiers, as tshark reads them', () => {
  let folder = '';
  const at = (n: number) => join(folder, `${n}.pcapng`);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vidline-tshark-'));
    for (const [n, [, frames]] of CASES.entries()) {
      const writer = PcapngWriter.open(at(n), [{ name: 'eth0' }]);
      for (const [, data] of frames) writer.write({ interfaceId: 0, timestampNs: 0n, data });
      writer.close();
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(CASES.map(([names], n) => [names, n] as const))('%j', async (names, n) => {
    const card = await DecidingCard.open<NumberedFrame>({
      configuration: 'sim',
      services: services(names),
    });
    try {
      const result = await againstTshark(at(n), card);
      const rules = new Map<string, number>();
      for (const [rule] of CASES[n]?.[1] ?? [])
        if (rule !== '') rules.set(rule, (rules.get(rule) ?? 0) + 1);
      expect(result.differences).toEqual([]);
      expect([...result.unseen.keys()]).toEqual([]);
      expect(result.same).toEqual(rules);
    } finally {
      await card.close();
    }
  });

  it('are known of every rule that reads one', () => {
    const rules = CASES.flatMap(([names]) => services(names)).flatMap((service) => service.rules);
    const reading = rules.filter(({ identifier }) => identifier !== undefined);
    const names = reading.map(({ service, name }) => `${service}/${name}`);
    expect(names.filter((name) => FIELDS[name] === undefined)).toEqual([]);
  });

  it('tells a key that is not tshark’s, whichever the rule', async () => {
    for (const [n, [names]] of CASES.entries()) {
      const good = await RouterEngine.open<NumberedFrame>('sim', services(names));
      const off = (ends: readonly Decided<NumberedFrame>[]) =>
        ends.map((end) => ({
          ...end,
          decision: { ...end.decision, key: end.decision.key ^ 0x100n },
        }));
      const bad: Engine<NumberedFrame> = {
        state: good.state,
        pass: async (offers) => off(await good.pass(offers)),
        finish: async () => off(await good.finish()),
      };
      const { same, differences } = await againstTshark(at(n), bad);
      expect([...same]).toEqual([]);
      expect(differences.length).toBe(CASES[n]?.[1].filter(([rule]) => rule !== '').length);
    }
  });

  it('says what tshark said of a file that it cannot read', async () => {
    const none = tsharkFields(join(folder, 'none.pcapng'), ['frame.number']);
    await expect(none.next()).rejects.toThrow(/tshark: .*none\.pcapng/);
  });
});
