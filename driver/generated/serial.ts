// Generated from hdl/serial.yaml by `npm run generate`; do not edit.

export const SERIAL = {
  version: 1,
  /** Before and behind each frame; in a row they mean nothing. */
  flag: 0x7e,
  /** The next octet of the frame has bit `toggle` the other way. */
  escape: 0x7d,
  /** The bit. */
  toggle: 0x20,
  fcsPolynomial: 0xedb88320,
  fcsGood: 0xdebb20e3,
  /** The card's memory for requests that are not done. More may not be on their way. */
  queueOctets: 2048,
  /** A frame in which nothing comes for so many bit times has ended, and badly. */
  idleBits: 65536,
  requestKind: {
    /** Begins a session: the next request has this one's number plus 1. All else is sent back. */
    hello: 1,
    /** Segments: each a word, and as many words behind it as are to be written. */
    access: 2,
    /** A frame or a part of one. The first part begins with the `inject` record in two octets. */
    inject: 3,
  },
  requestKindMask: 0x03,
  requestFlag: {
    /** Inject: the frame's first part. */
    first: { bit: 2, width: 1 },
    /** Inject: its last part. */
    last: { bit: 3, width: 1 },
  },
  segment: {
    /** 1: the words behind it are written; 0: as many are read. */
    write: { bit: 0, width: 1 },
    /** Words, less 1; at addresses that follow each other. */
    count: { bit: 24, width: 8 },
  },
  reportKind: {
    /** Nothing else. */
    ack: 0,
    /** What the hello brought. */
    hello: 1,
    /** Words that were read, least significant octet first; octet 1 is the request's number. */
    reply: 2,
    /** A running number, 0 behind a hello, the decision record, and the frame for the host. */
    frame: 3,
  },
  reportKindMask: 0x03,
  reportField: {
    /** `version` above. */
    version: { bit: 2, width: 4 },
    /** 1: a request came damaged, or one before it is missing. */
    refused: { bit: 6, width: 1 },
    /** 1: a slot event is not acknowledged. */
    attention: { bit: 7, width: 1 },
  },
} as const;
