import type { Command } from 'commander';
import { boardDemo, demo } from '../demo/command.ts';
import { GATEWAY_DEFAULTS, gatewayDemo, gatewayDemoOptions } from '../demo/gateway-command.ts';
import {
  BOARD_DEFAULTS,
  boardDemoOptions,
  DEFAULTS,
  demoOptions,
  MOST_PROCESSORS,
} from '../demo/options.ts';

/** `vidline demo` */
export function addDemo(program: Command): void {
  const demoCommand = program
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

  demoCommand
    .command('board')
    .description(
      "the same calls on a board's core, each of its pins simulated, the host on its serial line alone",
    )
    .option('--rate <calls>', `new calls a second (default: ${BOARD_DEFAULTS.rate})`)
    .option('--calls <number>', `calls altogether (default: ${BOARD_DEFAULTS.calls})`)
    .option('--processors <number>', `SIP servers (default: ${BOARD_DEFAULTS.processors})`)
    .option('--json', 'report as one JSON object on the last line of standard output')
    .action(async (_options, command: Command) => {
      process.exitCode = await boardDemo(boardDemoOptions(command.optsWithGlobals()));
    });

  demoCommand
    .command('gateway')
    .description(
      'GTP gateways: users ping through them while one joins, a VID is moved, one is drained, one is killed',
    )
    .option('--gateways <number>', `4 to 12 (default: ${GATEWAY_DEFAULTS.gateways})`)
    .option('--sessions <number>', `users (default: ${GATEWAY_DEFAULTS.sessions})`)
    .option('--rate <pings>', `a second, of all users (default: ${GATEWAY_DEFAULTS.rate})`)
    .option('--heartbeat <ms>', `between heartbeats (default: ${GATEWAY_DEFAULTS.heartbeat})`)
    .option(
      '--misses <number>',
      `until a gateway is down (default: ${GATEWAY_DEFAULTS.misses}, more on a busy machine)`,
    )
    .option('--json', 'report as one JSON object on the last line of standard output')
    .option('--picture <file>', 'packets a second by gateway over time, as SVG')
    .action(async (_options, command: Command) => {
      // Options that the demo of calls has too are read by that one, wherever they stand.
      process.exitCode = await gatewayDemo(gatewayDemoOptions(command.optsWithGlobals()));
    });
}
