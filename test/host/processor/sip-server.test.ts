import { describe, expect, it } from 'vitest';
import { answerSdp } from '../../../host/processor/sdp-answer.ts';
import { parseSip } from '../../../host/protocol/sip.ts';
import { transactionKey } from '../../../host/protocol/sip-transaction.ts';
import { sipRequest } from '../sip-messages.ts';
import { ASSIGNMENT, CLIENT, sipPair } from './pair.ts';

const statuses = (responses: readonly { status: number }[]) =>
  responses.map(({ status }) => status);

describe('SipServer', () => {
  it('listens on the well-known port, on its VIDs’ ports and on those that it backs up', async () => {
    const { endpoint, server } = await sipPair();
    expect([...endpoint.listeners.keys()].sort()).toEqual([20003, 20004, 20009, 5060]);
    await server.listen({ ...ASSIGNMENT, vids: [4, 5], backupVids: [] });
    expect([...endpoint.listeners.keys()].sort()).toEqual([20004, 20005, 5060]);
    const foreign = { ...ASSIGNMENT, services: [{ name: 'mgcp', port: 2427 }] };
    await expect(server.listen(foreign)).rejects.toThrow(/serves mgcp, not "sip"; add its service/);
    server.close();
    expect(endpoint.listeners.size).toBe(0);
  });

  it('answers a call with 180 and 200, and a Contact of its VIDs in turn', async () => {
    const { ask, server } = await sipPair();
    const contacts = ['a', 'b', 'c'].map((call) => {
      const answers = ask('INVITE', { branch: `z9hG4bK-${call}`, callId: call });
      expect(statuses(answers)).toEqual([180, 200]);
      expect(answers[0]?.to?.tag).toBe(answers[1]?.to?.tag);
      expect(answers[0]?.header('contact')).toBe(answers[1]?.header('contact'));
      return answers[1]?.header('contact');
    });
    expect(contacts).toEqual([
      '<sip:192.0.2.1:20003>',
      '<sip:192.0.2.1:20004>',
      '<sip:192.0.2.1:20003>',
    ]);
    expect(server.load()).toEqual({ sessions: 3, capacity: 100_000 });
  });

  it('repeats its 200 after T1, 2·T1 … until the ACK comes (RFC 3261 §13.3.1.4)', async () => {
    const { ask, all, clock, server } = await sipPair();
    const [, ok] = ask('INVITE');
    clock.advance(500 + 1000 + 2000);
    expect(statuses(all())).toEqual([180, 200, 200, 200, 200]);
    ask('ACK', { toTag: ok?.to?.tag ?? '', cseq: '1 ACK', branch: 'z9hG4bK-2' }, 20003);
    clock.advance(60_000);
    expect(all()).toHaveLength(5);
    expect(server.counters).toMatchObject({ retransmitted: 3, unacknowledged: 0, strayAcks: 0 });
  });

  it('gives a dialog up when no ACK comes in 64·T1', async () => {
    const { ask, all, clock, server } = await sipPair();
    ask('INVITE');
    clock.advance(31_999);
    expect(server.load().sessions).toBe(1);
    clock.advance(1);
    expect(server.load().sessions).toBe(0);
    expect(server.counters.unacknowledged).toBe(1);
    const sent = all().length;
    clock.advance(60_000);
    expect(all()).toHaveLength(sent);
    expect(clock.next).toBeUndefined();
  });

  it('answers a repeated INVITE and a repeated BYE as before, and acts once', async () => {
    const { ask, server } = await sipPair();
    const [, ok] = ask('INVITE');
    expect(ask('INVITE')).toEqual([ok]);
    const dialog = { toTag: ok?.to?.tag ?? '', branch: 'z9hG4bK-2', cseq: '2 BYE' };
    const [bye] = ask('BYE', dialog, 20003);
    expect(bye?.status).toBe(200);
    expect(ask('BYE', dialog, 20003)).toEqual([bye]);
    expect(server.counters).toMatchObject({ calls: 1, completed: 1, repeated: 2 });
    expect(statuses(ask('BYE', { ...dialog, branch: 'z9hG4bK-3' }, 20003))).toEqual([481]);
  });

  it('keeps a dialog in order and knows re-INVITE and OPTIONS within it', async () => {
    const { ask, server } = await sipPair();
    const [, ok] = ask('INVITE', { cseq: '5 INVITE' });
    const within = (method: string, n: number) => ({
      toTag: ok?.to?.tag ?? '',
      branch: `z9hG4bK-${method}${n}`,
      cseq: `${n} ${method}`,
    });
    expect(statuses(ask('INVITE', within('INVITE', 6), 20003))).toEqual([200]);
    expect(statuses(ask('OPTIONS', within('OPTIONS', 7), 20003))).toEqual([200]);
    expect(statuses(ask('INFO', within('INFO', 8), 20003))).toEqual([501]);
    expect(statuses(ask('BYE', within('BYE', 4), 20003)), 'too old').toEqual([500]);
    expect(server.load().sessions).toBe(1);
    expect(statuses(ask('BYE', within('BYE', 9), 20003))).toEqual([200]);
    expect(server.counters).toMatchObject({ calls: 1, dialogAtWellKnownPort: 0 });
    ask('BYE', { ...within('BYE', 10), branch: 'z9hG4bK-late' });
    expect(server.counters.dialogAtWellKnownPort).toBe(1);
  });

  it('lets a ringing call be cancelled, and no other (§9.2)', async () => {
    const { ask, all, clock, server } = await sipPair({ ring: 5000, trying: true });
    expect(statuses(ask('INVITE'))).toEqual([100, 180]);
    expect(all()[0]?.to?.tag, 'a 100 has no tag').toBe('');
    expect(server.load().sessions).toBe(1);
    const cancelled = ask('CANCEL');
    expect(cancelled.map(({ status, cseq }) => [status, cseq?.method])).toEqual([
      [200, 'CANCEL'],
      [487, 'INVITE'],
    ]);
    expect(ask('CANCEL').map(({ status }) => status)).toEqual([200]);
    clock.advance(500);
    expect(all().at(-1)?.status, '487 is repeated until its ACK').toBe(487);
    const sent = all().length;
    ask('ACK', { toTag: all().at(-1)?.to?.tag ?? '' });
    clock.advance(60_000);
    expect(all()).toHaveLength(sent);
    expect(server.counters).toMatchObject({ calls: 0, cancelled: 1, strayAcks: 0 });
    expect(statuses(ask('CANCEL', { branch: 'z9hG4bK-unknown' }))).toEqual([481]);
    const late = { branch: 'z9hG4bK-late', callId: 'late' };
    ask('INVITE', late);
    clock.advance(5000);
    expect(statuses(ask('CANCEL', late)), 'answered already').toEqual([200]);
    expect(server.counters.cancelled).toBe(1);
  });

  it('names calls that ring for long by the key that the dispatcher has', async () => {
    const { ask, clock, server } = await sipPair({ ring: 60_000 });
    ask('INVITE');
    expect(server.longRinging()).toEqual([]);
    clock.advance(16_000);
    const invite = parseSip(sipRequest('INVITE'));
    expect(server.longRinging()).toEqual([
      invite.kind === 'request' ? transactionKey(invite) : 'none',
    ]);
    clock.advance(44_000);
    expect(server.longRinging()).toEqual([]);
    expect(server.counters.calls).toBe(1);
  });

  it('refuses as it is told, when it is full, and without a VID to give', async () => {
    const refusing = await sipPair({ refuse: 603 });
    expect(statuses(refusing.ask('INVITE'))).toEqual([603]);
    const full = await sipPair({ capacity: 1 });
    full.ask('INVITE');
    expect(statuses(full.ask('INVITE', { branch: 'z9hG4bK-2', callId: '2' }))).toEqual([486]);
    const bare = await sipPair({}, { ...ASSIGNMENT, vids: [] });
    expect(statuses(bare.ask('INVITE'))).toEqual([503]);
    expect(bare.server.load().sessions).toBe(0);
  });

  it('answers requests of unknown dialogs with 481 and counts an ACK of one', async () => {
    const { ask, server } = await sipPair();
    expect(statuses(ask('BYE', { toTag: 'x', branch: 'z9hG4bK-1' }, 20009))).toEqual([481]);
    expect(statuses(ask('INVITE', { toTag: 'x', branch: 'z9hG4bK-2' }, 20009))).toEqual([481]);
    expect(ask('ACK', { toTag: 'y', branch: 'z9hG4bK-3' }, 20009)).toEqual([]);
    expect(server.counters).toMatchObject({ unknownDialog: 2, strayAcks: 1 });
  });

  it('says what is wrong with a request, to where it came from, and ignores the rest', async () => {
    const { ask, receive, server, endpoint } = await sipPair();
    const [bad] = ask('INVITE', { cseq: '1 BYE' });
    expect(bad?.status).toBe(400);
    expect(bad?.reason).toContain('cseq: other method');
    expect(statuses(ask('OPTIONS'))).toEqual([200]);
    expect(endpoint.sent.at(-1)?.to).toEqual(CLIENT);
    const before = endpoint.sent.length;
    for (const payload of ['', 'hello', 'SIP/2.0 200 OK\r\n\r\n']) receive(Buffer.from(payload));
    expect(endpoint.sent).toHaveLength(before);
    expect(server.counters).toMatchObject({ badRequests: 1, notSip: 2, unexpected: 1 });
  });
});

describe('answerSdp', () => {
  const answer = (offer: string) => answerSdp(Buffer.from(offer), '192.0.2.1', 1).toString();

  it('accepts the first audio stream as inactive and refuses all others, in their order', () => {
    const offer =
      'v=0\r\nm=video 4000 RTP/AVP 31\r\nm=audio 4002 RTP/AVP 8 0\r\nm=audio 4004 RTP/AVP 0\r\n';
    const media = answer(offer)
      .split('\r\n')
      .filter((line) => /^[ma]=/.test(line));
    expect(media).toEqual([
      'm=video 0 RTP/AVP 31',
      'm=audio 9 RTP/AVP 8',
      'a=inactive',
      'm=audio 0 RTP/AVP 0',
    ]);
  });

  it('offers where nothing was offered', () => {
    expect(answer('')).toContain('m=audio 9 RTP/AVP 0\r\na=inactive\r\n');
    expect(answerSdp(Buffer.alloc(0), '2001:db8::1', 1).toString()).toContain(
      'c=IN IP6 2001:db8::1',
    );
  });
});
