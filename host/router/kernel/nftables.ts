/** What nftables costs a frame: its hash over slots, and a map of all VIDs, in a namespace of their own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAddon } from '../../../sim/index.ts';

/** Nanoseconds a frame, round by round. */
export interface NftablesCosts {
  /** Over a veth and dropped, without a rule. */
  readonly bare: readonly number[];
  /** The slot is a hash of the TEID. */
  readonly hash: readonly number[];
  /** The slot is that of the VID in the TEID, from a map of 65,536. */
  readonly rows: readonly number[];
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Rejects with an error in words where the machine lacks nft, or does not allow namespaces.
 *
 * @param frames of one length.
 */
export async function measureNftables(
  frames: readonly Buffer[],
  { count, rounds }: { readonly count: number; readonly rounds: number },
): Promise<NftablesCosts> {
  const addon = await ensureAddon(here('send.cc'));
  const folder = mkdtempSync(join(tmpdir(), 'vidline-nft-'));
  try {
    const file = join(folder, 'frames');
    writeFileSync(file, Buffer.concat(frames));
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const inside = [
      '--import',
      import.meta.resolve('tsx'),
      here('nftables-inside.ts'),
      addon,
      file,
    ];
    const numbers = [frames[0]?.length ?? 0, count, rounds].map(String);
    const cage = [...user, '--net', '--fork', '--kill-child=SIGKILL'];
    return JSON.parse(await run('unshare', [...cage, process.execPath, ...inside, ...numbers]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, words, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(reasonOf(stderr) ?? error.message));
    });
  });
}

/** The line that says it, of a stack or of a tool's words. */
function reasonOf(stderr: string): string | undefined {
  if (/spawnSync nft ENOENT/.test(stderr)) return 'nft is not installed';
  const lines = stderr.split('\n').filter((line) => !line.startsWith('npm ') && line.trim() !== '');
  const said = lines.find((line) => /^(\w*Error|unshare): /.test(line));
  return (said ?? lines[0])?.replace(/^\w*Error: /, '').trim();
}
