import { describe, expect, it } from 'vitest';
import { Heartbeats } from '../../../host/processor/heartbeats.ts';
import { ManualClock } from '../../../host/protocol/clock.ts';
import { buildEthernet } from '../../../host/protocol/ethernet.ts';
import { buildHeartbeatFrame, parseHeartbeat } from '../../../host/protocol/heartbeat.ts';

const MACS = { srcMac: '02:76:6c:01:03:07', dstMac: '02:76:6c:01:ff:00' };

describe('heartbeats', () => {
  it('have the layout that the card reads', () => {
    const frame = buildHeartbeatFrame({ ...MACS, nonce: 0xfedcba98, sequence: 5 });
    expect(frame.toString('hex')).toBe(
      '02766c01ff00' + '02766c010307' + '88b5' + '01000000' + 'fedcba98' + '00000005',
    );
    expect(parseHeartbeat(frame)).toEqual({ ...MACS, nonce: 0xfedcba98, sequence: 5 });
  });

  it('are read behind VLAN tags, and are nothing else', () => {
    const frame = buildHeartbeatFrame({ ...MACS, nonce: 1, sequence: 2 });
    const payload = frame.subarray(14);
    const tagged = buildEthernet({ ...MACS, vlans: [{ vlanId: 7 }], etherType: 0x88b5, payload });
    expect(parseHeartbeat(tagged)).toMatchObject({ nonce: 1, sequence: 2 });
    expect(parseHeartbeat(frame.subarray(0, 25))).toBeUndefined();
    const other = Buffer.from(frame);
    other[14] = 2;
    expect(parseHeartbeat(other)).toBeUndefined();
    expect(parseHeartbeat(buildEthernet({ ...MACS, etherType: 0x0800, payload }))).toBeUndefined();
  });

  it('come at once and then in their interval, until they are stopped', () => {
    const clock = new ManualClock();
    const sent: (number | undefined)[] = [];
    const link = {
      send: (frame: Uint8Array) => sent.push(parseHeartbeat(frame)?.sequence),
      close() {},
    };
    const heartbeats = new Heartbeats(link, clock);
    const options = { mac: MACS.srcMac, controlMac: MACS.dstMac, nonce: 1, interval: 100 };
    heartbeats.begin(options);
    clock.advance(250);
    expect(sent).toEqual([0, 1, 2]);
    heartbeats.begin({ ...options, interval: 1000 });
    clock.advance(999);
    expect(sent).toEqual([0, 1, 2, 3]);
    heartbeats.stop();
    heartbeats.stop();
    clock.advance(10_000);
    expect(sent).toHaveLength(4);
  });
});
