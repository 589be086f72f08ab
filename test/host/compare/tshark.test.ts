/** The identifiers that the RTL reads, against what tshark reads from the same capture. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideCapture, type NumberedFrame } from '../../../host/compare/decide-capture.ts';
import { DecidingCard } from '../../../host/compare/deciding-card.ts';
import type { FrameReport } from '../../../host/compare/frame-report.ts';
import { loadServices } from '../../../host/steering/service-file.ts';
import { PcapngWriter } from '../../../sim/index.ts';
import { gpdu, sctp, udp } from './frames.ts';

const FOLDER = new URL('../../../host/services/', import.meta.url).pathname;
const tshark = spawnSync('tshark', ['--version']).status === 0;

/** Field of tshark's, the rule that reads it, and a frame; what tshark shows is a number in C's notation. */
const CASES: readonly (readonly [field: string, rule: string, frame: Buffer])[] = [
  ['gtp.teid', 'gtp/user', gpdu('cafe0007')],
  // A TEID without anything behind it but its sequence number; v2 with flag T.
  ['gtp.teid', 'gtp/control-v1', udp('192.0.2.2', 2123, '32 12 0004 00070001 0001 00 00')],
  ['gtpv2.teid', 'gtp/control-v2', udp('192.0.2.2', 2123, '48 22 0008 00090002 000001 00')],
  ['pfcp.seid', 'pfcp/session', udp('192.0.2.2', 8805, '21 34 000c 1122334455667788 000003 00')],
  ['l2tp.tunnel', 'l2tp/with-length', udp('192.0.2.3', 1701, 'c802 000c 0057 0000 0001 0001')],
  ['l2tp.tunnel', 'l2tp/without-length', udp('192.0.2.3', 1701, '0002 0058 0001 ff03 c021')],
  ['vxlan.vni', 'vxlan/segment', udp('192.0.2.4', 4789, `08000000 001234 00 ${'00'.repeat(14)}`)],
  ['sctp.verification_tag', 'sctp/tag', sctp(0x1a2b3c4d)],
  ['udp.dstport', 'sip/dialog', udp('192.0.2.1', 20_007, '00')],
  ['udp.dstport', 'mgcp/notified', udp('192.0.2.1', 28_007, '00')],
];

describe.runIf(tshark)('identifiers, as tshark reads them', () => {
  let folder = '';
  const reports: FrameReport[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vidline-tshark-'));
    const path = join(folder, 'all.pcapng');
    const writer = PcapngWriter.open(path, [{ name: 'eth0' }]);
    for (const [, , data] of CASES) writer.write({ interfaceId: 0, timestampNs: 0n, data });
    writer.close();
    const card = await DecidingCard.open<NumberedFrame>({
      configuration: 'sim',
      services: loadServices(FOLDER),
    });
    for await (const { report } of decideCapture(path, card)) reports.push(report);
    await card.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(CASES.map(([field, rule], index) => [field, rule, index] as const))(
    '%s, %s',
    (field, rule, index) => {
      const report = reports[index];
      expect(`${report?.service}/${report?.rule}`).toBe(rule);
      const words = ['-r', join(folder, 'all.pcapng'), '-Y', `frame.number == ${index + 1}`];
      const out = execFileSync('tshark', [...words, '-T', 'fields', '-e', field], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(out.trim()).not.toBe('');
      expect(BigInt(report?.key ?? -1)).toBe(BigInt(out.trim()));
    },
  );
});
