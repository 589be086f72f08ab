/** What a rule's index in the card means to the switch processor. */
import type { ControlService } from '../protocol/control.ts';
import type { SetupHandler } from '../setup/handler.ts';
import { addressPools } from '../steering/address-pool.ts';
import { portIdentifier, vidRange } from '../steering/port-identifier.ts';
import { type Rule, ruleName, type Service } from '../steering/rule.ts';

export interface MappedRule {
  /** `service/rule`. */
  readonly name: string;
  readonly service: string;
  readonly handler: SetupHandler | undefined;
  /** Packets that it punts for any reason but `punt_setup` bear an identifier that we issued. */
  readonly identifies: boolean;
}

export class ServiceMap {
  /** By index in the card's rule table. */
  readonly rules: readonly MappedRule[];
  readonly #handlers: ReadonlyMap<string, SetupHandler>;
  readonly #services: readonly Service[];

  /** Throws where a service's rules make set-ups and no handler of that name is given. */
  constructor(services: readonly Service[], handlers: readonly SetupHandler[]) {
    this.#services = services;
    this.#handlers = new Map(handlers.map((handler) => [handler.service, handler]));
    for (const service of services) {
      const makesSetups = service.rules.some((rule) => isSetupRule(rule));
      if (makesSetups && !this.#handlers.has(service.name)) {
        const known = [...this.#handlers.keys()].join(', ');
        throw new Error(
          `service ${service.name} has set-ups and no handler in host/setup takes them ` +
            `(there are ${known || 'none'}); add one, or leave the service out`,
        );
      }
    }
    this.rules = services.flatMap((service) =>
      service.rules.map((rule) => ({
        name: ruleName(rule),
        service: service.name,
        handler: this.#handlers.get(service.name),
        identifies: rule.identifier !== undefined && !rule.setup.always,
      })),
    );
  }

  /** As processors are told of them at the time. */
  get control(): ControlService[] {
    return this.#services.flatMap((service) =>
      controlService(service, this.#handlers.get(service.name)),
    );
  }

  handler(service: string): SetupHandler | undefined {
    return this.#handlers.get(service);
  }

  get handlers(): readonly SetupHandler[] {
    return [...this.#handlers.values()];
  }

  /** VIDs that the card has rows for and every service with VIDs in its ports has a port for. */
  vidRange(vids: number): { first: number; last: number } {
    let first = 0;
    let last = vids - 1;
    for (const service of this.#services) {
      for (const rule of service.rules) {
        const ports = portIdentifier(rule);
        if (ports === undefined) continue;
        const range = vidRange(ports);
        first = Math.max(first, range.first);
        last = Math.min(last, range.last);
      }
    }
    return { first, last };
  }
}

function isSetupRule({ setup }: Rule): boolean {
  return setup.always || setup.zero || setup.types !== undefined;
}

/**
 * Nothing for a service without a well-known port: its processors need none. It is the port of the first rule by
 * which something is a set-up.
 */
function controlService(service: Service, handler: SetupHandler | undefined): ControlService[] {
  const initial = service.rules.find((rule) => isSetupRule(rule) && rule.match.ports !== 'any');
  if (initial === undefined || initial.match.ports === 'any') return [];
  const { low } = initial.match.ports;
  const ports = service.rules.map(portIdentifier).find((found) => found !== undefined);
  const pools = service.rules.flatMap(addressPools);
  return [
    {
      name: service.name,
      port: low,
      ...(ports === undefined ? {} : { vidPorts: { base: ports.base, step: 2 ** ports.shift } }),
      ...(pools.length === 0 ? {} : { pools }),
      ...(handler?.node === undefined ? {} : { node: { ...handler.node } }),
    },
  ];
}
