/** The MACs of a board's ports: link, speed, and what was wrong on the line. */
import type { CardSizes } from './generated/registers.ts';
import { decodeEntry, TABLES } from './generated/registers.ts';
import type { Access, Transport } from './transport.ts';

/** Frames by what was wrong, each with what it means; `hdl/registers.yaml` has the exact words. */
export const MAC_FAULTS = {
  rx_fcs: 'came with a wrong FCS: cable, connector, or the clocks of the board',
  rx_alignment: 'came with a part of an octet and a wrong FCS: half duplex at the other end?',
  rx_code: 'came with an error that the PHY has seen: cable or connector',
  rx_short: 'came with fewer than 64 octets: a collision, half duplex at the other end?',
  rx_oversize: 'came longer than the card takes: jumbo frames at the other end',
  rx_no_frame: 'were no frames: noise, or a link that comes and goes',
  rx_cut: 'were cut: the link went, or the PHY lost its clock',
  tx_no_link: 'were to be sent and there was no link',
} as const;
export type MacFault = keyof typeof MAC_FAULTS;

export interface MacState {
  readonly link: boolean;
  /** Mb/s. */
  readonly speed: 10 | 100 | 1000;
  readonly fullDuplex: boolean;
  readonly kind: 'RGMII' | 'RMII';
  /** Since the card's reset, modulo 2^32, as they stand: they belong to no snapshot. */
  readonly faults: Readonly<Record<MacFault, number>>;
}

const SPEEDS = [10, 100, 1000] as const;
const { offset, stride, words } = TABLES.mac;

/** By port; undefined where there is no MAC. */
export async function readMacs(
  transport: Transport,
  { ports }: CardSizes,
): Promise<(MacState | undefined)[]> {
  const accesses: Access[] = [];
  for (let port = 0; port < ports; port++)
    for (let word = 0; word < words; word++)
      accesses.push({ address: offset + 4 * (stride * port + word) });
  const read = await transport.access(accesses);
  return Array.from({ length: ports }, (_, port) => {
    const entry = decodeEntry('mac', read.slice(port * words, (port + 1) * words));
    if (entry.present === 0) return undefined;
    const faults = Object.keys(MAC_FAULTS) as MacFault[];
    return {
      link: entry.link === 1,
      speed: SPEEDS[entry.speed] ?? 1000,
      fullDuplex: entry.full_duplex === 1,
      kind: entry.rmii === 1 ? 'RMII' : 'RGMII',
      faults: Object.fromEntries(faults.map((name) => [name, entry[name]])) as Record<
        MacFault,
        number
      >,
    };
  });
}
