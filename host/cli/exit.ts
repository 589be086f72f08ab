/** What an exit status of `vidline` means. */
export const EXIT = {
  ok: 0,
  /** Something is not as it should be: a failed call, a table that differs. */
  mismatch: 1,
  usage: 2,
  /** No card, no switch processor, or the machine lacks something. */
  noDevice: 3,
  /** The line to the card or to the switch processor broke. */
  transport: 4,
  /** A file, a value or a name that was given is wrong. */
  badInput: 5,
  simulator: 6,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** An error whose message is for the user as it stands, with what to do next. */
export class CommandError extends Error {
  readonly status: ExitStatus;

  constructor(status: ExitStatus, message: string) {
    super(message);
    this.name = 'CommandError';
    this.status = status;
  }
}
