/** The driver: what others may import of driver/. */
export type { CardEvents, CardOptions, CardTimes, DecidedFrame, IndexedEntry } from './card.ts';
export { Card } from './card.ts';
export type {
  Accounting,
  CardStatus,
  Count,
  CounterSnapshot,
  EndCount,
  EndFilter,
  RuleCount,
} from './counters.ts';
export { checkAccounting, sumEnds } from './counters.ts';
export type { DriverErrorCode } from './errors.ts';
export { DriverError } from './errors.ts';
export type { DownCause, SlotEvent } from './events.ts';
export * from './generated/registers.ts';
export type { CardIdentity, ExpectedSizes } from './identity.ts';
export type { Health, PuntLimit } from './limits.ts';
export { healthEntry, LEAST_RATE, policerEntry, policerIndex, puntLimit } from './limits.ts';
export type { MacFault, MacState } from './macs.ts';
export { MAC_FAULTS } from './macs.ts';
export type { Mirror } from './mirror.ts';
export type {
  ListedOverride,
  NewOverride,
  Override,
  OverrideDifference,
  OverrideStatistics,
  OverridesReconciled,
  OverrideTableOptions,
} from './overrides.ts';
export { OverrideTable } from './overrides.ts';
export type { SerialPortAddress } from './serial/address.ts';
export { BAUD_RATE, parseSerialAddress } from './serial/address.ts';
export type { LineCounter, LineCounters } from './serial/counters.ts';
export { LINE_MEANINGS } from './serial/counters.ts';
export type { LinkOptions } from './serial/link.ts';
export { SerialTransport } from './serial/serial-transport.ts';
export { SimulationTransport } from './simulation.ts';
export type { Difference, HostTable, Reconciled, Written } from './tables.ts';
export { CardTables, HOST_TABLES } from './tables.ts';
export type {
  Access,
  HostFrame,
  InjectedFrame,
  InjectTarget,
  Transport,
  TransportEvents,
} from './transport.ts';
