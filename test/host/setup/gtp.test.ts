import { describe, expect, it } from 'vitest';
import { CAUSE_V1, CAUSE_V2 } from '../../../host/protocol/gtp-cause.ts';
import { buildGPdu, buildGtpuSignal, parseGtpu } from '../../../host/protocol/gtpu.ts';
import { buildGtpv1Message, parseGtpv1 } from '../../../host/protocol/gtpv1.ts';
import { buildGtpv2, parseGtpv2 } from '../../../host/protocol/gtpv2.ts';
import { buildUdpFrame, parseUdpFrame } from '../../../host/protocol/udp.ts';
import { GtpSetup } from '../../../host/setup/gtp.ts';
import type { Occupant, PuntCause, SetupHost } from '../../../host/setup/handler.ts';

const LINE = '02:76:6c:00:00:00';
const PEER_MAC = '0a:00:00:00:00:07';
const ENDS = { src: '198.51.100.7', dst: '192.0.2.2' };
const ALL_ALIVE = () => true;
const HOST: SetupHost = {
  changed: () => {},
  endSessions: async () => {},
  endUser: async () => {},
};
const OCCUPANT: Occupant = { name: 'gw-1', slot: 3, epoch: 1 };

function setup(limit?: number) {
  const time = { now: 0 };
  const handler = new GtpSetup({
    ...{ now: () => time.now, restartCounter: 77 },
    ...(limit === undefined ? {} : { limit }),
  });
  const punted = (payload: Uint8Array, dstPort: number, cause: PuntCause, srcPort: number) => ({
    cause,
    lineMac: LINE,
    data: buildUdpFrame({ ...ENDS, srcMac: PEER_MAC, dstMac: LINE, srcPort, dstPort, payload }),
  });
  const recognise = (
    payload: Uint8Array,
    {
      port = 2123,
      cause = 'setup' as PuntCause,
      from = 2123,
      alive = ALL_ALIVE as () => boolean,
    } = {},
  ) => handler.recognise(punted(payload, port, cause, from), alive);
  /** The payload of an answer, which goes back to where the frame came from. */
  const answer = (...of: Parameters<typeof recognise>): Buffer => {
    const got = recognise(...of);
    if (got.kind !== 'answer') throw new Error(JSON.stringify(got));
    const frame = parseUdpFrame(got.frame);
    expect(frame).toMatchObject({ srcMac: LINE, dstMac: PEER_MAC, src: ENDS.dst, dst: ENDS.src });
    return frame?.payload ?? Buffer.alloc(0);
  };
  return { handler, time, recognise, answer, punted };
}

const V2_CREATE = (sequence: number) =>
  buildGtpv2(
    'createSessionRequest',
    { teid: 0, sequence },
    {
      ...{ ratType: 6, apn: 'internet', bearers: [] },
      senderControl: { interfaceType: 6, teid: 1, ipv4: ENDS.src },
    },
  );

describe('the set-up handler for GTP', () => {
  it('knows a set-up again by peer, port and number, for as long as a peer repeats it', () => {
    const { recognise, handler, punted, time } = setup();
    const first = recognise(V2_CREATE(5));
    expect(first).toMatchObject({ kind: 'setup', what: 'Create Session', size: 1 });
    if (first.kind !== 'setup') return;
    handler.forward(punted(V2_CREATE(5), 2123, 'setup', 2123), first, OCCUPANT);
    expect(recognise(V2_CREATE(5))).toMatchObject({ kind: 'known', occupant: OCCUPANT });
    expect(recognise(V2_CREATE(6)).kind).toBe('setup');
    expect(recognise(V2_CREATE(5), { from: 40_000 }).kind).toBe('setup');
    // Its processor is gone, and may have left it to another.
    expect(recognise(V2_CREATE(5), { alive: () => false })).toMatchObject({
      kind: 'orphan',
      transaction: first.transaction,
      message: V2_CREATE(5),
    });
    time.now = 20_000;
    expect(recognise(V2_CREATE(5)).kind).toBe('setup');
    expect(handler.status()).toMatchObject({ setups: 0, expired: 1, restartCounter: 77 });
  });

  it('remembers no more than it may', () => {
    const { recognise, handler, punted } = setup(2);
    for (let i = 0; i < 5; i++) {
      const got = recognise(V2_CREATE(i));
      if (got.kind !== 'setup') throw new Error(got.kind);
      handler.forward(punted(V2_CREATE(i), 2123, 'setup', 2123), got, OCCUPANT);
    }
    expect(handler.status()).toMatchObject({ setups: 2, evicted: 3 });
  });

  it('answers for the path: echoes with the restart counter, other versions with ours', () => {
    const { answer, recognise } = setup();
    const echo1 = buildGtpv1Message('echoRequest', { teid: 0, sequence: 9 }, {});
    expect(parseGtpv1(answer(echo1))).toMatchObject({ sequence: 9, ies: { recovery: 77 } });
    const echo2 = buildGtpv2('echoRequest', { teid: undefined, sequence: 9 }, { recovery: 1 });
    expect(parseGtpv2(answer(echo2))).toMatchObject({ sequence: 9, ies: { recovery: 77 } });
    const echoU = buildGtpuSignal('echoRequest', { teid: 0, sequence: 9 }, {});
    expect(parseGtpu(answer(echoU, { port: 2152 }))).toMatchObject({ ies: { recovery: 0 } });
    const later = Buffer.from('6820000800000000000001 00'.replace(' ', ''), 'hex');
    expect(parseGtpv2(answer(later, { cause: 'no_row' })).kind).toBe('versionNotSupported');
    // What may be such an answer itself gets none.
    later[1] = 3;
    expect(recognise(later)).toEqual({ kind: 'drop', reason: 'bad_version' });
  });

  it.each<[PuntCause, number, number]>([
    ['no_row', CAUSE_V1.nonExistent, CAUSE_V2.contextNotFound],
    ['slots_down', CAUSE_V1.noResources, CAUSE_V2.noResources],
    ['vid_range', CAUSE_V1.nonExistent, CAUSE_V2.contextNotFound],
  ])('refuses requests of sessions that the card could not steer: %s', (cause, one, two) => {
    const { answer } = setup();
    const header = { teid: 0x00090001, sequence: 3 };
    const update = buildGtpv1Message('deleteRequest', header, { nsapi: 5 });
    expect(parseGtpv1(answer(update, { cause }))).toMatchObject({
      ...{ kind: 'deleteResponse', teid: 0, sequence: 3, ies: { cause: one } },
    });
    const remove = buildGtpv2('deleteSessionRequest', header, { linkedBearerId: 5 });
    expect(parseGtpv2(answer(remove, { cause }))).toMatchObject({
      ...{ kind: 'deleteSessionResponse', teid: 0, sequence: 3, ies: { cause: { value: two } } },
    });
  });

  it('answers tunnels that nobody has, and not those whose processor may come back', () => {
    const { answer, recognise } = setup();
    const packet = buildGPdu(0x00090001, Buffer.alloc(20));
    const told = parseGtpu(answer(packet, { port: 2152, cause: 'no_row' }));
    expect(told).toMatchObject({
      ...{ kind: 'errorIndication', ies: { teid: 0x00090001, address: ENDS.dst } },
    });
    expect(recognise(packet, { port: 2152, cause: 'slots_down' })).toEqual({
      ...{ kind: 'drop', reason: 'gpdu_slots_down' },
    });
  });

  it("sends a peer's error indication to everyone, since only one knows its TEID", () => {
    const { recognise } = setup();
    const ies = { teid: 5, address: ENDS.src };
    const indication = buildGtpuSignal('errorIndication', { teid: 0, sequence: 0 }, ies);
    expect(recognise(indication, { port: 2152 })).toEqual({
      ...{ kind: 'everyone', what: 'Error Indication' },
    });
  });

  it('drops under a name whatever else comes, and never throws', () => {
    const { recognise } = setup();
    const drops: [Uint8Array, Parameters<typeof recognise>[1], string][] = [
      [Buffer.alloc(0), {}, 'bad_version'],
      [Buffer.from('30', 'hex'), {}, 'bad_gtpv1'],
      [Buffer.from('48', 'hex'), {}, 'bad_gtpv2'],
      [Buffer.from('30', 'hex'), { port: 2152 }, 'bad_gtpu'],
      [
        buildGtpv1Message('echoResponse', { teid: 0, sequence: 1 }, { recovery: 1 }),
        {},
        'gtpv1_no_request',
      ],
      [V2_CREATE(1), { port: 9200, cause: 'no_row' }, 'response_no_row'],
    ];
    for (const [bytes, options, reason] of drops) {
      expect(recognise(bytes, options)).toEqual({ kind: 'drop', reason });
    }
    const bytes = V2_CREATE(1);
    for (let length = 0; length < bytes.length; length++) recognise(bytes.subarray(0, length));
  });

  it('refuses a restart counter that is no byte', () => {
    expect(() => new GtpSetup({ now: () => 0, restartCounter: 256 })).toThrow(RangeError);
    const { handler } = setup();
    expect(() => handler.recall({ restart: -1 })).toThrow(RangeError);
  });

  it('remembers its counter and those of peers, and counts modulo 256 when all sessions are lost', () => {
    const { handler, recognise, answer } = setup();
    let changes = 0;
    handler.attach({ ...HOST, changed: () => void changes++ });
    recognise(buildGtpv2('echoRequest', { teid: undefined, sequence: 1 }, { recovery: 8 }));
    expect([changes, handler.memory()]).toEqual([1, { restart: 77, [`v2 ${ENDS.src}`]: 8 }]);
    const later = setup();
    later.handler.recall({ ...handler.memory(), restart: 255 });
    later.handler.allLost();
    expect(later.handler.node).toEqual({ restart: 0 });
    expect(later.handler.memory()).toEqual({ restart: 0, [`v2 ${ENDS.src}`]: 8 });
    const echo = buildGtpv1Message('echoRequest', { teid: 0, sequence: 9 }, {});
    expect(parseGtpv1(answer(echo))).toMatchObject({ ies: { recovery: 77 } });
    expect(parseGtpv1(later.answer(echo))).toMatchObject({ ies: { recovery: 0 } });
  });

  it('lets nothing new of a peer begin until what it has lost has ended, and takes no number for an old one', async () => {
    const { handler, recognise, punted } = setup();
    const asked: string[] = [];
    let end = () => {};
    const endSessions = (service: string, peer: string) => {
      asked.push(`${service} ${peer}`);
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    };
    handler.attach({ ...HOST, endSessions });
    const echo = (recovery: number) =>
      recognise(buildGtpv2('echoRequest', { teid: undefined, sequence: 1 }, { recovery }));
    echo(8);
    const first = recognise(V2_CREATE(5));
    if (first.kind !== 'setup') throw new Error(first.kind);
    handler.forward(punted(V2_CREATE(5), 2123, 'setup', 2123), first, OCCUPANT);
    expect(recognise(V2_CREATE(5)).kind).toBe('known');
    expect(echo(9).kind).toBe('answer');
    expect(asked).toEqual([`gtp v2 ${ENDS.src}`]);
    expect(recognise(V2_CREATE(5))).toEqual({ kind: 'drop', reason: 'gtpv2_peer_restarted' });
    // Until it is done, a switch processor that comes after us must find it out once more.
    expect(handler.memory()).toMatchObject({ [`v2 ${ENDS.src}`]: 8 });
    echo(10);
    end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(handler.memory()).toMatchObject({ [`v2 ${ENDS.src}`]: 10 });
    expect(recognise(V2_CREATE(5)).kind).toBe('setup');
    expect(asked).toHaveLength(1);
  });

  it('has what a user had elsewhere ended, once, and lets nothing of that user begin meanwhile', async () => {
    const { handler, recognise, punted } = setup();
    const ended: unknown[] = [];
    let end = () => {};
    const endUser: SetupHost['endUser'] = (...of) => {
      ended.push(of);
      return new Promise((resolve) => {
        end = resolve;
      });
    };
    handler.attach({ ...HOST, endUser });
    const create = (sequence: number, teid: number, imsi = '262011234567890') =>
      buildGtpv2(
        'createSessionRequest',
        { teid: 0, sequence },
        {
          ...{ imsi, ratType: 6, apn: 'internet' },
          senderControl: { interfaceType: 6, teid, ipv4: ENDS.src },
          bearers: [{ id: 5, quality: Buffer.alloc(22) }],
        },
      );
    const come = (bytes: Buffer) => {
      const got = recognise(bytes);
      if (got.kind === 'setup' || got.kind === 'known') {
        handler.forward(punted(bytes, 2123, 'setup', 2123), got, OCCUPANT);
      }
      return got;
    };
    expect(come(create(1, 0x11)).kind).toBe('setup');
    expect(come(create(1, 0x11)).kind).toBe('known');
    expect(ended).toEqual([]);
    expect(come(create(2, 0x12)).kind).toBe('setup');
    const user = { user: '262011234567890 5', address: ENDS.src, teid: 0x12 };
    expect(ended).toEqual([['gtp', user, OCCUPANT]]);
    // The same once more is for who has it; another one has to wait, and other users have not.
    expect(come(create(2, 0x12)).kind).toBe('known');
    expect(come(create(3, 0x13))).toEqual({ kind: 'drop', reason: 'gtp_user_comes_anew' });
    expect(come(create(4, 0x14, '262011234567891')).kind).toBe('setup');
    end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(come(create(3, 0x13)).kind).toBe('setup');
    expect(ended).toHaveLength(2);
    // All sessions are lost: nobody has anything elsewhere. Who takes over from us knows of nobody.
    handler.allLost();
    end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(come(create(5, 0x15)).kind).toBe('setup');
    expect(ended).toHaveLength(2);
    handler.recall({});
    expect(come(create(6, 0x16, '262019999999999')).kind).toBe('setup');
    expect(ended).toHaveLength(3);
  });
});
