/** The simulated card: what others may import of sim/. */

export type { Configuration, Design } from '../hdl/configuration.ts';
export {
  buildId,
  cardDesign,
  configurationNames,
  readConfiguration,
} from '../hdl/configuration.ts';
export { ensureAddon } from './addon.ts';
export type { Observation, SimulatedHostFrame } from './batches.ts';
export type { Board, BuildOptions, Built, StandIn } from './build.ts';
export { ensureBuilt } from './build.ts';
export type { ReadOptions } from './byte-source.ts';
export type { SimulationErrorCode } from './calls.ts';
export { SimulationError } from './calls.ts';
export type { CapturedFrame, CaptureInterfaceOptions, FrameToWrite } from './capture-file.ts';
export { CaptureFileError, LINKTYPE_ETHERNET, PcapngWriter, readCapture } from './capture-file.ts';
export type { CapturePortOptions } from './capture-port.ts';
export { CapturePort } from './capture-port.ts';
export { BuildError } from './compile.ts';
export { ETHERNET_FROM, ethernetOf, linkTypeName } from './link-type.ts';
export type {
  LineNoise,
  PhySettings,
  SimulatedAccess,
  SimulatedCardEvents,
  SimulatedCardOptions,
  SimulatedInject,
  StreamPatterns,
} from './simulated-card.ts';
export { SimulatedCard } from './simulated-card.ts';
export type {
  DropCause,
  LineStatistics,
  PhyStatistics,
  PortStatistics,
  SimulationStatistics,
  StreamStatistics,
} from './statistics.ts';
export { DROP_MEANINGS } from './statistics.ts';
