/** Keys of open set-ups, cut to messages of the control protocol (`keep`). */
import { MAX_CONTROL_MESSAGE, MAX_KEY, MAX_KEYS } from '../protocol/control.ts';

/** Bytes of keys in one message; the rest is for what surrounds them. */
const MOST_KEY_BYTES = MAX_CONTROL_MESSAGE - 250;

/**
 * Keys in groups, each of which fits a message. Those that are too long for any are left out; the
 * switch processor will forget them.
 */
export function* keyGroups(keys: readonly string[]): Generator<string[]> {
  let some: string[] = [];
  let bytes = 0;
  for (const key of keys) {
    const size = Buffer.byteLength(JSON.stringify(key)) + 1;
    if (size > MOST_KEY_BYTES || key.length > MAX_KEY) continue;
    if (bytes + size > MOST_KEY_BYTES || some.length === MAX_KEYS) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push(key);
    bytes += size;
  }
  if (some.length > 0) yield some;
}
