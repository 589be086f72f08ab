/** The options of a command that `npm run` calls, by Node's own parser. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/** `--help` prints the usage and ends the process, wrong use says what is wrong and ends it with 2. */
export function readOptions<T extends Options>(usage: string, options: T): Values<T> {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error;
    process.stderr.write(`${message}\n\n${usage}\n`);
    process.exit(2);
  }
}
