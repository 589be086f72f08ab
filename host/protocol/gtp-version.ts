/** What is said to a peer that speaks a version of GTP-C which is none of ours. */
import { buildGtpv2, GTPV2_MESSAGES } from './gtpv2.ts';

/**
 * The answer to a message of a version above 2: the highest that we speak (TS 29.274 §7.7.2). Undefined
 * for version 0, which has a port of its own, and for what may be such an answer itself: that would go on
 * for ever.
 */
export function answerOtherVersion(payload: Uint8Array): Buffer | undefined {
  const [flags = 0, type] = payload;
  const { versionNotSupported } = GTPV2_MESSAGES;
  if (flags >> 5 <= 2 || payload.length < 8 || type === versionNotSupported.type) return undefined;
  return buildGtpv2('versionNotSupported', { teid: undefined, sequence: 0 }, {});
}
