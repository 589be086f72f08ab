import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallerResult } from '../../host/cli/demo/caller.ts';
import { parseStatistics, Sipp } from '../../host/cli/demo/sipp.ts';
import { type Fault, ToyServer } from './toy-server.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vidline-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function call(
  fault: Fault,
  calls: number,
): Promise<{ server: ToyServer; result: CallerResult }> {
  const server = new ToyServer(fault);
  const port = await server.listen();
  const sipp = new Sipp({
    spawn: (program, args, options) =>
      spawn(program, args, { ...options, env: { ...process.env, ...options.env } }),
    local: '127.0.0.1',
    remote: `127.0.0.1:${port}`,
    rate: 100,
    calls,
    folder,
  });
  try {
    return { server, result: await sipp.ended };
  } finally {
    sipp.kill();
    server.close();
  }
}

describe('SIPp with the scenario that follows Contact', () => {
  test('sends INVITE to the one port and ACK and BYE to the Contact', async () => {
    const { server, result } = await call('none', 50);
    expect(result.complaints).toEqual([]);
    expect(result).toMatchObject({
      status: 0,
      counts: { attempted: 50, succeeded: 50, failed: 0 },
    });
    expect(result.counts.causes).toEqual({});
    expect(Object.fromEntries(server.seen.wellKnown)).toEqual({ INVITE: 50 });
    expect(Object.fromEntries(server.seen.contact)).toEqual({ ACK: 50, BYE: 50 });
    expect(server.strayed).toEqual([]);
  });

  test('counts a lost answer as a retransmission, not as a failure', async () => {
    const { result } = await call('loses-first-ok', 5);
    expect(result).toMatchObject({ status: 0, counts: { succeeded: 5, failed: 0 } });
    expect(result.counts.retransmissions).toBe(5);
  });

  test.each([
    ['a refusal', 'refuses', 'UnexpectedMessage'],
    ['a 200 without Contact', 'no-contact', 'RegexpHdrNotFound'],
    ['a BYE without an answer', 'silent-on-bye', 'TimeoutOnRecv'],
  ] as const)('counts %s as a failed call, with its cause', async (_, fault, cause) => {
    const { result } = await call(fault, 3);
    expect(result.status).toBe(1);
    expect(result.counts).toMatchObject({ attempted: 3, succeeded: 0, failed: 3 });
    expect(result.counts.causes).toEqual({ [cause]: 3 });
    expect(result.complaints.length).toBeGreaterThan(0);
  });
});

describe("SIPp's statistics", () => {
  const names =
    'OutgoingCall(C);SuccessfulCall(C);FailedCall(C);Retransmissions(C);CurrentCall;FailedX(C);';

  test('are read from the last whole line', () => {
    expect(parseStatistics(`${names}\n1;0;0;0;1;0;\n9;7;1;3;1;1;\n10;8`)).toEqual({
      attempted: 9,
      succeeded: 7,
      failed: 1,
      retransmissions: 3,
      current: 1,
      causes: { X: 1 },
    });
  });

  test('are zeros before the first report, and an error when a column is missing', () => {
    expect(parseStatistics('')).toMatchObject({ attempted: 0, failed: 0 });
    expect(parseStatistics(`${names}\n`)).toMatchObject({ attempted: 0, failed: 0 });
    expect(() => parseStatistics('OutgoingCall(C);\n1;\n')).toThrow(/FailedCall|SuccessfulCall/);
  });
});
