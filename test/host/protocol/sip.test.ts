import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRequest, parseSip, SipRequest } from '../../../host/protocol/sip.ts';
import {
  parseCSeq,
  parseNameAddress,
  parseSipUri,
  parseVia,
  splitOutside,
} from '../../../host/protocol/sip-header.ts';
import { buildResponse, responseDestination } from '../../../host/protocol/sip-response.ts';
import { transactionKey } from '../../../host/protocol/sip-transaction.ts';
import { sipRequest } from '../sip-messages.ts';

function request(text: string | Buffer): SipRequest {
  const message = parseSip(Buffer.from(text));
  if (message.kind !== 'request') throw new Error(`no request: ${JSON.stringify(message)}`);
  return message;
}

const SOURCE = { address: '192.0.2.100', port: 5070 };

describe('parseSip', () => {
  it('reads request line, fields and body', () => {
    const message = request(sipRequest('INVITE', { body: 'v=0\r\n' }));
    expect(message.method).toBe('INVITE');
    expect(message.uri).toBe('sip:service@192.0.2.1:5060');
    expect(message.cseq).toEqual({ number: 1, method: 'INVITE' });
    expect(message.from?.tag).toBe('caller');
    expect(message.to?.tag).toBe('');
    expect(message.topVia?.branch).toBe('z9hG4bK-1');
    expect(message.topVia?.sentBy).toEqual({ host: '192.0.2.100', port: 5060 });
    expect(message.body.toString()).toBe('v=0\r\n');
    expect(checkRequest(message)).toBeUndefined();
  });

  it('reads the torture test of RFC 4475 §3.1.1.1 (folding, compact names, odd white space)', () => {
    const text = [
      'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
      'TO :',
      ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
      'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
      '  ;',
      '  tag = 98asjd8',
      'MaX-fOrWaRdS: 0068',
      'Call-ID: wsinv.ndaksdj@192.0.2.1',
      'Content-Length   : 150',
      'cseq: 0009',
      '  INVITE',
      'Via  : SIP  /   2.0',
      ' /UDP',
      '    192.0.2.2;branch=390skdjuw',
      's :',
      'NewFangledHeader:   newfangled value',
      ' continued newfangled value',
      'UnknownHeaderWithUnusualValue: ;;,,;;,;',
      'Content-Type: application/sdp',
      'Route:',
      ' <sip:services.example.com;lr;unknownwith=value;unknown-no-value>',
      'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
      '  branch  =   z9hG4bK9ikj8  ,',
      ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
      ' z9hG4bK30239',
      'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
      '      newvalue ;',
      '  secondparam ; q = 0.33',
      '',
      'x'.repeat(150),
    ].join('\r\n');
    const message = request(text);
    expect(checkRequest(message)).toBeUndefined();
    expect(message.to?.tag).toBe('1918181833n');
    expect(message.from?.tag).toBe('98asjd8');
    expect(message.cseq).toEqual({ number: 9, method: 'INVITE' });
    expect(message.topVia?.sentBy).toEqual({ host: '192.0.2.2' });
    expect(message.headers('via')).toHaveLength(3);
    expect(parseVia(message.headers('via')[1] as string)).toMatchObject({
      transport: 'TCP',
      branch: 'z9hG4bK9ikj8',
    });
    expect(message.header('subject')).toBe('');
    const contact = parseNameAddress(message.header('contact') as string);
    expect(contact?.uri).toBe('sip:jdrosen@example.com');
    expect(contact?.parameters.get('q')).toBe('0.33');
    expect(message.body).toHaveLength(150);
  });

  it.each([
    ['', 'start_line'],
    ['\r\n\r\n', 'keepalive'],
    ['\0', 'keepalive'],
    ['GET / HTTP/1.1\r\n\r\n', 'start_line'],
    ['INVITE  sip:a@b SIP/2.0\r\n\r\n', 'start_line'],
    ['INVITE sip:a@b\r\n\r\n', 'start_line'],
    ['IN(VITE sip:a@b SIP/2.0\r\n\r\n', 'start_line'],
    ['SIP/2.0 99 Low\r\n\r\n', 'start_line'],
    ['SIP/2.0 700 High\r\n\r\n', 'start_line'],
    ['SIP/2.0 abc\r\n\r\n', 'start_line'],
    ['INVITE sip:a@b SIP/2.0\r\nVia: x\r\n', 'header_end'],
    ['INVITE sip:a@b SIP/2.0\r\nno colon\r\n\r\n', 'header_line'],
    ['INVITE sip:a@b SIP/2.0\r\n folded first\r\n\r\n', 'header_line'],
    ['INVITE sip:a@b SIP/2.0\r\n: nameless\r\n\r\n', 'header_line'],
  ])('%j is not SIP: %s', (text, why) => {
    // An empty datagram is one that keeps a binding alive as well.
    const expected = text === '' ? 'keepalive' : why;
    expect(parseSip(Buffer.from(text))).toEqual({ kind: 'not-sip', why: expected });
  });

  it('reads responses', () => {
    const message = parseSip(Buffer.from('SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\n\r\n'));
    expect(message).toMatchObject({ kind: 'response', status: 180, reason: 'Ringing' });
  });

  it('takes the body by Content-Length and finds one that promises too much', () => {
    const more = request(sipRequest('INVITE', { body: 'abcdef', contentLength: '3' }));
    expect(more.body.toString()).toBe('abc');
    const less = request(sipRequest('INVITE', { body: 'abc', contentLength: '4' }));
    expect(checkRequest(less)).toMatchObject({ status: 400, field: 'content-length' });
    const word = request(sipRequest('INVITE', { body: 'abc', contentLength: '-1' }));
    expect(checkRequest(word)).toMatchObject({ field: 'content-length' });
  });

  it.each([
    ['via', { via: '' }],
    ['via', { via: 'SIP/2.0/UDP' }],
    ['via', { via: 'SIP/3.0/UDP 192.0.2.100;branch=z9hG4bK-1' }],
    ['via', { via: 'SIP/2.0/UDP 192.0.2.100:99999;branch=z9hG4bK-1' }],
    ['from', { from: 'nobody' }],
    ['to', { to: '<sip:a@b' }],
    ['cseq', { cseq: '1 BYE' }],
    ['cseq', { cseq: '2147483648 INVITE' }],
    ['cseq', { cseq: 'INVITE' }],
    ['call-id', { callId: '' }],
  ])('finds the fault in %s: %j', (field, options) => {
    expect(checkRequest(request(sipRequest('INVITE', options)))).toMatchObject({
      status: 400,
      field,
    });
  });

  it('finds another version', () => {
    const text = sipRequest('INVITE').toString().replace('SIP/2.0\r\n', 'SIP/3.0\r\n');
    expect(checkRequest(request(text))).toMatchObject({ status: 505 });
  });

  it('never throws, whatever the bytes and wherever a message is cut', () => {
    const whole = sipRequest('INVITE', { body: 'v=0\r\n' });
    for (let end = 0; end <= whole.length; end++) {
      const message = parseSip(whole.subarray(0, end));
      if (message instanceof SipRequest) checkRequest(message);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(whole.length), (bytes, at) => {
        const mixed = Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at)]);
        const message = parseSip(mixed);
        if (message.kind !== 'request') return;
        checkRequest(message);
        transactionKey(message);
        parseSip(buildResponse(message, 400, 'Bad Request', SOURCE, { toTag: 'x' }));
      }),
    );
  });
});

describe('header values', () => {
  it('splits lists outside of quotes and brackets', () => {
    expect(splitOutside('a, "b, \\" c" <sip:x,y>, d', ',')).toEqual([
      'a',
      '"b, \\" c" <sip:x,y>',
      'd',
    ]);
  });

  it('reads IPv6 in Via and URIs', () => {
    expect(parseVia('SIP/2.0/UDP [2001:DB8::9:1]:5062;branch=z9hG4bKx')?.sentBy).toEqual({
      host: '2001:db8::9:1',
      port: 5062,
    });
    expect(parseSipUri('sip:u:p@[2001:db8::1]:6000;lr?x=y')).toMatchObject({
      user: 'u:p',
      host: '2001:db8::1',
      port: 6000,
    });
    expect(parseSipUri('tel:+123')).toBeUndefined();
  });

  it('takes a bracket inside a quoted name for text', () => {
    expect(parseNameAddress('"<a>" <sip:b@c>;tag=t')).toMatchObject({ uri: 'sip:b@c', tag: 't' });
  });

  it('refuses numbers that are not', () => {
    for (const text of ['1.5 A', '-1 A', '0x1 A', '99999999999 A', ' A', '1']) {
      expect(parseCSeq(text)).toBeUndefined();
    }
  });
});

describe('buildResponse', () => {
  it('copies what RFC 3261 §8.2.6 wants, and all Via', () => {
    const message = request(
      sipRequest('INVITE', {
        extra: ['Via: SIP/2.0/UDP proxy.example.com;branch=z9hG4bKp', 'Record-Route: <sip:p;lr>'],
      }),
    );
    const bytes = buildResponse(message, 200, 'OK', SOURCE, {
      toTag: 'ours',
      recordRoute: true,
      body: Buffer.from('v=0\r\n'),
    });
    const response = parseSip(bytes);
    if (response.kind !== 'response') throw new Error('no response');
    expect(response.headers('via')).toEqual([
      'SIP/2.0/UDP 192.0.2.100:5060;branch=z9hG4bK-1',
      'SIP/2.0/UDP proxy.example.com;branch=z9hG4bKp',
    ]);
    expect(response.header('record-route')).toBe('<sip:p;lr>');
    expect(response.to?.tag).toBe('ours');
    expect(response.from?.tag).toBe('caller');
    expect(response.callId).toBe(message.callId);
    expect(response.cseq).toEqual(message.cseq);
    expect(response.body.toString()).toBe('v=0\r\n');
  });

  it('puts no tag into a 100 and keeps one that is there', () => {
    const first = request(sipRequest('INVITE'));
    const text = buildResponse(first, 100, 'Trying', SOURCE, { toTag: 'x' }).toString();
    expect(text).not.toContain('tag=x');
    const within = request(sipRequest('BYE', { toTag: 'old' }));
    const answer = buildResponse(within, 200, 'OK', SOURCE, { toTag: 'x' }).toString();
    expect(answer).toContain(';tag=old\r\n');
    expect(answer).not.toContain('tag=x');
  });

  it('marks Via with received and rport, and answers where they say (RFC 3581 §4)', () => {
    const via = 'SIP/2.0/UDP 10.0.0.9:5099;rport;branch=z9hG4bKr';
    const symmetric = request(sipRequest('INVITE', { via }));
    expect(responseDestination(symmetric, SOURCE)).toEqual(SOURCE);
    const text = buildResponse(symmetric, 180, 'Ringing', SOURCE).toString();
    expect(text).toContain('10.0.0.9:5099;branch=z9hG4bKr;rport=5070;received=192.0.2.100\r\n');
    const plain = request(sipRequest('INVITE', { via: via.replace('rport;', '') }));
    expect(responseDestination(plain, SOURCE)).toEqual({ address: SOURCE.address, port: 5099 });
    expect(buildResponse(plain, 180, 'Ringing', SOURCE).toString()).toContain(
      '10.0.0.9:5099;branch=z9hG4bKr;received=192.0.2.100\r\n',
    );
  });
});

describe('transactionKey (RFC 3261 §17.2.3)', () => {
  const key = (method: string, options = {}) =>
    transactionKey(request(sipRequest(method, options)));

  it('is the same for an INVITE, its CANCEL and the ACK of its refusal', () => {
    expect(key('CANCEL')).toBe(key('INVITE'));
    expect(key('ACK', { toTag: 'refused' })).toBe(key('INVITE'));
  });

  it('differs by branch, sent-by and method', () => {
    const via = 'SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK-1';
    expect(key('INVITE', { branch: 'z9hG4bK-2' })).not.toBe(key('INVITE'));
    expect(key('INVITE', { via })).not.toBe(key('INVITE'));
    expect(key('OPTIONS')).not.toBe(key('INVITE'));
  });

  it('takes the default port of sent-by for what it is', () => {
    // Seen in the wild: a phone that names the port in its INVITE and leaves it out in the CANCEL.
    const via = 'SIP/2.0/UDP 192.0.2.100;branch=z9hG4bK-1';
    expect(key('INVITE', { via })).toBe(key('INVITE'));
  });

  it('compares what RFC 2543 has where the branch has no magic cookie', () => {
    const old = { branch: '1' };
    expect(key('ACK', { ...old, toTag: 'x' })).toBe(key('INVITE', old));
    expect(key('CANCEL', old)).toBe(key('INVITE', old));
    expect(key('INVITE', { ...old, callId: 'other' })).not.toBe(key('INVITE', old));
    expect(key('INVITE', { ...old, cseq: '2 INVITE' })).not.toBe(key('INVITE', old));
    expect(key('BYE', { ...old, toTag: 'x' })).not.toBe(key('BYE', { ...old, toTag: 'y' }));
  });
});
