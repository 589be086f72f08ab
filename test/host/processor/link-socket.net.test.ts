import { afterEach, describe, expect, it } from 'vitest';
import { Heartbeats } from '../../../host/processor/heartbeats.ts';
import { LinkSocket } from '../../../host/processor/link-socket.ts';
import { systemClock } from '../../../host/protocol/clock.ts';
import { buildEthernet, parseEthernet } from '../../../host/protocol/ethernet.ts';
import {
  buildHeartbeatFrame,
  HEARTBEAT_ETHERTYPE,
  parseHeartbeat,
} from '../../../host/protocol/heartbeat.ts';

const MAC = '02:76:6c:01:03:07';
const CONTROL_MAC = '02:76:6c:01:ff:00';
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; !condition(); n++) {
    if (n > 10_000) throw new Error('it did not come about');
    await pause(1);
  }
}

/** Takes the processor for itself, as an endless loop would. */
function hang(until: () => boolean): void {
  for (const end = performance.now() + 20_000; !until(); ) {
    if (performance.now() > end) throw new Error('it did not come about within 20 s');
  }
}

const open: LinkSocket[] = [];
const link = async (...of: Parameters<typeof LinkSocket.open>) => {
  const made = await LinkSocket.open(...of);
  open.push(made);
  return made;
};

/** Raw sockets need CAP_NET_RAW. */
const forbidden = await LinkSocket.open('lo').then(
  (made) => {
    made.close();
    return false;
  },
  (error: Error) => /not permitted/.test(error.message),
);

describe.skipIf(forbidden && process.env.VIDLINE_REQUIRE_NETWORK === undefined)('a link', () => {
  afterEach(() => {
    for (const made of open.splice(0)) made.close();
  });

  it('hears the frames of its EtherType, each once, until it is closed', async () => {
    const heard: string[] = [];
    const receive = (frame: Buffer) => {
      heard.push(parseEthernet(frame)?.payload.toString() ?? '');
    };
    const hears = await link('lo', { etherType: 0x88b6, receive });
    const speaks = await link('lo');
    const say = (etherType: number, text: string) =>
      speaks.send(
        buildEthernet({ srcMac: MAC, dstMac: MAC, etherType, payload: Buffer.from(text) }),
      );
    for (let n = 0; n < 300; n++) say(n % 3 === 0 ? 0x88b5 : 0x88b6, `frame ${n}`);
    await until(() => heard.length >= 200);
    expect(heard).toEqual(
      Array.from({ length: 300 }, (_, n) => `frame ${n}`).filter((_, n) => n % 3 !== 0),
    );
    hears.close();
    say(0x88b6, 'late');
    await pause(20);
    expect(heard).toHaveLength(200);
  });

  it('refuses an interface that is not there, in words', async () => {
    await expect(LinkSocket.open('nowhere0')).rejects.toThrow(/interface nowhere0: /);
  });

  it('sends heartbeats through a pause of this program, and none when it hangs', async () => {
    const progress: number[] = [];
    const receive = (frame: Buffer) => {
      const beat = parseHeartbeat(frame);
      if (beat?.nonce === 0xabcd1234) progress.push(beat.progress ?? -1);
    };
    await link('lo', { etherType: HEARTBEAT_ETHERTYPE, receive });
    const speaks = await link('lo');
    const of = { srcMac: MAC, dstMac: CONTROL_MAC, nonce: 0xabcd1234, sequence: 0, progress: 0 };
    const beats = speaks.beat(buildHeartbeatFrame(of), 1, 100);
    // A pause shorter than the patience: nothing of ours runs, and they go on.
    beats.progress();
    const { sent } = beats.counts();
    hang(() => beats.counts().sent > sent + 5);
    // A hang: they stop, and come again with the next sign of life.
    hang(() => beats.counts().withheld > 3);
    const silent = beats.counts().sent;
    hang(() => beats.counts().withheld > 20);
    expect(beats.counts().sent).toBe(silent);
    beats.progress();
    hang(() => beats.counts().sent > silent);
    beats.stop();
    beats.stop();
    const last = beats.counts().sent;
    await until(() => progress.length >= last);
    expect(progress).toHaveLength(last);
    // What they carry is the progress as it was.
    expect([progress[0], progress.at(-1)]).toEqual([expect.any(Number), 2]);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  it('gives a processor heartbeats that this program keeps going by being at work', async () => {
    let heard = 0;
    await link('lo', {
      etherType: HEARTBEAT_ETHERTYPE,
      receive: (frame) => {
        if (parseHeartbeat(frame)?.nonce === 0x77) heard++;
      },
    });
    const heartbeats = new Heartbeats(await link('lo'), systemClock, 50);
    heartbeats.begin({ mac: MAC, controlMac: CONTROL_MAC, nonce: 0x77, interval: 5 });
    await until(() => heard >= 60); // longer than the patience
    heartbeats.stop();
    await pause(20);
    const end = heard;
    await pause(50);
    expect(heard).toBe(end);
  });
});
