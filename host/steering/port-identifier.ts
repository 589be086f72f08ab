/**
 * Ports that stand for VIDs: `(port - base) >> shift` in a stated range. With a shift each VID owns
 * a run of 2^shift ports. Ports that mean something else are reserved: no VID may stand for them.
 */
import { type Problem, ruleProblem } from './problem.ts';
import { type PortRange, type Rule, ruleName } from './rule.ts';

/** IANA's well-known ports end below this (RFC 6335 §6). */
const FIRST_FREE_PORT = 1024;

export interface PortIdentifier {
  /** Port of VID 0. */
  readonly base: number;
  readonly shift: number;
  /** Ports that the rule matches. */
  readonly low: number;
  readonly high: number;
}

/** How a rule's ports stand for VIDs; undefined where its identifier is not the destination port. */
export function portIdentifier({ identifier, match, setup }: Rule): PortIdentifier | undefined {
  if (identifier === undefined || setup.always || match.ports === 'any') return undefined;
  const { base, offset, width, order, mask, subtract, shift } = identifier;
  const isPort = base === 'l4' && offset === 2 && width === 2 && order === 'big';
  if (!isPort || mask !== 0xffffn || subtract > 0xffffn) return undefined;
  return { base: Number(subtract), shift, ...match.ports };
}

/** The first port that stands for `vid`. Throws RangeError where the range holds none or not all. */
export function vidToPort(ports: PortIdentifier, vid: number): number {
  const first = ports.base + vid * 2 ** ports.shift;
  const last = first + 2 ** ports.shift - 1;
  if (!Number.isInteger(vid) || first < ports.low || last > ports.high) {
    const { first: from, last: to } = vidRange(ports);
    throw new RangeError(
      `VID ${vid} has no port in ${ports.low}-${ports.high}; that range holds VIDs ${from} to ${to}`,
    );
  }
  return first;
}

/** The VID that `port` stands for; undefined outside of the range. */
export function portToVid(ports: PortIdentifier, port: number): number | undefined {
  if (!Number.isInteger(port) || port < ports.low || port > ports.high) return undefined;
  return port < ports.base ? undefined : (port - ports.base) >> ports.shift;
}

/** The VIDs all of whose ports lie in the range; `last` < `first` where there is none. */
export function vidRange(ports: PortIdentifier): { first: number; last: number } {
  const size = 2 ** ports.shift;
  return {
    first: Math.ceil((Math.max(ports.low, ports.base) - ports.base) / size),
    last: Math.floor((ports.high + 1 - ports.base) / size) - 1,
  };
}

/** What is wrong with the ports that stand for VIDs among the rules of one service. */
export function portProblems(rules: readonly Rule[]): Problem[] {
  return rules.flatMap((rule) => {
    const ports = portIdentifier(rule);
    if (ports === undefined) return [];
    const { low, high, base } = ports;
    const wrong = (message: string, remedy: string) => [
      ruleProblem(rule, 'match.port', message, remedy),
    ];
    if (low < FIRST_FREE_PORT) {
      const message = `ports below ${FIRST_FREE_PORT} are reserved and cannot stand for VIDs`;
      return wrong(message, `begin the range at ${FIRST_FREE_PORT} or above`);
    }
    if (low < base) {
      const message = `port ${low} lies before the identifier's base ${base} and gives no VID`;
      return wrong(message, `begin the range at ${base}, or lower the base`);
    }
    const other = rules.find((candidate) => reserves(candidate, rule, { low, high }));
    if (other === undefined) return [];
    const taken = other.match.ports === 'any' ? '' : portsText(other.match.ports);
    const message = `a VID would stand for port ${taken} that rule ${ruleName(other)} reserves`;
    return wrong(message, `choose a range without port ${taken}`);
  });
}

function reserves(other: Rule, rule: Rule, range: PortRange): boolean {
  const { protocol, ports } = other.match;
  if (other === rule || ports === 'any' || portIdentifier(other) !== undefined) return false;
  const apart =
    protocol !== 'any' && rule.match.protocol !== 'any' && protocol !== rule.match.protocol;
  return !apart && ports.low <= range.high && range.low <= ports.high;
}

export function portsText({ low, high }: PortRange): string {
  return low === high ? `${low}` : `${low}-${high}`;
}
