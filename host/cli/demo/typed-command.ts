/** Commands against the running system as a user types them: `vidline` in a process of its own, on the control socket. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { EXIT } from '../exit.ts';

const COMMAND = fileURLToPath(new URL('../vidline.mjs', import.meta.url));

/** What `vidline rebalance --json` and `vidline slot drain --json` print. */
export const movedReport = z.object({
  moved: z.number(),
  failures: z.array(z.object({ why: z.string() })),
});

/** What `vidline vid move --json` prints. */
export const vidReport = z.object({ vid: z.number(), owner: z.string() });

/** Types `vidline WORDS`, and resolves with what it printed; rejects with its words where it could not. */
export async function typeCommand<T>(
  words: readonly string[],
  socket: string,
  report: z.ZodType<T>,
): Promise<T> {
  const args = [COMMAND, ...words, '--json', '--socket', socket];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (status !== EXIT.ok && status !== EXIT.mismatch) throw new Error(said.stderr.trim());
  return report.parse(JSON.parse(said.stdout));
}
