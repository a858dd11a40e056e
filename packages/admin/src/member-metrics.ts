// What a node counts itself, as metrics: their types, names and what they say.
import type { MemberCounters } from '@holdfast/cluster'

/** Every counter of a member has a row; a new one does not compile until it has. */
export const memberRows: Readonly<
  Record<keyof MemberCounters, readonly ['counter' | 'gauge', string, string]>
> = {
  publishedMessages: [
    'counter',
    'holdfast_messages_published_total',
    'Messages that clients published through this node.'
  ],
  publishedBytes: [
    'counter',
    'holdfast_messages_published_bytes_total',
    'Bytes of the messages that clients published through this node.'
  ],
  confirmedMessages: [
    'counter',
    'holdfast_messages_confirmed_total',
    'Messages that this node confirmed to clients.'
  ],
  returnedMessages: [
    'counter',
    'holdfast_messages_returned_total',
    'Mandatory messages that no queue took.'
  ],
  deliveredMessages: [
    'counter',
    'holdfast_messages_delivered_total',
    'Messages that this node handed to consumers, repeats included.'
  ],
  redeliveredMessages: [
    'counter',
    'holdfast_messages_redelivered_total',
    'Messages that this node handed to consumers again, flagged.'
  ],
  settledMessages: [
    'counter',
    'holdfast_messages_settled_total',
    'Deliveries of this node that were settled for good.'
  ],
  rejectedDeadLetters: [
    'counter',
    'holdfast_dead_letters_rejected_total',
    'Messages that were rejected in a queue of this node with a dead letter exchange.'
  ],
  expiredDeadLetters: [
    'counter',
    'holdfast_dead_letters_expired_total',
    'Messages that expired in a queue of this node with a dead letter exchange.'
  ],
  overflowDeadLetters: [
    'counter',
    'holdfast_dead_letters_overflow_total',
    'Messages that were too many in a queue of this node with a dead letter exchange.'
  ],
  undeliverableDeadLetters: [
    'counter',
    'holdfast_dead_letters_undeliverable_total',
    'Messages that reached the delivery limit of a queue of this node with a dead letter exchange.'
  ],
  waitingDeadLetters: [
    'gauge',
    'holdfast_dead_letters_waiting',
    'Dead letters of queues that this node leads, on their way to their exchange.'
  ],
  droppedDeadLetters: [
    'counter',
    'holdfast_dead_letters_dropped_total',
    'Dead letters of queues of this node that no queue took.'
  ],
  elections: ['counter', 'holdfast_elections_total', 'Elections that replicas of this node began.'],
  commitRecords: ['counter', 'holdfast_commit_records_total', 'Synced writes to the node log.'],
  commitBytes: ['counter', 'holdfast_commit_bytes_total', 'Bytes written to the node log.'],
  commitSeconds: [
    'counter',
    'holdfast_commit_seconds_total',
    'Time that synced writes to the node log took.'
  ],
  commitSecondsMax: [
    'gauge',
    'holdfast_commit_seconds_max',
    'The longest synced write to the node log since the process started.'
  ],
  commitStalls: [
    'counter',
    'holdfast_commit_stalls_total',
    'Writes that took longer than an election timeout, for which leadership was given up.'
  ],
  lostEntries: [
    'gauge',
    'holdfast_lost_entries',
    'Log entries with messages for consumers of this node that no replica has intact.'
  ],
  clientConnections: [
    'gauge',
    'holdfast_client_connections',
    'Clients that are connected to this node.'
  ],
  publishBytesInFlight: [
    'gauge',
    'holdfast_publish_in_flight_bytes',
    'Bytes that clients published through this node and that are not confirmed yet.'
  ],
  snapshotsTaken: [
    'counter',
    'holdfast_snapshots_taken_total',
    'Snapshots that replicas of this node took.'
  ],
  snapshotsInstalled: [
    'counter',
    'holdfast_snapshots_installed_total',
    'Snapshots that replicas of this node installed from a leader.'
  ]
}
