/** Errors of the driver. Each has a code that programs look at and a message that people read. */
export type DriverErrorCode =
  /** What answers is no vidline card. */
  | 'NOT_A_CARD'
  /** The card's register map is of another major version. */
  | 'VERSION'
  /** The card's widths or sizes are none that this driver, or its caller, can work with. */
  | 'SIZES'
  /** What was read back is not what was written. */
  | 'VERIFY'
  /** A table has no room for what should go in; what was in is still in. */
  | 'FULL'
  /** The card was built without it. */
  | 'UNSUPPORTED'
  /** There is no such line, or no card answers on it. */
  | 'NO_DEVICE'
  /** The line to the card broke, or has become silent. */
  | 'LINE'
  /** The transport was closed. */
  | 'CLOSED';

export class DriverError extends Error {
  readonly code: DriverErrorCode;

  constructor(code: DriverErrorCode, message: string) {
    super(message);
    this.name = 'DriverError';
    this.code = code;
  }
}

export const hex = (value: number | bigint, digits = 8): string =>
  `0x${value.toString(16).padStart(digits, '0')}`;
