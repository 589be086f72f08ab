/** What the serial line has carried and lost, each with its meaning. */
export const LINE_MEANINGS = {
  requests: 'requests sent, each counted once',
  repeated: 'requests sent again, because no acknowledgement came or one was refused',
  timeouts: 'times that the card did not answer in its time',
  refusals: 'times that the card said that a request came damaged or is missing',
  lostReplies: 'replies that the line lost; what they read was asked again',
  damaged: 'reports that came damaged or cut',
  unknown:
    'reports that came whole and make no sense: from before this session, or no card of ours',
  reports: 'reports that came whole',
  frames: 'frames for the host',
  lostFrames: 'frames for the host that the line lost',
  octetsOut: 'octets sent',
  octetsIn: 'octets received',
} as const;

export type LineCounter = keyof typeof LINE_MEANINGS;
export type LineCounters = Record<LineCounter, number>;

export const noLineCounters = (): LineCounters =>
  Object.fromEntries(Object.keys(LINE_MEANINGS).map((name) => [name, 0])) as LineCounters;
