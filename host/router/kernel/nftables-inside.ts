/**
 * Runs in a network namespace of its own: what nftables costs on top of a frame that crosses a veth and is
 * dropped. Prints nanoseconds a frame, round by round, as JSON: `{ bare, hash, rows }`.
 *
 *   nftables-inside.ts ADDON FRAMES LENGTH COUNT ROUNDS      FRAMES: a file of them, one behind the other
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface Sender {
  send(interfaceName: string, frames: Uint8Array, length: number, count: number): number;
}

const [addon = '', file = '', length = '', count = '', rounds = ''] = process.argv.slice(2);
const { send } = createRequire(import.meta.url)(addon) as Sender;
const frames = readFileSync(file);
const SLOTS = 64;
const VIDS = 65_536;

const slotMac = (slot: number) => `02:76:6c:00:${slot.toString(16).padStart(2, '0')}:01`;
const elements = (number: number) =>
  Array.from({ length: number }, (_, n) => `${n} : ${slotMac(n % SLOTS)}`).join(', ');

/** The TEID lies 12 bytes behind UDP's beginning; its upper 16 bits are the VID. */
const MATCH = 'ip daddr 192.0.2.2 udp dport 2152';
const REWRITE = 'ether saddr set 02:76:6c:00:00:09';
const RULES: Readonly<Record<string, string>> = {
  bare: '',
  hash: `${MATCH} meta mark set jhash @th,96,32 mod ${SLOTS} ether daddr set meta mark map @slots ${REWRITE}`,
  rows: `${MATCH} ether daddr set @th,96,16 map @rows ${REWRITE}`,
};

function nft(text: string): string {
  return execFileSync('nft', ['-f', '-'], { input: text, encoding: 'utf8' });
}

const MAKE = ['link add vl0 type veth peer name vl1', 'link set vl0 up', 'link set vl1 up'];
for (const words of MAKE) execFileSync('ip', words.split(' '));
nft(`table netdev vidline {
  map slots { type mark : ether_addr; elements = { ${elements(SLOTS)} } }
  map rows { typeof @th,96,16 : ether daddr; elements = { ${elements(VIDS)} } }
  counter met { }
  chain arriving { type filter hook ingress device "vl1" priority 0; policy drop; }
}`);

const rule = (text: string) =>
  nft(
    `flush chain netdev vidline arriving\n${text === '' ? '' : `add rule netdev vidline arriving ${text}`}`,
  );

// That all frames meet the rule to its end.
for (const [name, text] of Object.entries(RULES)) {
  if (text === '') continue;
  nft('reset counter netdev vidline met');
  rule(`${text} counter name met drop`);
  send('vl0', frames, Number(length), 1000);
  const shown = execFileSync('nft', ['list', 'counter', 'netdev', 'vidline', 'met'], {
    encoding: 'utf8',
  });
  if (!/packets 1000\b/.test(shown))
    throw new Error(`${name}: not all frames met the rule\n${shown}`);
}

const costs: Record<string, number[]> = {};
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, text] of Object.entries(RULES)) {
    rule(text === '' ? '' : `${text} drop`);
    const ns = send('vl0', frames, Number(length), Number(count)) / Number(count);
    costs[name] = [...(costs[name] ?? []), ns];
  }
}
process.stdout.write(JSON.stringify(costs));
