import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureBuilt } from '../../sim/index.ts';
import { cageHere } from './cage-here.ts';

const fixture = fileURLToPath(new URL('fixtures/served.ts', import.meta.url));
const possible = await cageHere();

interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** In this order, since each changes what the next ones see. */
const COMMANDS = {
  status: ['status', '--json'],
  statusWords: ['status'],
  hold: ['hold', '2500'],
  afterHold: ['wait', '500'],
  held: ['slot', 'list', '--json'],
  list: ['vid', 'list', '--json'],
  listOne: ['vid', 'list', '--owner', 'sip-2', '--json'],
  move: ['vid', 'move', '3', 'sip-2', '--json'],
  row: ['reg', 'read', 'vid_row[3]', '--json'],
  assign: ['vid', 'assign', 'sip-1', '0x28', '41', '--json'],
  assignTaken: ['vid', 'assign', 'sip-1', '20'],
  assignHow: ['vid', 'assign', 'sip-1'],
  release: ['vid', 'release', '41', '--json'],
  releaseAgain: ['vid', 'release', '41'],
  good: ['verify'],
  spoil: ['reg', 'write', 'vid_row[40]', 'active=1', '--json'],
  bad: ['verify', '--json'],
  badWords: ['verify'],
  mend: ['reg', 'write', 'vid_row[40]', 'active=0'],
  slots: ['slot', 'list', '--json'],
  down: ['slot', 'down', '1', '--json'],
  downWords: ['slot', 'list'],
  noSlot: ['slot', 'down', '9'],
  slotText: ['slot', 'down', 'nine'],
  died: ['kill', 'sip-1'],
  afterDeath: ['wait', '2500'],
  events: ['events', '--json'],
  eventsOne: ['events', '--slot', '0'],
  statusDown: ['status'],
  overrides: ['override', 'list', '--json'],
  noOverride: ['override', 'add', 'sip/dialog', '3', '--identifier', '0x11'],
  overrideText: ['override', 'add', 'sip/dialog', '3', '--identifier', 'x'],
  magic: ['reg', 'read', 'identity.magic', '--json'],
  noRegister: ['reg', 'read', 'identity.magick'],
  registers: ['reg', 'list', '--json'],
} as const;

describe.runIf(possible)('vidline over the control socket of vidline serve', () => {
  let answers: Record<keyof typeof COMMANDS, Answer>;
  let events: Record<string, unknown>[];
  let serve: { status: number; socketThere: boolean; socketLeft: boolean };
  const json = (name: keyof typeof COMMANDS) => {
    expect(answers[name].stderr).toBe('');
    expect(answers[name].status).toBe(0);
    return JSON.parse(answers[name].stdout);
  };

  beforeAll(async () => {
    await ensureBuilt({ configuration: 'sim' });
    const list = JSON.stringify(Object.values(COMMANDS));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', fixture, list],
      { maxBuffer: 2 ** 26 },
    );
    const result = JSON.parse(stdout);
    answers = Object.fromEntries(
      Object.keys(COMMANDS).map((name, index) => [name, result.answers[index]]),
    ) as typeof answers;
    events = result.events;
    serve = result.serve;
  }, 300_000);

  test('serve tells where its socket is and who is up, and leaves no socket', () => {
    expect(events[0]).toMatchObject({ event: 'ready', socket: expect.stringMatching(/sock$/) });
    expect(events).toContainEqual({ event: 'up', slot: 0, name: 'sip-1', epoch: 1 });
    expect(events).toContainEqual({ event: 'up', slot: 1, name: 'sip-2', epoch: 1 });
    expect(serve).toEqual({ status: 0, socketThere: true, socketLeft: false });
  });

  test('status', () => {
    const status = json('status');
    expect(status.card.sizes).toMatchObject({ dataWidth: 64, ports: 8, slots: 64, vids: 65536 });
    expect(status.processors).toMatchObject([
      { slot: 0, name: 'sip-1', state: 'up' },
      { slot: 1, name: 'sip-2', state: 'up' },
    ]);
    expect(answers.statusWords.stdout).toMatch(/sip-1 +up/);
    expect(answers.statusWords.stdout).toMatch(/in-dialog among them \(should be 0\): 0/);
  });

  test('vid list, move, assign, release', () => {
    const owners = json('list').map((it: { vid: number; owner: string }) => it.owner);
    expect(owners).toEqual([...Array(16).fill('sip-1'), ...Array(16).fill('sip-2')]);
    expect(json('listOne')).toHaveLength(16);
    expect(json('move')).toMatchObject({ vid: 3, owner: 'sip-2', backup: 'sip-1' });
    expect(json('assign')).toEqual([40, 41]);
    expect(json('release')).toMatchObject({ vid: 41, owner: 'sip-1' });
  });

  test('the card has the row that was moved', () => {
    expect(json('row').fields).toMatchObject({ active: 1, valid: 1 });
  });

  test('what cannot be done is refused in words, with status 5; wrong use with status 2', () => {
    expect(answers.assignTaken).toMatchObject({ status: 5, stdout: '' });
    expect(answers.assignTaken.stderr).toMatch(/VID 20 .*sip-2/);
    expect(answers.releaseAgain).toMatchObject({ status: 5 });
    expect(answers.noSlot).toMatchObject({ status: 5, stderr: expect.stringMatching(/slot 9/) });
    expect(answers.noRegister).toMatchObject({
      status: 5,
      stderr: expect.stringMatching(/identity\.magic\b/),
    });
    expect(answers.assignHow).toMatchObject({ status: 2 });
    expect(answers.slotText).toMatchObject({ status: 2, stderr: expect.stringMatching(/nine/) });
  });

  test('verify is good, then finds a row that somebody spoiled, with status 1', () => {
    expect(answers.good).toMatchObject({ status: 0, stdout: 'the card holds what it should\n' });
    expect(json('spoil').fields).toMatchObject({ active: 1 });
    expect(answers.bad.status).toBe(1);
    expect(JSON.parse(answers.bad.stdout).mismatches).toMatchObject([
      { table: 'vid_row', index: 40, expected: { active: 0 }, found: { active: 1 } },
    ]);
    expect(answers.badWords.stdout).toBe('vid_row[40].active: should be 0, is 1\n');
    expect(answers.badWords.status).toBe(1);
  });

  test('slot list, down', () => {
    expect(json('slots')).toMatchObject([{ state: 'up' }, { state: 'up' }]);
    expect(json('down')).toMatchObject({ slot: 1, state: 'down', locked: true });
    expect(answers.downWords.stdout).toMatch(/sip-2 +down, locked/);
  });

  test('a process that stood still for longer than the card waits for heartbeats takes no slot down', () => {
    expect(json('held')).toMatchObject([
      { name: 'sip-1', state: 'up', epoch: 1, starts: 1, heartbeats: true },
      { name: 'sip-2', state: 'up', epoch: 1, starts: 1, heartbeats: true },
    ]);
  });

  test('a processor that dies is taken down by the card: events and status say when and why', () => {
    const downs = json('events').filter(({ what }: { what: string }) => what === 'down');
    expect(downs).toMatchObject([
      { slot: 1, name: 'sip-2', cause: 'host', why: 'an operator lowered it' },
      { slot: 0, name: 'sip-1', epoch: 1, cause: 'heartbeat', cardTime: expect.any(Number) },
    ]);
    expect(answers.eventsOne.stdout).toMatch(/sip-1 +1 +down +heartbeat +the card heard no/);
    expect(answers.eventsOne.stdout).not.toMatch(/sip-2/);
    expect(answers.statusDown.stdout).toMatch(/slot 0 went down last at 20.*sip-1.*heartbeat/);
    const down = { event: 'down', slot: 0, name: 'sip-1', why: expect.stringMatching(/heartbeat/) };
    expect(events).toContainEqual(down);
  });

  test('override list, add', () => {
    expect(json('overrides')).toMatchObject({ entries: 0, places: 65536, overrides: [] });
    expect(answers.noOverride).toMatchObject({ status: 5, stdout: '' });
    expect(answers.noOverride.stderr).toMatch(/no rule sip\/dialog asks for overrides/);
    expect(answers.overrideText).toMatchObject({ status: 2 });
  });

  test('reg read, list', () => {
    expect(json('magic').words).toEqual([0x5649444c]);
    const names = json('registers').map(({ name }: { name: string }) => name);
    expect(names).toContain('control.snapshot');
    expect(names).toContain('vid_row[n]');
    expect(names).toContain('ends[n]');
  });
});
