import { describe, expect, it } from 'vitest';
import { SeenUsers } from '../../../host/setup/seen-users.ts';

const users = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => `${262_010_000_000_000 + first + i} ${5 + (i % 3)}`);

describe('users seen before', () => {
  it('forgets nobody, and takes few for others', () => {
    const seen = new SeenUsers();
    const known = users(0, 200_000).filter((user) => seen.add(user));
    expect(known.length).toBeLessThan(200);
    expect(users(0, 200_000).every((user) => seen.add(user))).toBe(true);
  });

  it('knows nobody when all are gone, and everybody where it cannot tell', () => {
    const seen = new SeenUsers();
    seen.add('a');
    seen.clear();
    expect(seen.add('a')).toBe(false);
    seen.fill();
    expect(seen.add('b')).toBe(true);
  });
});
