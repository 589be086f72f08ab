/**
 * The part of the control protocol (`control.ts`) that replication needs.
 *
 * | request | from | meaning |
 * |---|---|---|
 * | `renew` | switch processor | the assignment changed: ask `vids` now, not with the next report |
 * | `copy` | switch processor | keep copies of these VIDs of yours there; without `to`: keep none |
 * | `yield` | switch processor | stop serving a VID and hand it over; answered when that is done |
 * | `resume` | switch processor | serve it again: it did not get there |
 * | `agreed` | processor | a copy agrees at this place of the log; owner and backup both say so |
 * | `lost` | processor | a copy does not agree any more; answered when the card does not use it |
 */
import { z } from 'zod';

const octet = z.int().min(0).max(255);
const vid = z.int().min(0).max(0xffff);
const count = z.int().min(0);
const name = z.string().min(1).max(32);
const term = z.int().min(0).max(0xffffffff);

/** VIDs that one message names. */
export const MAX_COPIES = 48;
export const MAX_AGREED = 12;

/** `backup`: the row names it. `next`: the VID is to move there. */
const role = z.enum(['backup', 'next']);

const peer = z.object({
  name,
  slot: octet,
  epoch: octet,
  /** A VID of its own, for protocols whose set-up reply has room for the backup's (G9). */
  ownVid: vid.optional(),
});

/** VID and term. */
const copies = z.array(z.tuple([vid, term])).max(MAX_COPIES);

export const replicationRequests = {
  renew: z.object({ type: z.literal('renew'), assignment: count }),
  copy: z.object({ type: z.literal('copy'), role, copies, to: peer.optional() }),
  yield: z.object({ type: z.literal('yield'), vid, term, to: peer }),
  resume: z.object({ type: z.literal('resume'), vid }),
  agreed: z.object({
    type: z.literal('agreed'),
    name,
    role: z.enum(['owner', 'backup']),
    /** VID, term, number of the log, place in it, digest. */
    marks: z.array(z.tuple([vid, term, count, count, z.string().length(16)])).max(MAX_AGREED),
  }),
  lost: z.object({ type: z.literal('lost'), name, copies, why: z.string().max(200) }),
};

const done = <T extends string>(type: T) => z.object({ type: z.literal(type) });

export const replicationReplies = {
  renew: done('renew'),
  copy: done('copy'),
  yield: done('yield'),
  resume: done('resume'),
  agreed: done('agreed'),
  lost: done('lost'),
};

export type ControlPeer = z.infer<typeof peer>;
