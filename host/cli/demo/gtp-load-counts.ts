/** What the load of gateways (gtp-load-main.ts) prints, a line each time. */
import { z } from 'zod';

export const loadCounts = z.object({
  event: z.enum(['counts', 'open', 'end']),
  created: z.number(),
  failed: z.number(),
  sent: z.number(),
  answered: z.number(),
  doubled: z.number(),
  ended: z.number(),
  lost: z.number(),
  /** At the end: when the pings were sent that nobody answered, milliseconds since 1970. */
  unanswered: z.array(z.number()).optional(),
  /** At the end: milliseconds from each ping to its answer. */
  times: z.array(z.number()).optional(),
});
export type LoadCounts = z.infer<typeof loadCounts>;
