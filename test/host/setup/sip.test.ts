import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../host/protocol/clock.ts';
import { parseSip } from '../../../host/protocol/sip.ts';
import { buildUdpFrame, parseUdpFrame } from '../../../host/protocol/udp.ts';
import type {
  Known,
  Occupant,
  PuntCause,
  PuntedFrame,
  Setup,
} from '../../../host/setup/handler.ts';
import { SipSetup } from '../../../host/setup/sip.ts';
import { type RequestOptions, sipRequest } from '../sip-messages.ts';

const LINE_MAC = '02:76:6c:00:00:00';
const CLIENT_MAC = '0a:00:00:00:00:64';
const one: Occupant = { name: 'sip-1', slot: 0, epoch: 1 };
const two: Occupant = { name: 'sip-2', slot: 1, epoch: 1 };

function punt(payload: Buffer, cause: PuntCause = 'setup'): PuntedFrame {
  const data = buildUdpFrame({
    dstMac: LINE_MAC,
    srcMac: CLIENT_MAC,
    vlans: [{ vlanId: 7 }],
    src: '192.0.2.100',
    dst: '192.0.2.1',
    srcPort: 5070,
    dstPort: 5060,
    payload,
  });
  return { data, cause, lineMac: LINE_MAC };
}

function setup(options: { limit?: number } = {}) {
  const clock = new ManualClock();
  const handler = new SipSetup({ now: () => clock.now(), ...options });
  const alive = new Set([one, two]);
  const isAlive = (occupant: Occupant) =>
    [...alive].some(({ name, epoch }) => name === occupant.name && epoch === occupant.epoch);
  const recognise = (method: string, request: RequestOptions = {}, cause?: PuntCause) =>
    handler.recognise(punt(sipRequest(method, request), cause), isAlive);
  /** Lets `occupant` have it, whatever it is. */
  const give = (method: string, occupant: Occupant, request: RequestOptions = {}) => {
    const punted = punt(sipRequest(method, request));
    const recognised = handler.recognise(punted, isAlive);
    if (recognised.kind !== 'setup' && recognised.kind !== 'known') throw new Error('neither');
    expect(handler.forward(punted, recognised as Setup | Known, occupant)).toBe(punted.data);
    return recognised;
  };
  return { clock, handler, alive, recognise, give };
}

describe('SipSetup', () => {
  it('knows again what a processor has: INVITE, CANCEL and the ACK of a refusal (D10)', () => {
    const { recognise, give } = setup();
    expect(give('INVITE', one)).toMatchObject({ kind: 'setup', what: 'INVITE', size: 1 });
    expect(give('OPTIONS', two, { branch: 'z9hG4bK-o' })).toMatchObject({ kind: 'setup', size: 0 });
    for (const method of ['INVITE', 'CANCEL', 'ACK']) {
      expect(recognise(method)).toMatchObject({ kind: 'known', what: method, occupant: one });
    }
    expect(recognise('OPTIONS', { branch: 'z9hG4bK-o' })).toMatchObject({ occupant: two });
    expect(recognise('INVITE', { branch: 'z9hG4bK-other' })).toMatchObject({ kind: 'setup' });
    expect(recognise('REGISTER', { branch: 'z9hG4bK-r' })).toMatchObject({ what: 'REGISTER' });
    expect(recognise('MADEUP', { branch: 'z9hG4bK-m' })).toMatchObject({ what: 'other' });
  });

  it('remembers for 64·T1 after the last message of a transaction', () => {
    const { clock, recognise, give } = setup();
    give('INVITE', one);
    clock.advance(31_999);
    expect(give('INVITE', one).kind).toBe('known');
    clock.advance(31_999);
    expect(recognise('CANCEL').kind).toBe('known');
    clock.advance(1);
    expect(recognise('CANCEL')).toMatchObject({ kind: 'answer', reason: 'sip_481' });
    expect(recognise('ACK')).toEqual({ kind: 'drop', reason: 'stray_ack' });
  });

  it('remembers longer what the processor says is still open', () => {
    const { clock, handler, recognise, give } = setup();
    const { transaction } = give('INVITE', one);
    for (let i = 0; i < 10; i++) {
      clock.advance(16_000);
      expect(handler.observe(one, [transaction, 'unknown'])).toBe(1);
    }
    expect(handler.observe(two, [transaction]), 'only its own').toBe(0);
    expect(recognise('CANCEL')).toMatchObject({ kind: 'known', occupant: one });
  });

  it('forgets what a processor had that is gone: an INVITE begins anew', () => {
    const { alive, recognise, give } = setup();
    give('INVITE', one);
    alive.delete(one);
    expect(recognise('INVITE').kind).toBe('setup');
    expect(recognise('CANCEL')).toMatchObject({ kind: 'answer', reason: 'sip_481' });
    alive.add({ ...one, epoch: 2 });
    expect(recognise('INVITE').kind, 'its next incarnation knows nothing').toBe('setup');
  });

  it('keeps to its bound and counts what it had to forget', () => {
    const { handler, recognise, give } = setup({ limit: 2 });
    for (const branch of ['z9hG4bK-a', 'z9hG4bK-b', 'z9hG4bK-c']) give('INVITE', one, { branch });
    expect(handler.status()).toEqual({ transactions: 2, expired: 0, evicted: 1 });
    expect(recognise('INVITE', { branch: 'z9hG4bK-a' }).kind).toBe('setup');
    expect(recognise('INVITE', { branch: 'z9hG4bK-c' }).kind).toBe('known');
  });

  it.each([
    [Buffer.from('\r\n\r\n'), 'not_sip_keepalive'],
    [Buffer.from([0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42]), 'not_sip_start_line'],
    [Buffer.from('INVITE sip:x SIP/2.0\r\nVia: x\r\n'), 'not_sip_header_end'],
    [Buffer.from('SIP/2.0 200 OK\r\n\r\n'), 'response'],
    [sipRequest('INVITE', { via: '' }), 'bad_via'],
    [sipRequest('ACK', { cseq: 'x' }), 'bad_ack'],
    [sipRequest('ACK'), 'stray_ack'],
  ])('drops under a name: %#', (payload, reason) => {
    const { handler } = setup();
    expect(handler.recognise(punt(payload), () => true)).toEqual({ kind: 'drop', reason });
  });

  it('drops what carries no whole datagram', () => {
    const { handler } = setup();
    const { data, ...rest } = punt(sipRequest('INVITE'));
    const wrong = Buffer.from(data);
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
    for (const broken of [wrong, data.subarray(0, 40), Buffer.alloc(0)]) {
      expect(handler.recognise({ ...rest, data: broken }, () => true)).toEqual({
        kind: 'drop',
        reason: 'bad_datagram',
      });
    }
  });

  it.each([
    ['INVITE', { contentLength: 'x' }, 'setup', 400],
    ['BYE', { toTag: 'old' }, 'setup', 481],
    ['BYE', { toTag: 'ours' }, 'no_row', 481],
    ['BYE', { toTag: 'ours' }, 'vid_range', 481],
    ['BYE', { toTag: 'ours' }, 'slots_down', 503],
  ] as const)(
    'answers %s %j for %s with %d, on the way it came',
    (method, options, cause, status) => {
      const { recognise } = setup();
      const answer = recognise(method, options, cause);
      if (answer.kind !== 'answer') throw new Error(`it is ${answer.kind}`);
      expect(answer.reason).toBe(`sip_${status}`);
      const frame = parseUdpFrame(answer.frame);
      expect(frame).toMatchObject({
        srcMac: LINE_MAC,
        dstMac: CLIENT_MAC,
        src: '192.0.2.1',
        dst: '192.0.2.100',
        srcPort: 5060,
        dstPort: 5060, // the port of sent-by: no rport was asked for
      });
      expect(frame?.vlans[0]?.vlanId).toBe(7);
      const response = parseSip(frame?.payload ?? Buffer.alloc(0));
      if (response.kind !== 'response') throw new Error('no response');
      expect(response.status).toBe(status);
      expect(response.to?.tag).not.toBe('');
      expect(response.header('retry-after')).toBe(status === 503 ? '5' : undefined);
      // Stateless: the same request gets the same answer (RFC 3261 §8.2.7).
      const again = recognise(method, options, cause);
      expect(again.kind === 'answer' && again.frame).toEqual(answer.frame);
    },
  );

  it('refuses a set-up that nobody can have with 503', () => {
    const { handler } = setup();
    const punted = punt(sipRequest('INVITE'));
    const recognised = handler.recognise(punted, () => true);
    const answer = handler.refuse(punted, recognised as Setup);
    expect(answer).toMatchObject({ kind: 'answer', reason: 'sip_503' });
  });

  it('drops an ACK that the card could not steer, whatever the reason', () => {
    const { recognise } = setup();
    expect(recognise('ACK', { toTag: 'x' }, 'slots_down')).toEqual({
      kind: 'drop',
      reason: 'ack_slots_down',
    });
  });
});
