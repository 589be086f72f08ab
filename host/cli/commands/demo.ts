import type { Command } from 'commander';
import { demo } from '../demo/command.ts';
import { DEFAULTS, demoOptions, MOST_PROCESSORS } from '../demo/options.ts';

/** `vidline demo` */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('SIPp calls SIP servers through the simulated card, on network namespaces')
    .option('--rate <calls>', `new calls a second (default: ${DEFAULTS.rate})`)
    .option('--calls <number>', `calls altogether (default: ${DEFAULTS.seconds} s of them)`)
    .option(
      '--processors <number>',
      `SIP servers, up to ${MOST_PROCESSORS} (default: ${DEFAULTS.processors})`,
    )
    .option('--json', 'report as one JSON object on the last line of standard output')
    .option('--capture <folder>', 'write pcapng files of each side, each frame with its decision')
    .option('--wave <file>', "FST waveform of the card's first clocks")
    .option(
      '--memory',
      'ports in memory and a client of our own, as where nothing else is possible',
    )
    .action(async (options) => {
      process.exitCode = await demo(demoOptions(options));
    });
}
