/** The bench over the reference card. */
import { Card } from '../../../driver/index.ts';
import { ReferenceTransport } from '../reference-card.ts';
import { type Ground, SERVICES } from './bench.ts';

export interface ReferenceGround extends Ground {
  readonly transport: ReferenceTransport;
}

export async function referenceGround(
  transport = new ReferenceTransport(SERVICES),
): Promise<ReferenceGround> {
  return {
    transport,
    card: await Card.attach(transport),
    feed: (port, frame) => transport.arrive(port, frame),
    onPort: (port, handler) => transport.attachPort(port, handler),
    async settle() {
      // Frames and promises alternate; quiet is when some turns of the loop brought no frame.
      for (let quiet = 0; quiet < 4; ) {
        const before = transport.verdicts.length;
        await new Promise((resolve) => setImmediate(resolve));
        quiet = transport.verdicts.length === before ? quiet + 1 : 0;
      }
    },
    async advance(milliseconds) {
      transport.advance(milliseconds * 1000);
    },
    link: async (port, up) => transport.link(port, up),
    writesTo: (table) => transport.writesTo(table),
    async close() {},
  };
}
