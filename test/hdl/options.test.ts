import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What `npm run` calls, and the word by which its usage begins. */
const COMMANDS = [
  ['hdl/formal/main.ts', 'npm run formal'],
  ['hdl/fpga.ts', 'npm run fpga'],
  ['hdl/size.ts', 'npm run size'],
  ['test/fuzz/main.ts', 'npm run fuzz'],
  ['test/mutations/main.ts', 'npm run mutations'],
  ['test/netlist/main.ts', 'npm run netlist'],
] as const;

const call = (file: string, word: string) =>
  spawnSync(process.execPath, ['--import', 'tsx', file, word], { cwd: ROOT, encoding: 'utf8' });

describe.each(COMMANDS)('%s', (file, name) => {
  it('tells its usage, and what is wrong with an option', () => {
    const help = call(file, '--help');
    expect([help.status, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain(`usage:\n  ${name}`);
    const wrong = call(file, '--framez');
    expect([wrong.status, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toMatch(/^Unknown option '--framez'/);
    expect(wrong.stderr).toContain(help.stdout.trim());
  });
});
