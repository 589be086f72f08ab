/**
 * The control socket of a running switch processor: a UNIX socket in a folder that only its owner
 * can enter. One JSON object a line: `{ "id": 1, "verb": "vid.list", "args": {} }`, answered by
 * `{ "id": 1, "result": … }` or `{ "id": 1, "error": { "kind": …, "message": … } }`. The verbs are
 * those of control-verbs.ts.
 */
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { DriverError } from '../../driver/index.ts';
import { perform, VerbError } from './control-verbs.ts';
import { OverrideError } from './override-manager.ts';
import { RegisterNameError } from './register-access.ts';
import { SlotError } from './slot-registry.ts';
import type { SwitchProcessor } from './switch-processor.ts';
import { VidError } from './vid-manager.ts';

/** `usage`: the request is wrong. `refused`: it cannot be done now. `failed`: the card or we failed. */
export const errorSchema = z.object({
  kind: z.enum(['usage', 'refused', 'failed']),
  message: z.string(),
});
export type ControlSocketError = z.infer<typeof errorSchema>;

const requestSchema = z.strictObject({
  id: z.union([z.int(), z.string().max(64)]),
  verb: z.string(),
  args: z.unknown().optional(),
});

/** Longest request in characters: a list of all VIDs fits. */
const LONGEST_LINE = 1 << 20;
const SOCKET_NAME = 'control.sock';

/** Where the socket is unless told otherwise; undefined where the machine has no folder for it. */
export function defaultSocketPath(environment = process.env): string | undefined {
  const runtime = environment.XDG_RUNTIME_DIR;
  return runtime ? join(runtime, 'vidline', SOCKET_NAME) : undefined;
}

export interface ControlSocketOptions {
  /** Default: `vidline/control.sock` in XDG_RUNTIME_DIR; without that, in a new temporary folder. */
  readonly path?: string;
}

export class ControlSocket {
  readonly path: string;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #ownFolder: string | undefined;
  #closed = false;

  private constructor(path: string, ownFolder: string | undefined, sp: SwitchProcessor) {
    this.path = path;
    this.#ownFolder = ownFolder;
    this.#server = createServer((socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
      socket.on('error', () => socket.destroy());
      serve(socket, sp);
    });
  }

  /**
   * Opens the socket. Rejects where another switch processor listens there, and where others may
   * enter its folder.
   */
  static async open(
    sp: SwitchProcessor,
    options: ControlSocketOptions = {},
  ): Promise<ControlSocket> {
    const wanted = options.path ?? defaultSocketPath();
    let ownFolder: string | undefined;
    let path: string;
    if (wanted === undefined) {
      ownFolder = mkdtempSync(join(tmpdir(), 'vidline-')); // mode 0700
      path = join(ownFolder, SOCKET_NAME);
    } else {
      path = wanted;
      makePrivate(dirname(path));
      await removeStale(path);
    }
    const socket = new ControlSocket(path, ownFolder, sp);
    await socket.#listen();
    return socket;
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(
          new Error(`control socket ${this.path}: ${error.message}; name another with --socket`),
        );
      });
      this.#server.listen(this.path, () => {
        chmodSync(this.path, 0o600);
        resolve();
      });
    });
  }

  /** Closes the connections and removes the socket. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const connection of this.#connections) connection.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if (this.#ownFolder !== undefined) rmSync(this.#ownFolder, { recursive: true, force: true });
  }
}

/** Makes the folder where it is missing; refuses one that others may enter. */
function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const own = process.getuid?.() ?? found.uid;
  if (!found.isDirectory() || found.uid !== own || (found.mode & 0o077) !== 0) {
    throw new Error(
      `control socket: others may enter ${folder}; make it yours alone (chmod 700 ${folder}), ` +
        'or name a socket in another folder',
    );
  }
}

/** Removes a socket that nobody listens at any more. */
async function removeStale(path: string): Promise<void> {
  const state = await new Promise<'none' | 'stale' | 'alive'>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve('alive');
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ENOENT' ? 'none' : 'stale');
    });
  });
  if (state === 'alive') {
    throw new Error(
      `control socket ${path}: another switch processor is there; stop it, or name another socket`,
    );
  }
  if (state === 'stale' && lstatSync(path).isSocket()) unlinkSync(path);
}

function serve(socket: Socket, sp: SwitchProcessor): void {
  let rest = '';
  let work = Promise.resolve();
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) {
      socket.destroy();
      return;
    }
    for (const line of lines) {
      if (line.trim() === '') continue;
      work = work.then(async () => {
        const answer = await answerTo(line, sp);
        if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
      });
    }
  });
}

async function answerTo(line: string, sp: SwitchProcessor): Promise<object> {
  let id: number | string | null = null;
  try {
    const request = readRequest(line);
    id = request.id;
    const result = await perform(sp, request.verb, request.args ?? {});
    return { id, result };
  } catch (error) {
    const { message } = error as Error;
    return { id, error: { kind: kindOf(error), message } satisfies ControlSocketError };
  }
}

function readRequest(line: string): z.infer<typeof requestSchema> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new VerbError('the request is no JSON object on one line');
  }
  const result = requestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new VerbError(`request.${issue?.path.join('.')}: ${issue?.message}`);
}

function kindOf(error: unknown): ControlSocketError['kind'] {
  if (error instanceof VerbError || error instanceof RegisterNameError) return 'usage';
  // An address that is none, a value that does not fit.
  if (error instanceof RangeError) return 'usage';
  const full = error instanceof DriverError && error.code === 'FULL';
  const kinds = [VidError, SlotError, OverrideError];
  return full || kinds.some((kind) => error instanceof kind) ? 'refused' : 'failed';
}
