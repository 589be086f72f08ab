/** Asks a running switch processor over its control socket. */
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { type ControlSocketError, defaultSocketPath, errorSchema } from './control-socket.ts';
import type { Verb, VerbArguments, VerbResults } from './control-verbs.ts';

const answerSchema = z.object({
  id: z.union([z.number(), z.string(), z.null()]),
  result: z.unknown().optional(),
  error: errorSchema.optional(),
});

/** The switch processor said no; `kind` tells whose fault it is. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly kind: ControlSocketError['kind'];

  constructor({ kind, message }: ControlSocketError) {
    super(message);
    this.kind = kind;
  }
}

/** There is no switch processor at the socket. */
export class NoSwitchProcessorError extends Error {
  override readonly name = 'NoSwitchProcessorError';
}

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

export class ControlClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #path: string;
  #count = 0;
  #rest = '';

  private constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => {}); // `close` follows
    socket.on('close', () => this.#end());
  }

  /** @param path default: where a switch processor puts its socket (XDG_RUNTIME_DIR). */
  static connect(path = defaultSocketPath()): Promise<ControlClient> {
    if (path === undefined) {
      return Promise.reject(
        new NoSwitchProcessorError(
          'XDG_RUNTIME_DIR is not set, so the control socket has no usual place; ' +
            'name it with --socket as `vidline serve` printed it',
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('connect', () => {
        socket.off('error', fail);
        resolve(new ControlClient(socket, path));
      });
      const fail = (error: Error) => {
        reject(
          new NoSwitchProcessorError(
            `no switch processor at ${path} (${error.message}); start one with \`vidline serve\``,
          ),
        );
      };
      socket.once('error', fail);
    });
  }

  /** Rejects with RequestError where the answer is no, with NoSwitchProcessorError where none comes. */
  ask<V extends Verb>(verb: V, args: VerbArguments<V>): Promise<VerbResults[V]> {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      if (this.#socket.destroyed) this.#end();
      else this.#socket.write(`${JSON.stringify({ id, verb, args })}\n`);
    });
  }

  /** Rejects what is open. Idempotent. */
  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const answer = readAnswer(line);
      if (answer === undefined) {
        // Whatever this is, it is no switch processor.
        this.close();
        return;
      }
      const pending = typeof answer.id === 'number' ? this.#pending.get(answer.id) : undefined;
      if (pending === undefined) continue;
      this.#pending.delete(answer.id as number);
      if (answer.error === undefined) pending.resolve(answer.result as never);
      else pending.reject(new RequestError(answer.error));
    }
  }

  #end(): void {
    for (const { reject } of this.#pending.values()) {
      reject(new NoSwitchProcessorError(`the switch processor at ${this.#path} closed the socket`));
    }
    this.#pending.clear();
  }
}

function readAnswer(line: string): z.infer<typeof answerSchema> | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
