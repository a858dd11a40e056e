// Sections and entries of a shard's log, for the targets that read them.
import {
  encodeCommandSection,
  encodePublishSection,
  encodeTransactionSection,
  type PublishSection,
  type ShardCommand
} from '@holdfast/broker'
import { encodeRecord } from '@holdfast/record'
import { joined } from '../target.ts'

const consumer = { session: 'ab12', tag: 't' }

const commands: readonly ShardCommand[] = [
  {
    type: 'topology',
    upTo: 20,
    changes: [
      { type: 'create-queue', cursor: 10, queue: 5, vhost: '/', name: 'five' },
      { type: 'create-queue', cursor: 11, queue: 6, vhost: '/', name: 'six' }
    ]
  },
  { type: 'topology', upTo: 30, changes: [{ type: 'delete-queue', cursor: 25, queue: 6 }] },
  {
    type: 'attach-consumer',
    queue: 5,
    consumer,
    prefetch: 10,
    autoAck: false,
    exclusive: false,
    priority: 0
  },
  { type: 'use-queue', queue: 5 },
  { type: 'advance-marks', marks: [{ queue: 5, mark: 100 }] },
  { type: 'settle', queue: 5, consumer, outcome: 'accepted', ranges: [1, 1, 0] },
  { type: 'settle', queue: 5, consumer, outcome: 'released', ranges: [2, 3, 0] },
  { type: 'settle', queue: 5, consumer, outcome: 'rejected', ranges: [2, 2, 1] },
  { type: 'return-unclaimed', queue: 5, claimed: [1, 2] },
  { type: 'detach-consumer', queue: 5, consumer, release: [1, 2, 0] },
  { type: 'detach-session', session: 'ab12', releases: [{ queue: 5, ranges: [1, 1, 0] }] },
  { type: 'purge-queue', queue: 5, keep: [1, 2] },
  { type: 'delete-queue-if', queue: 5, ifUnused: true, ifEmpty: true, held: [3, 7] },
  { type: 'tick' },
  { type: 'activate-version', version: 1 }
]

const record = encodeRecord({ messageId: 'm' }, Buffer.from('body'))

/** What a gateway sends; `number` grows by one for each. */
export function publishSample(number: number, parts: Partial<PublishSection> = {}): Uint8Array {
  const section: PublishSection = {
    gateway: { replica: 2 ** 20 + 1, epoch: 1 },
    number,
    first: number === 1,
    producer: {
      id: new Uint8Array(16).fill(1),
      epoch: 1,
      firstSequence: number * 2 - 1,
      lowestUnconfirmed: 1,
      first: number === 1
    },
    exchange: 'e',
    routingKey: 'k',
    queues: [5, 6],
    count: 2,
    blob: joined(record, record),
    ...parts
  }
  return joined(...encodePublishSection(section))
}

/** Publishes and settlements that happen together. */
export function transactionSample(number: number): Uint8Array {
  const gateway = { replica: 2 ** 20 + 1, epoch: 1 }
  const publish = { exchange: 'e', routingKey: 'k', queues: [5], count: 1, blob: record }
  const settle = { type: 'settle', queue: 5, consumer, outcome: 'accepted' } as const
  return joined(
    ...encodeTransactionSection({
      gateway,
      number,
      first: number === 1,
      publishes: [publish, publish],
      settlements: [{ ...settle, ranges: [1, 1, 0] }]
    })
  )
}

/** A section of each kind, its length in front. */
export const sectionSamples: readonly Uint8Array[] = [
  ...commands.map((command) => encodeCommandSection(command)),
  publishSample(1),
  publishSample(2),
  publishSample(3, { producer: null, queues: [5] }),
  transactionSample(4)
]
