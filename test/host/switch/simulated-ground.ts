/** The bench over the card's RTL, in lock-step. */
import { Card, SimulationTransport, TABLES } from '../../../driver/index.ts';
import type { Ground } from './bench.ts';

export interface SimulatedGround extends Ground {
  readonly transport: SimulationTransport;
}

/** Builds the simulation where it is not built yet. */
export async function simulatedGround(): Promise<SimulatedGround> {
  const transport = await SimulationTransport.open({ configuration: 'sim', mode: 'lockstep' });
  const card = await Card.attach(transport);
  const { ports } = card.sizes;
  const writes: number[] = [];
  const access = transport.access.bind(transport);
  transport.access = (accesses) => {
    for (const { address, write } of accesses) if (write !== undefined) writes.push(address);
    return access(accesses);
  };
  const handlers = new Map<number, (frame: Buffer) => void>();
  const pending: Promise<unknown>[] = [];
  let moved = 0;
  let time = 0;
  let closed = false;
  transport.on('frames', (frames) => {
    moved += frames.length;
  });
  for (let port = 0; port < ports; port++) {
    await transport.card.attachMemory(port, (frames) => {
      moved += frames.length;
      for (const frame of frames) handlers.get(port)?.(frame);
    });
  }
  return {
    transport,
    card,
    feed(port, frame) {
      if (closed) return;
      moved++;
      const sent = transport.card.send(port, [frame]);
      sent.catch(() => {}); // `settle` says it, and nobody asks when it is over
      pending.push(sent);
    },
    onPort: (port, handler) => handlers.set(port, handler),
    async settle() {
      // Frames make the host act, and its acts make frames; quiet is when a round moved nothing.
      for (let quiet = 0; quiet < 3; ) {
        const before = moved;
        await Promise.all(pending.splice(0));
        await new Promise((resolve) => setImmediate(resolve));
        await transport.card.runUntilIdle();
        quiet = moved === before && pending.length === 0 ? quiet + 1 : 0;
      }
    },
    async advance(milliseconds) {
      time += milliseconds * 1000;
      await transport.card.setTime(time);
      // Slots are looked at in turn, one a clock.
      await transport.card.run(4 * card.sizes.slots);
    },
    link: (port, up) => transport.card.setLink(port, up),
    writesTo(table) {
      const { offset, stride, entries } = TABLES[table];
      const end = offset + entries(card.sizes) * stride * 4;
      return writes.filter((address) => address >= offset && address < end).length;
    },
    async close() {
      closed = true;
      await card.close();
    },
  };
}
