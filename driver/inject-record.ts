/** Where an injected frame is to go, as the card reads it. */
import { encodeInject, VALUES } from './generated/registers.ts';
import type { InjectTarget } from './transport.ts';

/** The `inject` record. */
export function injectRecord(target: InjectTarget): number {
  return encodeInject({
    mode: VALUES.inject_mode[target.to],
    target: target.to === 'slot' ? target.slot : target.port,
  });
}
