import type { Parameters } from '../steering/service-file.ts';
import { CommandError, EXIT } from './exit.ts';

/**
 * `--set name=value`: parameters that service files declare. A value with commas is a list. Throws
 * CommandError.
 */
export function parseParameters(texts: readonly string[] = []): Parameters {
  const values: Record<string, string | string[]> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw new CommandError(EXIT.usage, `--set ${text}: give name=value`);
    const value = text.slice(at + 1);
    values[text.slice(0, at)] = value.includes(',') ? value.split(',') : value;
  }
  return values;
}
