import { describe, expect, test } from 'vitest';
import { MemoryCaller } from '../../host/cli/demo/memory-caller.ts';
import { KernelEndpoint } from '../../host/processor/kernel-endpoint.ts';
import { type Fault, ToyServer } from './toy-server.ts';

/** The client of our own against the server that SIPp is tried on; over loopback, both. */
async function call(fault: Fault, calls: number) {
  const server = new ToyServer(fault);
  const port = await server.listen();
  const endpoint = new KernelEndpoint({ interface: undefined, address: '127.0.0.1' });
  const remote = { address: '127.0.0.1', port };
  const caller = new MemoryCaller({ endpoint, remote, rate: 100, calls });
  try {
    return { server, result: await caller.ended };
  } finally {
    caller.kill();
    server.close();
    await endpoint.close();
  }
}

describe('the client in memory', () => {
  test('sends INVITE to the one port and ACK and BYE to the Contact', async () => {
    const { server, result } = await call('none', 30);
    expect(result).toMatchObject({
      status: 0,
      counts: { attempted: 30, succeeded: 30, failed: 0 },
    });
    expect(Object.fromEntries(server.seen.wellKnown)).toEqual({ INVITE: 30 });
    expect(Object.fromEntries(server.seen.contact)).toEqual({ ACK: 30, BYE: 30 });
    expect(server.strayed).toEqual([]);
  });

  test('repeats what is not answered', async () => {
    const { result } = await call('loses-first-ok', 3);
    expect(result).toMatchObject({ status: 0, counts: { succeeded: 3, retransmissions: 3 } });
  });

  test.each([
    ['refuses', '486 to INVITE'],
    ['no-contact', '200 without Contact'],
    ['silent-on-bye', 'no answer to BYE'],
  ] as const)('counts a call as failed when the server %s', async (fault, cause) => {
    const { result } = await call(fault, 2);
    expect(result.status).toBe(1);
    expect(result.counts).toMatchObject({ succeeded: 0, failed: 2, causes: { [cause]: 2 } });
  });
});
