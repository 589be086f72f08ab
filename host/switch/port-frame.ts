/** A frame that leaves the card by a port. */
import type { InjectedFrame } from '../../driver/index.ts';
import type { PortFrame } from './neighbour-proxy.ts';

/** Out of a port as it is. */
export function toPort({ port, data }: PortFrame): InjectedFrame {
  return { target: { to: 'port', port }, data };
}
