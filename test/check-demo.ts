/**
 * Checks what `npm run demo -- --json` put out: check-demo.ts FILE CALLS PROCESSORS [NETWORK].
 * NETWORK is what it must have run on, `namespaces` (default) or `memory`.
 * Reads nothing of the demo's own code, so that the demo cannot agree with itself only.
 */
import { readFileSync } from 'node:fs';

const [file = '', calls = '', processors = '', network = 'namespaces'] = process.argv.slice(2);
const lines = readFileSync(file, 'utf8').trim().split('\n');
const report = JSON.parse(lines.at(-1) ?? '');
const wrong: string[] = [];

function expect(what: string, good: boolean, seen: unknown): void {
  if (!good) wrong.push(`${what}; it says ${JSON.stringify(seen)}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const n = Number(calls);
expect('schema is vidline.demo/1', report.schema === 'vidline.demo/1', report.schema);
expect(`the network is ${network}`, report.network === network, report.network);
expect(`${n} calls were attempted`, report.calls?.attempted === n, report.calls);
expect('all calls succeeded', report.calls?.succeeded === n, report.calls);
expect('no call failed', report.calls?.failed === 0, report.calls);
expect(
  'retransmissions are counted',
  Number.isInteger(report.calls?.retransmissions),
  report.calls,
);

const packets = report.packets ?? {};
const { lineIn, steered, punted, injected, toLine, dropped } = packets;
expect('each call is steered at least twice (ACK, BYE)', steered >= 2 * n, packets);
expect('each call is punted at least once (INVITE)', punted >= n, packets);
expect('each INVITE is injected', injected >= n, packets);
expect('each call is answered at least twice (200, 200)', toLine >= 2 * n, packets);
expect('what came from the line is more than the calls need', lineIn >= 3 * n, packets);
expect(
  'drops are numbers',
  Object.values(dropped ?? { none: '' }).every(Number.isInteger),
  packets,
);

const { packets: inDialog, punted: inDialogPunted } = report.inDialog ?? {};
expect('in-dialog packets are at least two a call', inDialog >= 2 * n, report.inDialog);
expect('no in-dialog packet was punted', inDialogPunted === 0, report.inDialog);

const servers: { slot: number; vids: number; calls: number; packets: number }[] =
  report.processors ?? [];
expect(`${processors} processors`, servers.length === Number(processors), servers);
expect(
  'each processor has VIDs',
  servers.every(({ vids }) => vids > 0),
  servers,
);
expect(
  'each processor had calls',
  servers.every(({ calls: had }) => had > 0),
  servers,
);
expect('their calls are all calls', sum(servers.map(({ calls: had }) => had)) === n, servers);
expect(
  'each has a slot of its own',
  new Set(servers.map(({ slot }) => slot)).size === servers.length,
  servers,
);
expect(
  'the card names its configuration',
  typeof report.card?.configuration === 'string',
  report.card,
);
expect('the card counted clocks', report.card?.clocks > 0, report.card);
expect('the card names its width', [64, 512].includes(report.card?.dataWidth), report.card);
expect('the card names its build', typeof report.card?.build === 'string', report.card);

// Each packet that the card received, from whichever side, had one end or is in it still.
const accounting = report.accounting ?? {};
let open = 0;
for (const origin of ['line', 'slot', 'host']) {
  const { received, ends = {} } = accounting[origin] ?? {};
  const counts = [received, ...Object.values<number>(ends)];
  const isAccount = counts.length > 1 && counts.every(Number.isInteger);
  expect(`an account of what came from ${origin}`, isAccount, accounting);
  const left = received - sum(Object.values(ends));
  expect(`from ${origin} no more ends than packets`, left >= 0, accounting[origin]);
  open += left;
}
expect(
  `the ${open} packets that have had no end to be the ${accounting.inFlight} in flight`,
  open === accounting.inFlight,
  accounting,
);

for (const line of wrong) process.stderr.write(`${file}: expected: ${line}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
