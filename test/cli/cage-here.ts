import { cageRemedy, probeCage } from '../../host/cli/namespaces/cage.ts';

/**
 * Whether this machine allows what tests on real interfaces need. Where it does not, they are left
 * out with a word on standard error; where VIDLINE_REQUIRE_NETWORK is set (CI), that is a failure.
 */
export async function cageHere(): Promise<boolean> {
  const { kind, reasons } = await probeCage();
  if (kind !== undefined) return true;
  const message = `no network namespaces here (${reasons.join('; ')}); ${cageRemedy()}`;
  if (process.env.VIDLINE_REQUIRE_NETWORK) throw new Error(message);
  process.stderr.write(`tests on real interfaces are left out: ${message}\n`);
  return false;
}
