/** What a SIP call through card and switch processor must be like, on whatever card. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildUdpFrame, parseUdpFrame } from '../../../host/protocol/udp.ts';
import { sipRequest } from '../sip-messages.ts';
import { Bench, CLIENT, type Ground, VIRTUAL } from './bench.ts';

export function describeSipCalls(title: string, open: () => Promise<Ground>) {
  describe(title, () => {
    let bench: Bench;
    let ground: Ground;

    beforeEach(async () => {
      ground = await open();
      bench = new Bench(ground);
    });

    afterEach(async () => {
      expect(bench.failures).toEqual([]);
      const { punted } = bench.sp.status();
      const ends = Object.values(punted.ends).reduce((sum, n) => sum + n, 0);
      expect(ends, 'each punted frame has one end').toBe(punted.frames);
      await bench.close();
      await ground.close();
    });

    const dialogPunts = () => bench.sp.status().punted.reasons['sip/dialog'] ?? {};
    const initialPunts = () => bench.sp.status().punted.reasons['sip/initial']?.punt_setup ?? 0;
    const bySeen = (text: string) =>
      bench.processors.filter(({ seen }) => seen.includes(text)).map(({ name }) => name);

    it('gives each processor its VIDs, and backups on the others (G6, G9, G12)', async () => {
      await bench.start(4);
      const { processors } = bench.sp.status();
      expect(processors.map(({ name, vids }) => [name, vids])).toEqual([
        ['sip-1', [0, 1, 2, 3]],
        ['sip-2', [4, 5, 6, 7]],
        ['sip-3', [8, 9, 10, 11]],
        ['sip-4', [12, 13, 14, 15]],
      ]);
      for (const { processor } of bench.processors) {
        const status = processors.find(({ slot }) => slot === processor.assignment?.slot);
        expect(processor.assignment?.vids).toEqual(status?.vids);
        expect(processor.assignment?.backupVids).toEqual(status?.backupVids);
        expect(processor.assignment?.backupVids).toHaveLength(4);
      }
      expect(await bench.sp.verify()).toEqual([]);
    });

    it('carries a call: one punt for its INVITE, all else by the VID in Contact (G1-G5, G8)', async () => {
      await bench.start(4);
      const before = bench.sp.status().punted;
      bench.client.request('INVITE', { body: 'v=0\r\nm=audio 4000 RTP/AVP 8\r\n' });
      await bench.settle();
      expect(bench.client.responses.map(({ status }) => status)).toEqual([180, 200]);
      const { port, toTag, uri } = bench.client.dialog();
      expect(port).toBe(20000);
      expect(bench.client.response(200).body.toString()).toContain('m=audio 9 RTP/AVP 8');

      const dialog = { toTag, uri, cseq: '1 ACK', branch: 'z9hG4bK-2' };
      bench.client.request('ACK', dialog, port);
      await bench.settle();
      bench.client.request('BYE', { ...dialog, cseq: '2 BYE', branch: 'z9hG4bK-3' }, port);
      await bench.settle();
      expect(bench.client.responses.at(-1)?.cseq).toEqual({ number: 2, method: 'BYE' });
      expect(bench.client.responses.at(-1)?.status).toBe(200);

      expect(initialPunts()).toBe(1);
      expect(dialogPunts()).toEqual({});
      const after = bench.sp.status().punted;
      expect(after.inDialog).toBe(0);
      expect(after.ends.into_slot).toBe(1);
      // No frame of the call but its INVITE: the client's address was learned from its question.
      const other = after.frames - before.frames - 1;
      expect(other).toBe(
        (after.ends.neighbour_answered ?? 0) - (before.ends.neighbour_answered ?? 0),
      );
      const [server] = bench.processors;
      expect(server?.seen).toEqual(['INVITE 5060', 'ACK 20000', 'BYE 20000']);
      expect(server?.server.counters).toMatchObject({ calls: 1, completed: 1, retransmitted: 0 });
    });

    it('knows from a set-up where its answers go, without asking for it', async () => {
      await bench.start(1);
      const link = { srcMac: '0a:00:00:00:00:65', dstMac: '02:76:6c:00:00:00' };
      const ports = { srcPort: 5060, dstPort: 5060 };
      const payload = sipRequest('INVITE', { via: 'SIP/2.0/UDP 192.0.2.101;branch=z9hG4bK-1' });
      const from = { src: '192.0.2.101', dst: VIRTUAL };
      bench.ground.feed(0, buildUdpFrame({ ...link, ...from, ...ports, payload }));
      await bench.settle();
      const answers = bench.client.frames.map((frame) => parseUdpFrame(frame)).slice(-2);
      expect(answers.map((answer) => answer?.dstMac)).toEqual([link.srcMac, link.srcMac]);
      expect(answers[1]?.payload.toString()).toMatch(/^SIP\/2.0 200 OK/);
      expect(bench.sp.status().neighbours.asked).toBe(0);
    });

    it('asks on the line where it does not know, and the answer is sent on', async () => {
      await bench.start(1);
      const [first] = bench.processors;
      const socket = await first?.endpoint.bind(7, () => {});
      const got: string[] = [];
      await bench.client.endpoint.bind(9, (data) => got.push(data.toString()));
      // Long after the client was last heard, so that nobody remembers it.
      await bench.advance(61_000, 1000);
      socket?.send(Buffer.from('unasked'), { address: CLIENT, port: 9 });
      await bench.settle();
      expect(got).toEqual(['unasked']);
      expect(bench.sp.status().neighbours).toMatchObject({ asked: 1, unanswered: 0 });
    });

    it('spreads calls over processors and a processor over its VIDs (G2)', async () => {
      await bench.start(4);
      const ports: number[] = [];
      for (let i = 0; i < 8; i++) {
        const call = { branch: `z9hG4bK-c${i}`, callId: `c${i}` };
        bench.client.request('INVITE', call);
        await bench.settle();
        const { port, toTag, uri } = bench.client.dialog();
        ports.push(port);
        const dialog = { ...call, toTag, uri, branch: `z9hG4bK-a${i}`, cseq: '1 ACK' };
        bench.client.request('ACK', dialog, port);
      }
      await bench.settle();
      expect(ports).toEqual([20000, 20004, 20008, 20012, 20001, 20005, 20009, 20013]);
      const { processors, punted } = bench.sp.status();
      expect(processors.map(({ assigned }) => assigned)).toEqual([2, 2, 2, 2]);
      expect(punted.inDialog).toBe(0);
    });

    it('brings a retransmitted INVITE, its CANCEL and the ACK of its refusal to one processor (D10)', async () => {
      await bench.start(4, { ring: 10_000 });
      bench.client.request('INVITE', { branch: 'z9hG4bK-x', callId: 'x' }); // moves round robin on
      await bench.settle();
      bench.client.request('INVITE');
      await bench.settle();
      bench.client.request('INVITE');
      await bench.advance(1000);
      bench.client.request('CANCEL');
      await bench.settle();
      const { toTag } = { toTag: bench.client.response(487).to?.tag ?? '' };
      bench.client.request('ACK', { toTag });
      await bench.settle();
      expect(bySeen('CANCEL 5060')).toEqual(['sip-2']);
      const second = bench.processors[1];
      expect(second?.seen).toEqual(['INVITE 5060', 'INVITE 5060', 'CANCEL 5060', 'ACK 5060']);
      expect(second?.server.counters).toMatchObject({
        invites: 1,
        repeated: 1,
        cancelled: 1,
        retransmitted: 0,
        strayAcks: 0,
      });
      // Nothing is repeated once the ACK is there.
      await bench.advance(5000);
      expect(second?.server.counters.retransmitted).toBe(0);
    });

    it('brings the ACK of a 486 to the processor that refused (D10)', async () => {
      await bench.start(3, { refuse: 486 });
      for (const call of ['a', 'b', 'c', 'd']) {
        const options = { branch: `z9hG4bK-${call}`, callId: call };
        bench.client.request('INVITE', options);
        await bench.settle();
        const toTag = bench.client.response(486).to?.tag ?? '';
        bench.client.request('ACK', { ...options, toTag });
        await bench.settle();
      }
      expect(bench.processors.map(({ seen }) => seen)).toEqual([
        ['INVITE 5060', 'ACK 5060', 'INVITE 5060', 'ACK 5060'],
        ['INVITE 5060', 'ACK 5060'],
        ['INVITE 5060', 'ACK 5060'],
      ]);
      await bench.advance(5000);
      for (const { server } of bench.processors) {
        expect(server.counters).toMatchObject({ retransmitted: 0, strayAcks: 0 });
      }
    });

    it('answers a second ring of the same INVITE within 64·T1 only', async () => {
      await bench.start(2, { refuse: 486 });
      bench.client.request('INVITE');
      await bench.settle();
      await bench.advance(31_900);
      bench.client.request('INVITE');
      await bench.settle();
      expect(bench.processors[0]?.seen.filter((text) => text === 'INVITE 5060')).toHaveLength(2);
      await bench.advance(32_000);
      bench.client.request('INVITE');
      await bench.settle();
      expect(bench.processors[1]?.seen).toEqual(['INVITE 5060']);
    });

    it('steers to a backup that is in sync when the active slot is down (G11)', async () => {
      await bench.start(2);
      bench.client.request('INVITE');
      await bench.settle();
      const { port, toTag, uri } = bench.client.dialog();
      const vid = port - 20000;
      const dialog = { toTag, uri, branch: 'z9hG4bK-2', cseq: '1 ACK' };
      bench.client.request('ACK', dialog, port);
      await bench.sp.setBackup(vid, 'sip-2', true);
      await bench.sp.lowerSlot(0);
      const bye = { ...dialog, cseq: '2 BYE', branch: 'z9hG4bK-3' };
      bench.client.request('BYE', bye, port);
      await bench.settle();
      // It came to the backup, on the VID's own port, without the switch processor.
      expect(bench.processors[1]?.seen).toContain(`BYE ${port}`);
      expect(bench.sp.status().punted.inDialog).toBe(0);
    });

    it('refuses in the protocol when no slot has the dialog: 503, and 481 without a row', async () => {
      await bench.start(2);
      bench.client.request('INVITE');
      await bench.settle();
      const { port, toTag, uri } = bench.client.dialog();
      const dialog = { toTag, uri, branch: 'z9hG4bK-2', cseq: '1 ACK' };
      bench.client.request('ACK', dialog, port);
      await bench.settle();
      await bench.sp.lowerSlot(0);
      bench.client.request('BYE', { ...dialog, cseq: '2 BYE', branch: 'z9hG4bK-3' }, port);
      await bench.settle();
      expect(bench.client.response(503).header('retry-after')).toBe('5');
      expect(dialogPunts()).toEqual({ punt_slots_down: 1 });
      bench.client.request('BYE', { ...dialog, cseq: '3 BYE', branch: 'z9hG4bK-4' }, 20100);
      bench.client.request('ACK', { ...dialog, branch: 'z9hG4bK-5' }, 20100);
      await bench.settle();
      expect(bench.client.response(481).cseq).toEqual({ number: 3, method: 'BYE' });
      expect(dialogPunts()).toEqual({ punt_slots_down: 1, punt_no_row: 2 });
      const { punted } = bench.sp.status();
      expect(punted.inDialog).toBe(3);
      expect(punted.vids).toEqual({ [port - 20000]: 1, 100: 2 });
      expect(punted.ends).toMatchObject({
        answered_sip_503: 1,
        answered_sip_481: 1,
        dropped_ack_no_row: 1,
      });
    });

    it('answers an INVITE with 503 when nobody is up, and drops what is not SIP', async () => {
      await bench.start(0);
      bench.client.request('INVITE');
      bench.client.request('ACK', { branch: 'z9hG4bK-9' });
      bench.client.request('CANCEL', { branch: 'z9hG4bK-9' });
      bench.client.request('INVITE', { branch: 'z9hG4bK-8', contentLength: '9' });
      bench.client.request('BYE', { branch: 'z9hG4bK-7', toTag: 'old' });
      bench.client.send(Buffer.from('\r\n\r\n'));
      bench.client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
      bench.client.send(Buffer.from('SIP/2.0 200 OK\r\n\r\n'));
      await bench.settle();
      const { ends } = bench.sp.status().punted;
      expect(ends).toMatchObject({
        answered_sip_503: 1,
        answered_sip_481: 2,
        answered_sip_400: 1,
        dropped_stray_ack: 1,
        dropped_not_sip_keepalive: 1,
        dropped_not_sip_start_line: 1,
        dropped_response: 1,
      });
      const bad = bench.client.response(400);
      expect(bad.reason).toContain('content-length');
      expect(bench.client.response(503).header('retry-after')).toBe('5');
    });

    it('gives a processor that restarts the same VIDs with a new epoch (G12)', async () => {
      await bench.start(2);
      const first = bench.processors[0];
      if (first === undefined) throw new Error('no processor');
      const before = first.processor.assignment;
      bench.kill(first);
      const again = await bench.startProcessor('sip-1', 1);
      expect(again.processor.assignment).toMatchObject({
        slot: before?.slot,
        vids: before?.vids,
        epoch: ((before?.epoch ?? 0) + 1) & 0xff,
      });
      expect(again.processor.assignment?.mac).not.toBe(before?.mac);
      bench.client.request('INVITE');
      await bench.settle();
      const { port, toTag, uri } = bench.client.dialog();
      bench.client.request('ACK', { toTag, uri, branch: 'z9hG4bK-2', cseq: '1 ACK' }, port);
      await bench.settle();
      expect(again.seen).toEqual(['INVITE 5060', `ACK ${port}`]);
      expect(bench.sp.status().punted.inDialog).toBe(0);
    });
  });
}
