/** Work whose end is looked at while the bench's time goes on. */
export interface Watched<T> {
  readonly done: () => boolean;
  /** What it resolved with; throws what it rejected with, and where it has not ended. */
  readonly result: () => T;
}

export function watch<T>(work: Promise<T>): Watched<T> {
  let settled: { value: T } | { error: Error } | undefined;
  work.then(
    (value) => {
      settled = { value };
    },
    (error: Error) => {
      settled = { error };
    },
  );
  return {
    done: () => settled !== undefined,
    result: () => {
      if (settled === undefined) throw new Error('not done yet');
      if ('error' in settled) throw settled.error;
      return settled.value;
    },
  };
}
