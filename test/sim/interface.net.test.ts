/**
 * Ports on real interfaces. The stand-in card joins two hosts like a wire; what their kernels make of
 * each other's frames is the test: they verify every checksum.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Observation, SimulatedCard } from '../../sim/index.ts';
import { build, Cards } from './loop-card.ts';
import { canMakeVeth, FarEnd } from './network.ts';

const cards = new Cards();
beforeAll(() => build('sim'));
afterEach(() => cards.close());

const A = '10.99.0.1';
const B = '10.99.0.2';

/** Programs for the far ends. */
const ECHO = `const s = require('dgram').createSocket('udp4');
  s.on('message', (m, r) => s.send(m.toString().toUpperCase(), r.port, r.address));
  s.bind(5000, () => console.log('ready'));`;
/** Sends a datagram until it comes back. */
const ASK = `const s = require('dgram').createSocket('udp4');
  s.on('message', (m) => { console.log(m.toString()); process.exit(0); });
  const ask = () => s.send('through the card', 5000, '${B}');
  setInterval(ask, 200); ask();`;
const SINK = `require('net').createServer((c) => c.resume()).listen(5000, () => console.log('ready'));`;
/** Writes more than a frame holds at once. */
const FLOOD = `const c = require('net').connect(5000, '${B}', () => {
  c.write(Buffer.alloc(400000)); setTimeout(() => process.exit(0), 300); });`;
const burst = (count: number) => `const s = require('dgram').createSocket('udp4');
  let left = ${count}; s.on('error', () => {});
  const next = () => { if (left-- === 0) process.exit(0); s.send('x', 9, '${B}', next); }; next();`;
/** Raw frames with two tags; the receiver's kernel takes the outer one out, so it is asked for it. */
const TAGGED = Buffer.from(
  `02000000000202000000000188a8000781002063080045${'00'.repeat(45)}`,
  'hex',
);
const rawSend = (far: string) => `
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("${far}", 0))
s.send(bytes.fromhex("${TAGGED.toString('hex')}"))`;
const rawReceive = (far: string) => `
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(263, 8, 1) # SOL_PACKET, PACKET_AUXDATA
s.bind(("${far}", 3))
print("ready", flush=True)
while True:
    data, extra, _, _ = s.recvmsg(2000, 100)
    if data[:6] != bytes.fromhex("020000000002"): continue
    status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", extra[0][2])
    if status & 16: data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:] # VLAN_VALID
    print(data.hex())
    break`;

if (!canMakeVeth()) {
  test('without the right to make interfaces a port on one is refused in words', async () => {
    const card = await cards.open({ mode: 'live' });
    await expect(card.attachInterface(0, 'lo')).rejects.toThrow(/lo: .*(CAP_NET_RAW|not there)/);
  });
} else {
  describe('ports on interfaces', () => {
    let a: FarEnd;
    let b: FarEnd;
    let card: SimulatedCard;
    const seen: Observation[] = [];

    beforeEach(async () => {
      a = new FarEnd('a', A);
      b = new FarEnd('b', B);
      card = await cards.open({ mode: 'live', observe: true });
      seen.length = 0;
      card.on('decisions', (some) => seen.push(...some));
      await card.attachInterface(0, a.near);
      await card.attachInterface(1, b.near);
    });
    afterEach(() => {
      a.remove();
      b.remove();
    });

    /** A datagram to b and back, ARP before it. */
    async function roundTrip(): Promise<string> {
      const server = b.start(process.execPath, '-e', ECHO);
      try {
        await once(server.stdout, 'data');
        return a.run(process.execPath, '-e', ASK).trim();
      } finally {
        server.kill();
        await once(server, 'exit');
      }
    }

    test('ARP and UDP, whose checksums the sender leaves to hardware', async () => {
      expect(await roundTrip()).toBe('THROUGH THE CARD');
      const { ports } = await card.statistics();
      expect(ports[0]?.checksumsFinished).toBeGreaterThan(0);
      expect(ports[1]?.checksumsFinished).toBeGreaterThan(0);
      expect(ports[0]?.drops).toMatchObject({ kernelDrops: 0, sendErrors: 0, sendOverflow: 0 });
      const snmp = b.run('cat', '/proc/net/snmp');
      const [names = [], values = []] = [...snmp.matchAll(/^Udp: (.*)$/gm)].map(([, text]) =>
        (text ?? '').split(' '),
      );
      expect(values[names.indexOf('InCsumErrors')]).toBe('0');
    });

    test('VLAN tags that the kernel takes out are put back', async () => {
      const receiver = b.start('python3', '-c', rawReceive(b.far));
      await once(receiver.stdout, 'data');
      a.run('python3', '-c', rawSend(a.far));
      const [received] = await once(receiver.stdout, 'data');
      expect(String(received).trim()).toBe(TAGGED.toString('hex'));
      const { ports } = await card.statistics();
      expect(ports[0]?.tagsRestored).toBe(1);
      expect(seen.map(({ ingress }) => ingress?.toString('hex'))).toContain(TAGGED.toString('hex'));
    });

    test('frames that nobody has cut are counted, with what to do', async () => {
      const listening = b.start(process.execPath, '-e', SINK);
      try {
        await once(listening.stdout, 'data');
        a.run(process.execPath, '-e', FLOOD);
        expect((await card.statistics()).ports[0]?.drops.unsegmented).toBeGreaterThan(0);
      } finally {
        listening.kill();
      }
    });

    test('a burst gets through without loss', async () => {
      await roundTrip();
      a.run(process.execPath, '-e', burst(20_000));
      const sent = a.counter('tx_packets');
      await expect.poll(() => b.counter('rx_packets'), { timeout: 60_000 }).toBe(sent);
      const { ports } = await card.statistics();
      expect(sent).toBeGreaterThan(20_000);
      expect(ports[0]).toMatchObject({ framesIn: sent, drops: { kernelDrops: 0 } });
      expect(ports[1]).toMatchObject({
        framesOut: sent,
        drops: { sendOverflow: 0, sendErrors: 0 },
      });
    });

    test('an interface that goes down is counted; up again, frames flow', async () => {
      a.setNear('down');
      await expect
        .poll(async () => (await card.statistics()).ports[0]?.drops.receiveErrors)
        .toBe(1);
      a.setNear('up');
      expect(await roundTrip()).toBe('THROUGH THE CARD');
    });

    test('a process that is killed leaves no socket on the interface', async () => {
      await cards.close();
      const index = readFileSync(`/sys/class/net/${a.near}/ifindex`, 'utf8').trim();
      const sockets = () =>
        readFileSync('/proc/net/packet', 'utf8')
          .split('\n')
          .filter((line) => line.trim().split(/\s+/)[4] === index).length;
      expect(sockets()).toBe(0);
      const program = `
        import { SimulatedCard } from '${new URL('../../sim/index.ts', import.meta.url).href}';
        import { LOOP } from '${new URL('./loop-card.ts', import.meta.url).href}';
        const card = await SimulatedCard.open({ configuration: 'sim', mode: 'live', standIn: LOOP });
        await card.attachInterface(0, '${a.near}');
        console.log('ready');`;
      const child = spawn(process.execPath, [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        program,
      ]);
      await once(child.stdout, 'data');
      expect(sockets()).toBe(2); // one to receive, one to send
      child.kill('SIGKILL');
      await once(child, 'exit');
      await expect.poll(sockets).toBe(0);
    });
  });
}
