import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { DatagramEndpoint } from '../../processor/datagram-endpoint.ts';
import { Processor } from '../../processor/processor.ts';
import { SipServer } from '../../processor/sip-server.ts';
import type { Namespace } from '../namespaces/topology.ts';
import { startProgram } from './program.ts';

/** A SIP server of the demo, wherever it runs. */
export interface DemoProcessor {
  readonly name: string;
  /** VIDs that it owns; 0 until it is up. */
  readonly vids: number;
  /** Dialogs that it began, as of at most half a second ago. */
  readonly calls: number;
  /** Resolves when the card sends to it; rejects when it cannot come up. */
  readonly up: Promise<void>;
  /** Rejects when it ends without having been told to; never resolves. */
  readonly lost: Promise<never>;
  /** Ends it in good order; `calls` is exact after that. Idempotent. */
  stop(): Promise<void>;
}

/** A program of its own. */
export interface ProcessorProgram extends DemoProcessor {
  /** Ends it without a word, as a crash would. */
  kill(): void;
}

export interface ProcessorAddresses {
  readonly virtualAddress: string;
  readonly controlAddress: string;
}

const PROGRAM = fileURLToPath(new URL('../../processor/main.ts', import.meta.url));
/** Milliseconds between a processor's lines of counters. */
const INTERVAL = 500;

/** Lines of host/processor/main.ts, as far as the demo reads them. */
const line = z.discriminatedUnion('event', [
  z.object({ event: z.literal('up'), vids: z.array(z.number()) }),
  z.object({ event: z.literal('counters'), calls: z.number() }),
  z.object({ event: z.literal('exit'), calls: z.number(), why: z.string() }),
  z.object({ event: z.literal('again'), why: z.string() }),
]);

/** Starts a SIP server as a program of its own in a network namespace. */
export function startProcessor(
  name: string,
  namespace: Namespace,
  { virtualAddress, controlAddress }: ProcessorAddresses,
): ProcessorProgram {
  const state = { vids: 0, calls: 0 };
  let resolveUp = () => {};
  const isUp = new Promise<void>((resolve) => {
    resolveUp = resolve;
  });
  const { lost, kill, stop } = startProgram({
    ...{ name, namespace, program: PROGRAM },
    args: [
      ...['--interface', namespace.interface, '--name', name, '--interval', `${INTERVAL}`],
      ...['--address', virtualAddress, '--control', controlAddress],
    ],
    event: (value) => {
      const event = line.safeParse(value).data;
      if (event === undefined) return;
      if (event.event === 'up') {
        state.vids = event.vids.length;
        resolveUp();
      } else if (event.event !== 'again') state.calls = event.calls;
    },
  });
  return {
    name,
    get vids() {
      return state.vids;
    },
    get calls() {
      return state.calls;
    },
    up: Promise.race([isUp, lost]),
    lost,
    kill,
    stop,
  };
}

/** A SIP server in this process, on an endpoint of its own. */
export function makeProcessor(
  name: string,
  endpoint: DatagramEndpoint,
  { controlAddress }: ProcessorAddresses,
): DemoProcessor {
  const server = new SipServer({ endpoint });
  const processor = new Processor({
    name,
    endpoint,
    control: { address: controlAddress },
    load: () => server.load(),
    listen: (assignment) => server.listen(assignment),
  });
  const lost = new Promise<never>((_, reject) => {
    processor.on('refused', (error) => reject(new Error(`${name}: ${error.message}`)));
  });
  lost.catch(() => {}); // whoever awaits it hears of it
  return {
    name,
    get vids() {
      return processor.assignment?.vids.length ?? 0;
    },
    get calls() {
      return server.counters.calls;
    },
    up: processor.start().then(() => {}),
    lost,
    async stop() {
      await processor.close();
      server.close();
      await endpoint.close();
    },
  };
}
