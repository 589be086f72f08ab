/** What a demo has shown: the object that `--json` prints, and whether it is good. */

/** Packets that entered the card from one side, and by which end they left. */
export interface OriginAccount {
  readonly received: number;
  /** Packets by end: steer, punt, host, slot, line, drop. */
  readonly ends: Readonly<Record<string, number>>;
}

export interface ProcessorReport {
  readonly name: string;
  readonly slot: number;
  /** VIDs that it owns. */
  readonly vids: number;
  /** Dialogs that it began, by its own count. */
  readonly calls: number;
  /** Packets that the card sent to its slot. */
  readonly packets: number;
}

export interface DemoReport {
  readonly schema: 'vidline.demo/1';
  /** `namespaces`: real interfaces and SIPp. `memory`: ports in memory and a client of our own. */
  readonly network: 'namespaces' | 'memory';
  /** How the driver comes to the card, where that is not its pins in memory. */
  readonly transport?: 'serial';
  /** Of a simulated board: its seconds over real ones. */
  readonly timeScale?: number;
  readonly calls: {
    readonly attempted: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly retransmissions: number;
  };
  readonly packets: {
    readonly lineIn: number;
    readonly steered: number;
    readonly punted: number;
    readonly injected: number;
    readonly toLine: number;
    /** By reason; only reasons that occurred. */
    readonly dropped: Readonly<Record<string, number>>;
  };
  /** Requests addressed to a Contact that a processor issued. */
  readonly inDialog: { readonly packets: number; readonly punted: number };
  readonly processors: readonly ProcessorReport[];
  readonly card: {
    readonly configuration: string;
    readonly clocks: number;
    readonly dataWidth: number;
    /** `build_id` of the identity block, hexadecimal. */
    readonly build: string;
  };
  /** What came from each side is what had an end and what is in flight, at one clock. */
  readonly accounting: {
    readonly line: OriginAccount;
    readonly slot: OriginAccount;
    readonly host: OriginAccount;
    /** In the pipeline, or held until the first fragment of their packet comes. */
    readonly inFlight: number;
  };
  /** Packets that never reached the card's pipeline: lost before it, by cause; only those that occurred. */
  readonly lost: Readonly<Record<string, number>>;
  /** Why the demo is no success, in words; empty: it is one. */
  readonly problems: readonly string[];
}

export const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/**
 * What keeps a report from being a success, in words. `wanted`: calls that should have been made;
 * undefined when somebody stopped the demo before its end.
 */
export function judge(
  report: Omit<DemoReport, 'problems'>,
  wanted: number | undefined,
): readonly string[] {
  const problems: string[] = [];
  const { calls, inDialog, accounting, processors } = report;
  if (wanted !== undefined && calls.attempted !== wanted) {
    problems.push(`${calls.attempted} calls were made, not ${wanted}`);
  }
  if (calls.attempted === 0) problems.push('no call was made');
  if (calls.failed > 0) problems.push(`${calls.failed} calls failed`);
  if (wanted !== undefined && calls.succeeded + calls.failed !== calls.attempted) {
    problems.push(`${calls.attempted - calls.succeeded - calls.failed} calls came to no end`);
  }
  if (inDialog.punted > 0) {
    problems.push(
      `${inDialog.punted} in-dialog packets went to the switch processor; the card should steer all`,
    );
  }
  if (inDialog.packets < 2 * calls.succeeded) {
    problems.push(
      `${inDialog.packets} in-dialog packets for ${calls.succeeded} calls; ACK and BYE make two a call`,
    );
  }
  problems.push(...unbalanced(accounting));
  const answered = processors.reduce((sum, { calls: had }) => sum + had, 0);
  if (answered < calls.succeeded) {
    problems.push(`the processors know of ${answered} calls, the client of ${calls.succeeded}`);
  }
  return problems;
}

/** Where the card's account does not balance, in words. */
export function unbalanced(accounting: DemoReport['accounting']): string[] {
  const { inFlight, ...origins } = accounting;
  const problems: string[] = [];
  let missing = 0;
  for (const [origin, { received, ends }] of Object.entries(origins)) {
    const ended = total(ends);
    missing += received - ended;
    if (ended > received) {
      problems.push(`the card received ${received} packets from ${origin} and ended ${ended}`);
    }
  }
  if (missing !== inFlight) {
    problems.push(`${missing} packets have had no end, but the card has ${inFlight} in flight`);
  }
  return problems;
}
