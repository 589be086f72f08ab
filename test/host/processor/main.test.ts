import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KernelEndpoint } from '../../../host/processor/kernel-endpoint.ts';
import {
  buildControl,
  type ControlMessage,
  type ControlReply,
  parseControl,
} from '../../../host/protocol/control.ts';
import { sipRequest } from '../sip-messages.ts';

const PROGRAM = fileURLToPath(new URL('../../../host/processor/main.ts', import.meta.url));

const ADDRESSES = ['--address', '127.0.0.1', '--control', '127.0.0.1', '--name', 'a'];

/** A free UDP port of the loopback interface, as the kernel finds one. */
async function freePort(): Promise<number> {
  const endpoint = new KernelEndpoint({ interface: undefined, address: '127.0.0.1' });
  const socket = await endpoint.bind(0, () => {});
  await endpoint.close();
  return socket.port;
}

/** Plays the switch processor on the loopback interface. */
class ControlPoint {
  readonly socket: Socket;
  readonly asked: string[] = [];
  readonly servicePort: number;
  readonly base: number;

  constructor(servicePort: number, base: number) {
    this.servicePort = servicePort;
    this.base = base;
    this.socket = createSocket('udp4');
    this.socket.on('message', (payload, from) => {
      const message = parseControl(payload);
      if ('problem' in message || !('request' in message)) return;
      this.asked.push(message.request.type);
      const reply = this.#reply(message);
      if (reply === undefined) return;
      const answer = buildControl({ v: 1, id: message.id, reply });
      this.socket.send(answer, from.port, from.address);
    });
  }

  #reply(message: Extract<ControlMessage, { request: unknown }>): ControlReply | undefined {
    switch (message.request.type) {
      case 'hello':
        return {
          type: 'hello',
          slot: 2,
          epoch: 7,
          mac: '02:76:6c:01:02:07',
          assignment: 1,
          reportInterval: 50,
          services: [
            { name: 'sip', port: this.servicePort, vidPorts: { base: this.base, step: 1 } },
          ],
          vids: { runs: [{ vid: 0, count: 1, stride: 1 }] },
          backupVids: { runs: [] },
        };
      case 'ready':
        return { type: 'ready', up: true };
      case 'load':
        return { type: 'load', assignment: 1 };
      case 'bye':
        return { type: 'bye' };
      default:
        return undefined;
    }
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.socket.bind(0, '127.0.0.1', resolve));
    return this.socket.address().port;
  }
}

describe('host/processor/main.ts', () => {
  let control: ControlPoint;
  let child: ChildProcess;
  let lines: { event: string; [name: string]: unknown }[];
  let errors: string;
  let ended: Promise<number | null>;

  beforeEach(async () => {
    control = new ControlPoint(await freePort(), await freePort());
  });

  afterEach(() => {
    child.kill('SIGKILL');
    control.socket.close();
  });

  async function start(extra: readonly string[] = []): Promise<void> {
    const port = await control.open();
    const address = [
      '--address',
      '127.0.0.1',
      '--control',
      '127.0.0.1',
      '--control-port',
      `${port}`,
    ];
    const args = ['--import', 'tsx', PROGRAM, ...address, '--name', 'sip-x', ...extra];
    run(args);
  }

  function run(args: readonly string[]): void {
    child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    lines = [];
    errors = '';
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.map((line) => JSON.parse(line)));
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    ended = new Promise((resolve) => child.once('close', (status) => resolve(status)));
  }

  async function until(event: string): Promise<{ [name: string]: unknown }> {
    for (;;) {
      const found = lines.find((line) => line.event === event);
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`it ended: ${errors}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('comes up, answers a call, counts it and ends with a good-bye on SIGTERM', async () => {
    await start(['--interval', '20']);
    expect(await until('up')).toMatchObject({ name: 'sip-x', slot: 2, epoch: 7, vids: [0] });
    const client = createSocket('udp4');
    const answers: string[] = [];
    client.on('message', (payload) => answers.push(payload.toString().split('\r\n', 1)[0] ?? ''));
    await new Promise<void>((resolve) => client.bind(0, '127.0.0.1', resolve));
    const via = `SIP/2.0/UDP 127.0.0.1:${client.address().port};rport;branch=z9hG4bK-1`;
    client.send(sipRequest('INVITE', { via }), control.servicePort, '127.0.0.1');
    while (answers.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(answers).toEqual(['SIP/2.0 180 Ringing', 'SIP/2.0 200 OK']);
    client.close();
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await until('exit')).toMatchObject({ why: 'SIGTERM', calls: 1, invites: 1 });
    expect(control.asked).toContain('load');
    expect(control.asked.at(-1)).toBe('bye');
  });

  it('ends when who started it is gone', async () => {
    await start();
    await until('up');
    child.stdin?.end();
    expect(await ended).toBe(0);
    expect(await until('exit')).toMatchObject({ why: 'standard input closed' });
  });

  it('ends while it still waits for a switch processor', async () => {
    control.socket.removeAllListeners('message');
    await start();
    child.stdin?.end();
    expect(await ended).toBe(0);
  });

  it('says which port is taken', async () => {
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(control.base, '127.0.0.1', resolve));
    await start();
    expect(await ended).toBe(1);
    other.close();
    expect(errors).toMatch(
      new RegExp(`sip-x: UDP port ${control.base} of 127.0.0.1: .*is another server there`),
    );
  });

  it.each([
    [['--name', 'a'], /--address is missing/],
    [
      ['--address', '127.0.0.1', '--control', '127.0.0.1', '--name', 'a', '--ring', 'x'],
      /--ring x/,
    ],
    [[...ADDRESSES, '--vids', '3-1'], /--vids 3-1: write it as/],
    [['--colour', 'red'], /colour/],
  ])('tells how it is used: %j', async (args, message) => {
    run(['--import', 'tsx', PROGRAM, ...args]);
    expect(await ended).toBe(2);
    expect(errors).toMatch(message);
    expect(errors).toContain('usage: main.ts');
    await control.open();
  });
});

describe('KernelEndpoint', () => {
  it('refuses a name that no interface can have, before any program is called', () => {
    const make = () => new KernelEndpoint({ interface: 'eth0; reboot', address: '127.0.0.1' });
    expect(make).toThrow(/no name of a network interface/);
  });

  it('tells which interface did not take which address', async () => {
    const endpoint = new KernelEndpoint({ interface: 'nonesuch0', address: '127.0.0.1' });
    await expect(endpoint.setMac('02:00:00:00:00:01')).rejects.toThrow(
      /interface nonesuch0 did not take the MAC address 02:00:00:00:00:01: .*CAP_NET_ADMIN/s,
    );
  });
});
