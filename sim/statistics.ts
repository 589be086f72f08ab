/** What the simulation counts beside the card's own counters. */

/** Frames that did not get through on this side of the pins, each with what it means. */
export const DROP_MEANINGS = {
  kernelDrops:
    "the interface's socket buffer was full: frames came faster than the card takes them",
  unsegmented:
    'larger than any frame: switch TSO and GSO off at the sender (ethtool -K IF tso off gso off)',
  tooLong: 'longer than 16 KiB',
  receiveErrors: 'the interface was down or gone (times, not frames)',
  sendErrors: 'refused by the interface: down, or the frame is longer than its MTU',
  sendOverflow: 'the interface took frames too slowly and 4096 were waiting',
  notFetched: '64 MiB of frames waited for JavaScript to fetch them',
} as const;

export type DropCause = keyof typeof DROP_MEANINGS;

/** Frames and bytes at the pins of one port. In: into the card. */
export interface StreamStatistics {
  readonly framesIn: number;
  readonly bytesIn: number;
  readonly framesOut: number;
  readonly bytesOut: number;
}

export interface PortStatistics extends StreamStatistics {
  /** Frames handed over that have not gone into the card yet. */
  readonly waiting: number;
  /** Causes that the port's attachment can have; `DROP_MEANINGS` says what each means. */
  readonly drops: Readonly<Partial<Record<DropCause, number>>>;
  /** Times that the interface was busy and frames had to wait. */
  readonly sendWaits: number;
  /** Checksums that the kernel had left to hardware and that were finished here. */
  readonly checksumsFinished: number;
  /** VLAN tags that the kernel had taken out and that were put back. */
  readonly tagsRestored: number;
  /** Of a board. */
  readonly phy?: PhyStatistics;
}

/** What a board's PHY has met. The MAC's faults would be ours: all but `cut` stay 0 while speed and link do. */
export interface PhyStatistics {
  /** Frames towards the MAC that ended in their middle or never began, since link or speed went. */
  readonly cut: number;
  /** Carriers of the MAC without preamble and SFD. */
  readonly preamble: number;
  /** Frames of the MAC with a wrong FCS. */
  readonly fcs: number;
  /** Frames of the MAC of fewer than 64 octets. */
  readonly short: number;
  /** Frames of the MAC less than 12 octet times behind the one before. */
  readonly gap: number;
}

export interface SimulationStatistics {
  /** Rising edges since the reset. */
  readonly clocks: number;
  /** Seconds since the card was opened. */
  readonly wallSeconds: number;
  /** Seconds of processor time that evaluating the model took. */
  readonly busySeconds: number;
  readonly ports: readonly PortStatistics[];
  readonly host: StreamStatistics;
  /** Frames that left by ports that nothing is attached to. */
  readonly unattached: number;
  /** Of the serial line, where it is attached. */
  readonly line?: LineStatistics;
}

/** Octets of the serial line at the card's pins. */
export interface LineStatistics {
  /** Into the card. */
  readonly octetsIn: number;
  readonly octetsOut: number;
  /** Bits turned, octets lost and doubled, as `setLineNoise` asked. */
  readonly noise: number;
  /** Octets of the card that came without their stop bit. */
  readonly framing: number;
  /** Octets that no host fetched; a megabyte waits. */
  readonly unread: number;
}

/** Shapes the flat numbers of sim/native/worker_statistics.cc. */
export function shapeStatistics(
  numbers: Readonly<Record<string, number>>,
  ports: number,
  wallSeconds: number,
): SimulationStatistics {
  const get = (name: string) => numbers[name] ?? 0;
  return {
    clocks: get('clocks'),
    wallSeconds,
    busySeconds: get('busySeconds'),
    unattached: get('unattached'),
    ...(numbers['uart.octetsIn'] === undefined
      ? {}
      : {
          line: {
            octetsIn: get('uart.octetsIn'),
            octetsOut: get('uart.octetsOut'),
            noise: get('uart.noise'),
            framing: get('uart.framing'),
            unread: get('uart.unread'),
          },
        }),
    host: {
      framesIn: get('hostFramesIn'),
      bytesIn: get('hostBytesIn'),
      framesOut: get('hostFramesOut'),
      bytesOut: get('hostBytesOut'),
    },
    ports: Array.from({ length: ports }, (_, port) => {
      const of = (name: string) => get(`${port}.${name}`);
      const drops: Partial<Record<DropCause, number>> = {};
      for (const cause of Object.keys(DROP_MEANINGS) as DropCause[]) {
        const count = numbers[`${port}.${cause}`];
        if (count !== undefined) drops[cause] = count;
      }
      return {
        framesIn: of('framesIn'),
        bytesIn: of('bytesIn'),
        framesOut: of('framesOut'),
        bytesOut: of('bytesOut'),
        waiting: of('waiting'),
        drops,
        sendWaits: of('sendWaits'),
        checksumsFinished: of('checksumsFinished'),
        tagsRestored: of('tagsRestored'),
        ...(numbers[`${port}.phy.cut`] === undefined
          ? {}
          : {
              phy: {
                cut: of('phy.cut'),
                preamble: of('phy.preamble'),
                fcs: of('phy.fcs'),
                short: of('phy.short'),
                gap: of('phy.gap'),
              },
            }),
      };
    }),
  };
}
