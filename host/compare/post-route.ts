/** The clock that the card has on a board, where one was placed and routed with this configuration. */
import { buildId, readConfiguration } from '../../hdl/configuration.ts';
import { coreMhz, type FpgaReport, readReports } from '../../hdl/fpga-report.ts';

export interface PostRoute {
  /** Folder in hdl/boards. */
  readonly board: string;
  readonly part: string;
  /** Of the sources that were routed, as the card reports it. */
  readonly build: string;
  /** Those sources are the present ones. */
  readonly current: boolean;
  /** Of the card's clock: what it is run at, or what the worst seed reached where that is less. */
  readonly mhz: number;
}

/** The fastest of the boards' reports (hdl/boards) for a configuration; undefined where there is none. */
export function postRoute(
  configuration: string,
  reports: readonly FpgaReport[] = readReports(),
): PostRoute | undefined {
  const present = buildId(readConfiguration(configuration)).toString(16).padStart(8, '0');
  return reports
    .filter((report) => report.configuration === configuration && report.misfit === null)
    .flatMap((report): PostRoute[] => {
      const [worst, wanted] = [coreMhz(report), report.fmax.clk_core?.constraint];
      if (worst === undefined || wanted === undefined) return [];
      const { board, part, build } = report;
      return [{ board, part, build, current: build === present, mhz: Math.min(worst, wanted) }];
    })
    .sort((a, b) => b.mhz - a.mhz)[0];
}

/** What stands behind the RTL's numbers. */
export function rtlWords(clock: PostRoute | undefined): string {
  const own = 'RTL: the card’s own, simulated clock by clock;';
  if (clock === undefined) return `${own} no post-route report, so no times.`;
  const { board, part, mhz, current } = clock;
  const of = current ? '' : ', of earlier sources';
  return `${own} times are computed from the clock that ${board} (${part}) has after routing${of}, ${mhz.toFixed(1)} MHz: no hardware has shown them.`;
}
