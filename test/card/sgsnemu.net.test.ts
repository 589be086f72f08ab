import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { GATEWAY_TOPOLOGY } from '../../host/cli/namespaces/gateway-topology.ts';
import { ensureBuilt } from '../../sim/index.ts';
import { cageHere } from '../cli/cage-here.ts';

const SCENE = fileURLToPath(new URL('fixtures/sgsnemu.ts', import.meta.url));
const [CLIENT = ''] = GATEWAY_TOPOLOGY.client.split('/');
const installed = spawnSync('sgsnemu', ['--version']).error === undefined;
if (!installed) {
  const message = 'sgsnemu is not installed (apt install osmo-ggsn)';
  if (process.env.VIDLINE_REQUIRE_NETWORK) throw new Error(message);
  process.stderr.write(`no SGSN but our own speaks to the gateways: ${message}\n`);
}
const possible = installed && (await cageHere());

interface Gateway {
  readonly name: string;
  readonly created: number;
  readonly deleted: number;
  readonly takeovers: number;
  readonly sessions: number;
  readonly uplink: number;
}

beforeAll(async () => {
  await ensureBuilt({ configuration: 'sim' });
}, 600_000);

describe.runIf(possible)('sgsnemu of osmo-ggsn, which knows nothing of us', () => {
  it('opens contexts and pings through the card, and goes on when a gateway is killed', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', SCENE], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const status = await new Promise((resolve) => void child.once('close', resolve));
    expect(status).toBe(0);
    const scene = JSON.parse(output.trim().split('\n').at(-1) ?? '');
    const gateways: readonly Gateway[] = scene.gateways;
    const said: string = scene.said.join('\n');

    // Eight contexts in both their lives: made, and ended where they are by then.
    const victim = gateways.find(({ name }) => name === scene.killed);
    const others = gateways.filter((it) => it !== victim);
    expect(gateways.reduce((sum, { created }) => sum + created, 0)).toBe(scene.contexts);
    expect(victim?.created).toBeGreaterThan(0);
    expect(others.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(scene.contexts);
    expect(others.reduce((sum, { sessions }) => sum + sessions, 0)).toBe(0);
    expect(others.reduce((sum, { takeovers }) => sum + takeovers, 0)).toBeGreaterThan(0);
    const accepted = said.match(/Received delete PDP context response\. Cause value: 128/g);
    expect(accepted).toHaveLength(scene.contexts);
    // Its first ping can come before it has a context, and then goes, with TEID 0, to itself.
    const toItself = `Packet from ${CLIENT}:`;
    const complaints = scene.said.filter(
      (line: string) =>
        /Error Indication|Unexpected|Unknown/.test(line) && !line.includes(toItself),
    );
    expect(complaints).toEqual([]);

    // Those under way when it died are lost, and no others: 40 a second, noticed after 100 ms.
    expect(scene.pings).toBeLessThanOrEqual(scene.sent);
    expect(scene.sent - scene.pings).toBeLessThan(scene.sent / 10);
    expect(scene.killedAt).toBeLessThan(scene.pings / 2);

    // G4: the set-ups, their echo, and nothing of any session.
    const { reasons, inDialog } = scene.punted;
    expect(inDialog).toBe(0);
    expect(Object.keys(reasons).filter((rule) => rule.startsWith('gtp/'))).toEqual([
      'gtp/control-v1',
    ]);
    expect(reasons['gtp/control-v1']).toEqual({ punt_setup: scene.contexts + 1 });
    expect(scene.punted.ends.answered_gtpv1_echo).toBe(1);
    expect(scene.events).toContainEqual({
      slot: expect.any(Number),
      what: 'down',
      cause: 'heartbeat',
    });
  });
});
