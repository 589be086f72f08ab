/** Matches replies from the card's thread to the calls that wait for them. */
import type { NativeReply } from './native.ts';

export type SimulationErrorCode =
  /** The model could not be built or reset. */
  | 'MODEL'
  /** The model ended by $fatal, $stop or a failed assertion; the card is dead. */
  | 'FAILED'
  /** No such port, or it is attached otherwise. */
  | 'PORT'
  /** The call belongs to the other mode. */
  | 'MODE'
  /** Still busy after the given number of clocks. */
  | 'NOT_IDLE'
  | 'CLOSED'
  /** The operating system refused. */
  | 'SYSTEM';

export class SimulationError extends Error {
  readonly code: SimulationErrorCode;
  constructor(code: SimulationErrorCode, message: string) {
    super(message);
    this.name = 'SimulationError';
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (reply: NativeReply) => void;
  readonly reject: (error: Error) => void;
}

export class Calls {
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #end: Error | undefined;

  /** Reply 0 is that the card is ready: the first call must be the wait for it. */
  call(start: (id: number) => void): Promise<NativeReply> {
    if (this.#end) return Promise.reject(this.#end);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      start(id);
    });
  }

  settle(reply: NativeReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    if (reply.code === undefined) waiting.resolve(reply);
    else waiting.reject(new SimulationError(reply.code as SimulationErrorCode, reply.error ?? ''));
  }

  /** Rejects what waits and all that comes. */
  end(error: Error): void {
    this.#end ??= error;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
