/** Causes of GTP's responses, as far as a gateway gives or reads them. */
import type { GtpFault } from './gtp-ie.ts';

/** TS 29.060 §7.7.1, table 38. */
export const CAUSE_V1 = {
  accepted: 128,
  newPdpType: 129,
  nonExistent: 192,
  invalidFormat: 193,
  versionNotSupported: 198,
  noResources: 199,
  notSupported: 200,
  incorrectIe: 201,
  missingIe: 202,
  systemFailure: 204,
  allAddressesOccupied: 211,
  noMemory: 212,
  unknownApn: 219,
  unknownPdpType: 220,
} as const;

/** TS 29.274 §8.4, table 8.4-1. */
export const CAUSE_V2 = {
  accepted: 16,
  partiallyAccepted: 17,
  newPdnType: 18,
  contextNotFound: 64,
  invalidFormat: 65,
  versionNotSupported: 66,
  invalidLength: 67,
  notSupported: 68,
  incorrectIe: 69,
  missingIe: 70,
  systemFailure: 72,
  noResources: 73,
  unknownApn: 78,
  pdnTypeNotSupported: 83,
  allAddressesOccupied: 84,
  rejected: 94,
} as const;

/** How a fault of a request is told to its sender; undefined: it is not answered (TS 29.060 §11.1). */
export function faultCauseV1(fault: GtpFault): number | undefined {
  switch (fault) {
    case 'missing':
      return CAUSE_V1.missingIe;
    case 'incorrect':
      return CAUSE_V1.incorrectIe;
    case 'length':
    case 'unknown_ie':
      return CAUSE_V1.invalidFormat;
    default:
      return undefined;
  }
}

/** TS 29.274 §7.7. */
export function faultCauseV2(fault: GtpFault): number | undefined {
  switch (fault) {
    case 'missing':
      return CAUSE_V2.missingIe;
    case 'incorrect':
      return CAUSE_V2.incorrectIe;
    case 'length':
      return CAUSE_V2.invalidLength;
    default:
      return undefined;
  }
}

/** A request was accepted, wholly or with changes (TS 29.060 §7.7.1: 128 to 191; TS 29.274 §8.4: 16 to 63). */
export const acceptedV1 = (cause: number): boolean => cause >= 128 && cause < 192;
export const acceptedV2 = (cause: number): boolean => cause >= 16 && cause < 64;
