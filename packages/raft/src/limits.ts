// Bounds of everything in the core that grows with use and is not bounded by a setting of
// RaftConfig. Inflights, append sizes and uncommitted bytes are settings, because groups differ in
// them.

/** Reads that wait for a round on the leader, and reads that wait for the leader on a follower. */
export const readsPendingMax = 4096

/** Heartbeat rounds whose time of sending is remembered; an echo of an older one dates no lease. */
export const roundsRememberedMax = 64

/** Entries of one append request, however small they are. */
export const appendEntriesMax = 1024

/** A snapshot offer without an answer is repeated after this many election timeouts. */
export const snapshotOfferTimeouts = 2

/** A leader whose own write takes longer than this many election timeouts steps down. */
export const stalledWriteTimeouts = 2

/** A transfer stops proposals once its target lacks at most this many entries. */
export const transferLagEntriesMax = 16

/** The leases of a leader are void for this many election timeouts after a transfer that failed. */
export const leaseVoidTimeouts = 2

/** Voters, outgoing voters or learners of one group. */
export const configurationMembersMax = 1024
