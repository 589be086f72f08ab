/** The driver: what others may import of driver/. */
export type { CardEvents, CardOptions, DecidedFrame, IndexedEntry } from './card.ts';
export { Card } from './card.ts';
export type {
  Accounting,
  CardStatus,
  Count,
  CounterSnapshot,
  EndCount,
  EndFilter,
} from './counters.ts';
export { checkAccounting, sumEnds } from './counters.ts';
export type { DriverErrorCode } from './errors.ts';
export { DriverError } from './errors.ts';
export * from './generated/registers.ts';
export type { CardIdentity, ExpectedSizes } from './identity.ts';
export { SimulationTransport } from './simulation.ts';
export type { Difference, Reconciled, Written } from './tables.ts';
export { CardTables } from './tables.ts';
export type {
  Access,
  HostFrame,
  InjectedFrame,
  InjectTarget,
  Transport,
  TransportEvents,
} from './transport.ts';
