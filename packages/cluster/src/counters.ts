// Counters of a member since its process started, for metrics. Plain numbers: the hot path adds to
// them.
import type { MemberCounters } from './status.ts'

export class Counters {
  publishedMessages = 0
  publishedBytes = 0
  confirmedMessages = 0
  returnedMessages = 0
  deliveredMessages = 0
  redeliveredMessages = 0
  settledMessages = 0
  /** Of the queues that this node led at the time. */
  rejectedDeadLetters = 0
  expiredDeadLetters = 0
  overflowDeadLetters = 0
  undeliverableDeadLetters = 0
  /** No queue took them: the exchange is missing, routes them nowhere, or back in a circle. */
  droppedDeadLetters = 0
  /** Of queues that this node leads. */
  waitingDeadLetters = 0
  elections = 0
  commitRecords = 0
  commitBytes = 0
  commitSeconds = 0
  commitSecondsMax = 0
  commitStalls = 0
  /** Entries that no replica has intact, as far as a consumer waits for them. */
  lostEntries = 0
  clientConnections = 0
  publishBytesInFlight = 0
  snapshotsTaken = 0
  snapshotsInstalled = 0

  /** A write to the node log took this long, its sync included. */
  noteWrite(tookMs: number): void {
    this.commitSeconds += tookMs / 1000
    this.commitSecondsMax = Math.max(this.commitSecondsMax, tookMs / 1000)
  }

  read(): MemberCounters {
    return { ...this }
  }
}
