/** SIP requests as a client at 192.0.2.100 would write them, with single things made wrong. */
export interface RequestOptions {
  readonly branch?: string;
  /** The whole Via value; '' leaves the field out. */
  readonly via?: string;
  readonly from?: string;
  readonly to?: string;
  readonly toTag?: string;
  readonly callId?: string;
  readonly cseq?: string;
  readonly uri?: string;
  readonly contentLength?: string;
  readonly extra?: readonly string[];
  readonly body?: string;
}

export function sipRequest(method: string, options: RequestOptions = {}): Buffer {
  const {
    branch = 'z9hG4bK-1',
    via = `SIP/2.0/UDP 192.0.2.100:5060;branch=${branch}`,
    from = '<sip:caller@192.0.2.100>;tag=caller',
    to = `<sip:service@192.0.2.1>${options.toTag === undefined ? '' : `;tag=${options.toTag}`}`,
    callId = 'call-1@192.0.2.100',
    cseq = `1 ${method}`,
    uri = 'sip:service@192.0.2.1:5060',
    body = '',
    contentLength = String(body.length),
    extra = [],
  } = options;
  const lines = [
    `${method} ${uri} SIP/2.0`,
    ...(via === '' ? [] : [`Via: ${via}`]),
    `From: ${from}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq}`,
    'Max-Forwards: 70',
    ...extra,
    `Content-Length: ${contentLength}`,
    '',
    body,
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}
