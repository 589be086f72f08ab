/** tshark reads every GTP message that we write as we meant it. */
import { describe, expect, it } from 'vitest';
import { CAUSE_V1, CAUSE_V2 } from '../../../host/protocol/gtp-cause.ts';
import {
  buildGPdu,
  buildGtpuSignal,
  GTPU_MESSAGES,
  GTPU_PORT,
} from '../../../host/protocol/gtpu.ts';
import {
  buildGtpv1Message,
  GTPC_PORT,
  GTPV1_MESSAGES,
  type Gtpv1Ies,
  type Gtpv1Kind,
} from '../../../host/protocol/gtpv1.ts';
import {
  buildGtpv2,
  GTPV2_MESSAGES,
  type Gtpv2Ies,
  type Gtpv2Kind,
} from '../../../host/protocol/gtpv2.ts';
import { FTEID_INTERFACE } from '../../../host/protocol/gtpv2-ie.ts';
import { buildIpv4 } from '../../../host/protocol/ipv4.ts';
import { buildUdp, buildUdpFrame } from '../../../host/protocol/udp.ts';
import { type Expected, expectDecoded, tsharkIsThere } from './tshark.ts';

const LINK = { dstMac: '02:00:00:00:00:01', srcMac: '02:00:00:00:00:02' };
const ENDS = { ...LINK, src: '192.0.2.2', dst: '198.51.100.7' };

const frame = (port: number, payload: Buffer) =>
  buildUdpFrame({ ...ENDS, srcPort: port, dstPort: port, payload });

// IPCP with a DNS server in the options; allocation, maximal rates in the quality of service.
const OPTIONS = Buffer.from('80000d0408080808', 'hex');
const QUALITY_V1 = Buffer.from('0123631f93967474fbffff00', 'hex');
const QUALITY_V2 = Buffer.from(`6809${'00'.repeat(20)}`, 'hex');
/** Create new TFT, one packet filter: protocol UDP. */
const TFT = Buffer.from('2130000230 11'.replace(' ', ''), 'hex');
const PRIVATE = { enterprise: 32473, value: Buffer.from('0102', 'hex') };

const v1: { readonly [K in Gtpv1Kind]: readonly [Gtpv1Ies<K>, Record<string, string>] } = {
  echoRequest: [{ privateExtension: PRIVATE }, { 'gtp.ext_id': '32473' }],
  echoResponse: [{ recovery: 17 }, { 'gtp.recovery': '17' }],
  versionNotSupported: [{}, {}],
  createRequest: [
    {
      imsi: '262011234567890',
      recovery: 4,
      selectionMode: 1,
      teidData: 0x01020304,
      teidControl: 0x05060708,
      nsapi: 5,
      endUserAddress: { type: 'ipv4' },
      apn: 'internet.example',
      protocolOptions: OPTIONS,
      controlAddress: '198.51.100.7',
      userAddress: '198.51.100.8',
      msisdn: Buffer.from('9194710000', 'hex'),
      quality: QUALITY_V1,
      ratType: 1,
      imei: '3514560012345678',
    },
    {
      'e212.imsi': '262011234567890',
      'gtp.teid_data': '0x01020304',
      'gtp.teid_cp': '0x05060708',
      'gtp.nsapi': '5',
      'gtp.apn': 'internet.example',
      'gtp.gsn_ipv4': '198.51.100.7,198.51.100.8',
      'gtp.ext_rat_type': '1',
    },
  ],
  createResponse: [
    {
      cause: CAUSE_V1.accepted,
      reordering: false,
      recovery: 9,
      teidData: 0x00050007,
      teidControl: 0x00050008,
      nsapi: 5,
      chargingId: 0xcafe,
      endUserAddress: { type: 'ipv4', ipv4: '100.64.1.65' },
      protocolOptions: OPTIONS,
      controlAddress: '192.0.2.2',
      userAddress: '192.0.2.2',
      quality: QUALITY_V1,
      privateExtension: PRIVATE,
    },
    { 'gtp.cause': '128', 'gtp.user_ipv4': '100.64.1.65', 'gtp.chrg_id': '0x0000cafe' },
  ],
  updateRequest: [
    {
      teidData: 1,
      teidControl: 2,
      nsapi: 5,
      controlAddress: '198.51.100.9',
      userAddress: '2001:db8::9',
      quality: QUALITY_V1,
    },
    { 'gtp.gsn_ipv4': '198.51.100.9', 'gtp.gsn_ipv6': '2001:db8::9' },
  ],
  updateResponse: [
    {
      cause: CAUSE_V1.accepted,
      teidData: 3,
      teidControl: 4,
      chargingId: 1,
      controlAddress: '192.0.2.2',
      userAddress: '192.0.2.2',
      quality: QUALITY_V1,
    },
    { 'gtp.cause': '128' },
  ],
  deleteRequest: [
    { teardown: true, nsapi: 5 },
    { 'gtp.tear_ind': '1', 'gtp.nsapi': '5' },
  ],
  deleteResponse: [{ cause: CAUSE_V1.nonExistent }, { 'gtp.cause': '192' }],
  supportedExtensionHeaders: [{ types: [0xc0] }, {}],
};

const control = (interfaceType: number, teid: number, ipv4: string) => ({
  ...{ interfaceType, teid, ipv4 },
});
const { s5cSgw, s5uSgw, s5cPgw, s5uPgw } = FTEID_INTERFACE;
const ACCEPTED = { value: CAUSE_V2.accepted };

const v2: { readonly [K in Gtpv2Kind]: readonly [Gtpv2Ies<K>, Record<string, string>] } = {
  echoRequest: [{ recovery: 5 }, { 'gtpv2.rec': '5' }],
  echoResponse: [{ recovery: 6 }, { 'gtpv2.rec': '6' }],
  versionNotSupported: [{}, {}],
  createSessionRequest: [
    {
      imsi: '262011234567890',
      msisdn: '491701234567',
      imei: '3514560012345678',
      servingNetwork: '262-01',
      ratType: 6,
      senderControl: control(s5cSgw, 0x0a, '198.51.100.7'),
      apn: 'internet',
      selectionMode: 0,
      pdnType: 'ipv4v6',
      pdnAddress: { type: 'ipv4v6', ipv4: '0.0.0.0', ipv6: { address: '::', prefix: 0 } },
      apnRestriction: 0,
      bitRates: { uplink: 50_000, downlink: 100_000 },
      protocolOptions: OPTIONS,
      bearers: [{ id: 5, servingUser: control(s5uSgw, 0x0b, '198.51.100.8'), quality: QUALITY_V2 }],
      recovery: 1,
    },
    {
      'e212.imsi': '262011234567890',
      'gtpv2.apn': 'internet',
      'gtpv2.rat_type': '6',
      'gtpv2.f_teid_gre_key': '0x0000000a,0x0000000b',
      'gtpv2.f_teid_interface_type': '6,4',
      'gtpv2.ebi': '5',
      'gtpv2.ambr_up': '50000',
    },
  ],
  createSessionResponse: [
    {
      cause: ACCEPTED,
      gatewayControl: control(s5cPgw, 0x00050001, '192.0.2.2'),
      pdnAddress: {
        type: 'ipv4v6',
        ipv4: '100.64.1.66',
        ipv6: { address: '2001:db8:5:1::1', prefix: 64 },
      },
      apnRestriction: 0,
      bearers: [
        {
          id: 5,
          cause: ACCEPTED,
          gatewayUser: control(s5uPgw, 0x00050002, '192.0.2.2'),
          chargingId: 7,
        },
      ],
      recovery: 2,
      privateExtension: PRIVATE,
    },
    {
      'gtpv2.cause': '16,16',
      'gtpv2.pdn_addr_and_prefix.ipv4': '100.64.1.66',
      'gtpv2.pdn_addr_and_prefix.ipv6': '2001:db8:5:1::1',
      'gtpv2.f_teid_gre_key': '0x00050001,0x00050002',
    },
  ],
  modifyBearerRequest: [
    {
      senderControl: control(s5cSgw, 0x0c, '198.51.100.7'),
      bearers: [{ id: 5, servingUser: control(s5uSgw, 0x0d, '198.51.100.9') }],
      bearersToRemove: [{ id: 6 }],
    },
    { 'gtpv2.f_teid_gre_key': '0x0000000c,0x0000000d', 'gtpv2.ebi': '5,6' },
  ],
  modifyBearerResponse: [
    { cause: ACCEPTED, bearers: [{ id: 5, cause: ACCEPTED, chargingId: 7 }], bearersRemoved: [] },
    { 'gtpv2.cause': '16,16' },
  ],
  deleteSessionRequest: [{ linkedBearerId: 5 }, { 'gtpv2.ebi': '5' }],
  deleteSessionResponse: [
    { cause: { value: CAUSE_V2.missingIe, offending: { type: 73, instance: 0 } } },
    { 'gtpv2.cause': '70' },
  ],
  createBearerRequest: [
    {
      linkedBearerId: 5,
      bearers: [
        {
          id: 0,
          trafficFlowTemplate: TFT,
          gatewayUser: control(s5uPgw, 0x00050003, '192.0.2.2'),
          quality: QUALITY_V2,
        },
      ],
    },
    { 'gtpv2.ebi': '5,0', 'gtpv2.f_teid_gre_key': '0x00050003' },
  ],
  createBearerResponse: [
    {
      cause: ACCEPTED,
      bearers: [
        {
          id: 6,
          cause: ACCEPTED,
          servingUser: control(s5uSgw, 0x0e, '198.51.100.8'),
          gatewayUser: control(s5uPgw, 0x00050003, '192.0.2.2'),
        },
      ],
    },
    { 'gtpv2.cause': '16,16', 'gtpv2.ebi': '6' },
  ],
  updateBearerRequest: [
    { bearers: [{ id: 5, quality: QUALITY_V2 }], bitRates: { uplink: 1, downlink: 2 } },
    { 'gtpv2.ebi': '5', 'gtpv2.ambr_down': '2' },
  ],
  updateBearerResponse: [
    { cause: ACCEPTED, bearers: [{ id: 5, cause: ACCEPTED }] },
    { 'gtpv2.cause': '16,16' },
  ],
  deleteBearerRequest: [{ linkedBearerId: 5, bearerIds: [] }, { 'gtpv2.ebi': '5' }],
  deleteBearerResponse: [
    { cause: ACCEPTED, linkedBearerId: 5, bearers: [] },
    { 'gtpv2.cause': '16', 'gtpv2.ebi': '5' },
  ],
};

const user = buildIpv4({
  ...{ src: '100.64.1.65', dst: '203.0.113.5', protocol: 17 },
  payload: buildUdp({
    ...{ src: '100.64.1.65', dst: '203.0.113.5', srcPort: 40_000, dstPort: 40_001 },
    payload: Buffer.from('a packet of a user'),
  }),
});

const FRAMES: readonly Expected[] = [
  ...Object.entries(v1).map(([kind, [ies, fields]], i): Expected => {
    const bytes = buildGtpv1Message(
      kind as Gtpv1Kind,
      { teid: i, sequence: 700 + i },
      ies as never,
    );
    const { type } = GTPV1_MESSAGES[kind as Gtpv1Kind];
    const header = {
      'gtp.message': `0x${type.toString(16).padStart(2, '0')}`,
      'gtp.flags.version': '1',
    };
    return [`v1 ${kind}`, frame(GTPC_PORT, bytes), { ...header, ...fields }];
  }),
  ...Object.entries(v2).map(([kind, [ies, fields]], i): Expected => {
    const teid = GTPV2_MESSAGES[kind as Gtpv2Kind].type <= 3 ? undefined : i;
    const bytes = buildGtpv2(kind as Gtpv2Kind, { teid, sequence: 0x10_000 + i }, ies as never);
    const { type } = GTPV2_MESSAGES[kind as Gtpv2Kind];
    const header = {
      'gtpv2.message_type': `${type}`,
      'gtpv2.seq': `0x${(0x10_000 + i).toString(16).padStart(6, '0')}`,
    };
    return [`v2 ${kind}`, frame(GTPC_PORT, bytes), { ...header, ...fields }];
  }),
  [
    'a G-PDU',
    frame(GTPU_PORT, buildGPdu(0x00050007, user)),
    { 'gtp.teid': '0x00050007', 'ip.src': '192.0.2.2,100.64.1.65', 'udp.dstport': '2152,40001' },
  ],
  [
    'a G-PDU with extension headers',
    frame(
      GTPU_PORT,
      buildGPdu(0x00050007, user, {
        sequence: 3,
        extensions: [{ type: 0x85, content: Buffer.from('1009', 'hex') }],
      }),
    ),
    { 'gtp.ext_hdr.pdu_ses_con.pdu_type': '1', 'udp.dstport': '2152,40001' },
  ],
  [
    'a user-plane echo request',
    frame(GTPU_PORT, buildGtpuSignal('echoRequest', { teid: 0, sequence: 5 }, {})),
    { 'gtp.message': '0x01' },
  ],
  [
    'a user-plane echo response',
    frame(GTPU_PORT, buildGtpuSignal('echoResponse', { teid: 0, sequence: 5 }, { recovery: 0 })),
    { 'gtp.message': '0x02', 'gtp.recovery': '0' },
  ],
  [
    'an error indication',
    frame(
      GTPU_PORT,
      buildGtpuSignal(
        'errorIndication',
        { teid: 0, sequence: 0 },
        { teid: 0x00090009, address: '192.0.2.2' },
      ),
    ),
    { 'gtp.message': '0x1a', 'gtp.teid_data': '0x00090009', 'gtp.gsn_ipv4': '192.0.2.2' },
  ],
  [
    'supported extension headers',
    frame(
      GTPU_PORT,
      buildGtpuSignal('supportedExtensionHeaders', { teid: 0, sequence: 1 }, { types: [0x85] }),
    ),
    { 'gtp.message': '0x1f' },
  ],
  [
    'an end marker',
    frame(GTPU_PORT, buildGtpuSignal('endMarker', { teid: 0x00050007 }, {})),
    { 'gtp.message': '0xfe', 'gtp.teid': '0x00050007' },
  ],
];

describe.runIf(tsharkIsThere)('tshark', () => {
  it('reads every GTP message that we write', () => {
    const user = Object.keys(GTPU_MESSAGES).length + 2;
    const kinds = Object.keys(v1).length + Object.keys(v2).length;
    expect(FRAMES).toHaveLength(kinds + user);
    expectDecoded(FRAMES);
  });
});
