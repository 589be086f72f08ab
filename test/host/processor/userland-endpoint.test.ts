import { describe, expect, it } from 'vitest';
import type { Peer } from '../../../host/processor/datagram-endpoint.ts';
import { UserlandEndpoint } from '../../../host/processor/userland-endpoint.ts';
import { ManualClock } from '../../../host/protocol/clock.ts';

/** Two endpoints on one wire; `b` answers for its address. */
function wire(addresses: readonly [string, string], connected = true) {
  const clock = new ManualClock();
  const frames: Buffer[] = [];
  const a: UserlandEndpoint = new UserlandEndpoint({
    address: addresses[0],
    mac: '0a:00:00:00:00:01',
    clock,
    send: (frame) => {
      frames.push(frame);
      if (connected) b.receive(frame);
    },
  });
  const b: UserlandEndpoint = new UserlandEndpoint({
    address: addresses[1],
    mac: '0a:00:00:00:00:02',
    clock,
    answers: true,
    send: (frame) => {
      frames.push(frame);
      if (connected) a.receive(frame);
    },
  });
  return { clock, frames, a, b };
}

describe.each([
  ['IPv4', ['192.0.2.1', '192.0.2.2']],
  ['IPv6', ['2001:db8::1', '2001:db8::2']],
] as const)('UserlandEndpoint over %s', (_, addresses) => {
  it('finds its peer once and exchanges datagrams', async () => {
    const { frames, a, b } = wire(addresses);
    const got: { text: string; from: Peer }[] = [];
    await b.bind(5060, (payload, from) => got.push({ text: payload.toString(), from }));
    const socket = await a.bind(0, () => {});
    socket.send(Buffer.from('one'), { address: addresses[1], port: 5060 });
    socket.send(Buffer.from('two'), { address: addresses[1], port: 5060 });
    const from = { address: addresses[0], port: socket.port };
    expect(got).toEqual([
      { text: 'one', from },
      { text: 'two', from },
    ]);
    expect(frames, 'question, answer, two datagrams').toHaveLength(4);
    expect(a.counters).toMatchObject({ sent: 2, neighbour: 1, unresolved: 0 });
    expect(b.counters).toMatchObject({ delivered: 2, neighbour: 1 });
  });

  it('sends from the address that it was given, and asks anew then', async () => {
    const { frames, a } = wire(addresses);
    const socket = await a.bind(7, () => {});
    socket.send(Buffer.from('x'), { address: addresses[1], port: 9 });
    await a.setMac('02:76:6c:01:03:05');
    socket.send(Buffer.from('x'), { address: addresses[1], port: 9 });
    expect(frames).toHaveLength(6);
    expect(frames.at(-1)?.subarray(6, 12).toString('hex')).toBe('02766c010305');
  });

  it('drops what waits for a peer that does not answer, after three questions', async () => {
    const { clock, frames, a } = wire(addresses, false);
    const socket = await a.bind(7, () => {});
    for (let i = 0; i < 20; i++) socket.send(Buffer.from('x'), { address: addresses[1], port: 9 });
    clock.advance(10_000);
    expect(frames).toHaveLength(3);
    expect(a.counters.unresolved).toBe(20);
    expect(clock.next).toBeUndefined();
  });
});

describe('UserlandEndpoint', () => {
  it('counts what is not for it', async () => {
    const { a, b } = wire(['192.0.2.1', '192.0.2.2']);
    const socket = await a.bind(7, () => {});
    socket.send(Buffer.from('x'), { address: '192.0.2.2', port: 9 });
    b.receive(Buffer.alloc(60));
    expect(b.counters).toMatchObject({ noListener: 1, unknown: 1 });
  });

  it('refuses a port twice and gives it back', async () => {
    const { a } = wire(['192.0.2.1', '192.0.2.2']);
    const socket = await a.bind(5060, () => {});
    await expect(a.bind(5060, () => {})).rejects.toThrow(/UDP port 5060 of 192.0.2.1: already/);
    socket.close();
    await a.bind(5060, () => {});
  });
});
