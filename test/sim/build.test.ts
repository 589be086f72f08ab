import {
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { BuildError, ensureBuilt } from '../../sim/index.ts';
import { withLock } from '../../sim/lock.ts';
import { LOOP } from './loop-card.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vidline-build-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

describe('build', () => {
  test('what is there is not built again', async () => {
    const first = await ensureBuilt({ configuration: 'sim', standIn: LOOP });
    const made = statSync(first.addonPath).mtimeMs;
    const said = vi.spyOn(process.stderr, 'write');
    expect(await ensureBuilt({ configuration: 'sim', standIn: LOOP })).toEqual(first);
    expect(statSync(first.addonPath).mtimeMs).toBe(made);
    expect(said).not.toHaveBeenCalled();
    said.mockRestore();
  });

  test('an error in the RTL comes with file and line', async () => {
    const file = join(folder, 'broken.sv');
    writeFileSync(file, 'module linecard;\n  logic a = ;\nendmodule\n');
    const building = ensureBuilt({
      configuration: 'sim',
      standIn: { name: 'broken', files: [file], parameters: [] },
    });
    await expect(building).rejects.toBeInstanceOf(BuildError);
    await expect(building).rejects.toThrow(/broken\.sv:2:/);
  });

  test('parameters that the RTL itself refuses are not built', async () => {
    const file = join(folder, 'refusing.sv');
    writeFileSync(
      file,
      'module linecard #(parameter PORTS = 1);\n' +
        '  if (PORTS > 0) $error("linecard: so many ports do not fit");\n' +
        'endmodule\n',
    );
    const standIn = { name: 'refusing', files: [file], parameters: ['PORTS'] };
    const building = ensureBuilt({ configuration: 'sim', standIn });
    await expect(building).rejects.toThrow(/refusing\.sv:2:.*so many ports do not fit/);
  });

  test('a tool that is missing is named with how to get it', async () => {
    vi.stubEnv('PATH', folder);
    await expect(ensureBuilt({ configuration: 'sim', standIn: LOOP })).rejects.toThrow(
      /verilator is not installed: node sim\/prepare\.mjs/,
    );
  });
});

describe('lock', () => {
  test('one at a time', async () => {
    const path = join(folder, 'one.lock');
    let inside = 0;
    let most = 0;
    const work = () =>
      withLock(path, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside -= 1;
      });
    await Promise.all([work(), work(), work()]);
    expect(most).toBe(1);
  });

  test('is given back by who fails, and taken from who died', async () => {
    const path = join(folder, 'two.lock');
    await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await withLock(path, async () => {
      const here = readlinkSync('/proc/self/ns/pid');
      writeFileSync(join(path, 'pid'), `4194305 ${here}`); // above the kernel's largest process id
      expect(await withLock(path, async () => 'taken')).toBe('taken');
    });
  });

  test('is taken from another process-id namespace when nothing was seen of its holder for long', async () => {
    const path = join(folder, 'three.lock');
    mkdirSync(path);
    writeFileSync(join(path, 'pid'), '1 pid:[1]'); // everybody has a process 1
    let taken = false;
    const waiting = withLock(path, async () => {
      taken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(taken).toBe(false);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(path, longAgo, longAgo);
    await waiting;
    expect(taken).toBe(true);
  });
});
