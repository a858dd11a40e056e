// Digests of the state of a shard, for comparing replicas: of every row, in tests and audits; and
// one that asks no more than the queues and producers, whatever the backlog, while a node works.
import type { Producer } from './queue/deduplication.ts'
import type { ShardQueue } from './queue/queue.ts'
import { type ShardState, sortedQueues } from './shard-state.ts'
import { mix, StateHash } from './state-hash.ts'

function hashHead(state: ShardState): StateHash {
  const hash = new StateHash()
  for (const value of [state.version, state.index, state.term, state.timeMs]) hash.number(value)
  hash.number(state.topologyCursor)
  hash.number(state.deadNumberMin)
  return hash
}

function hashQueue(hash: StateHash, queue: ShardQueue): void {
  hash.number(queue.id)
  hash.text(queue.vhost)
  hash.text(queue.name)
  const { autoDelete, expiresMs, messageTtlMs, singleActive } = queue.settings
  const { deadLetter, lengthLimit, deliveryLimit, maxPriority } = queue.settings
  hash.number((autoDelete ? 1 : 0) + (singleActive ? 2 : 0))
  hash.number(messageTtlMs ?? Number.MAX_SAFE_INTEGER)
  const { tail, mark, closingUntilMs, bytes, usedMs, activation } = queue
  for (const value of [tail, mark, closingUntilMs, bytes, expiresMs, usedMs, activation]) {
    hash.number(value)
  }
  hash.text(queue.active ?? '')
  hash.number(queue.consumers.size)
  for (const consumer of queue.consumers.values()) {
    hash.text(consumer.session)
    hash.text(consumer.tag)
    hash.number(consumer.prefetch)
    hash.number((consumer.autoAck ? 1 : 0) + (consumer.exclusive ? 2 : 0))
    hash.number(consumer.priority)
  }
  hash.number(queue.liveCount)
  // With the place before it, so that no exchange is like one without a name.
  hash.number((deadLetter === null ? 0 : 1) + (deadLetter?.routingKey == null ? 0 : 2))
  hash.text(deadLetter?.exchange ?? '')
  hash.text(deadLetter?.routingKey ?? '')
  hash.text(JSON.stringify(lengthLimit))
  hash.number(deliveryLimit ?? -1)
  hash.number(maxPriority)
  hash.number(queue.dead.tail)
  hash.number(queue.dead.count)
}

function hashRows(hash: StateHash, queue: ShardQueue): void {
  for (const segment of queue.index.segments) {
    for (let row = segment.nextLive(0); row >= 0; row = segment.nextLive(row + 1)) {
      hash.number(segment.first + row)
      hash.number(segment.entryAt(row))
      hash.number(segment.positionAt(row))
      hash.number(segment.sectionAt(row))
      hash.number(segment.sizeAt(row))
      hash.number(segment.attemptAt(row))
      hash.number(segment.deliveryCountAt(row))
      hash.number(segment.deadlineAt(row))
      hash.number(segment.bodyAt(row))
      hash.number(segment.priorityAt(row))
      hash.number(segment.isOut(row) ? 1 : 0)
    }
  }
  for (const segment of queue.dead.segments) {
    for (let row = 0; row < segment.count; row++) {
      if (!segment.isLive(row)) continue
      for (const value of Object.values(segment.letter(row))) {
        if (typeof value === 'number') hash.number(value)
        else hash.text(value)
      }
    }
  }
}

function hashProducer({ key, epoch, sequences, refused, lastMs }: Producer): number {
  const hash = new StateHash()
  hash.text(key)
  for (const value of [epoch, sequences.lowest, lastMs, sequences.runs.length]) hash.number(value)
  for (const value of sequences.runs) hash.number(value)
  for (const value of refused.runs) hash.number(value)
  return hash.lane
}

function hashTables(hash: StateHash, state: ShardState): void {
  // Replicas have these in different orders.
  let sum = 0
  for (const producer of state.producers.rows()) sum = (sum + hashProducer(producer)) | 0
  for (const value of [state.producers.size, sum]) hash.number(value)
  const gateways = [...state.gateways.rows()].sort((a, b) => a.replica - b.replica)
  hash.number(gateways.length)
  for (const { replica, epoch, next, lastMs, outcomes } of gateways) {
    for (const value of [replica, epoch, next, lastMs, outcomes.size]) hash.number(value)
    for (const [number, reply] of outcomes) {
      hash.number(number)
      hash.text(JSON.stringify(reply))
    }
  }
}

/** 16 hexadecimal digits that depend on everything that is replicated, and on nothing else. */
export function hashShard(state: ShardState): string {
  const hash = hashHead(state)
  for (const queue of sortedQueues(state)) {
    hashQueue(hash, queue)
    hashRows(hash, queue)
  }
  hashTables(hash, state)
  return hash.finish()
}

/**
 * 16 hexadecimal digits that replicas agree on: of messages it takes the sum that each queue keeps,
 * of producers and gateways how far they are.
 */
export function digestShard(state: ShardState): string {
  const hash = hashHead(state)
  for (const queue of sortedQueues(state)) {
    hashQueue(hash, queue)
    hash.number(queue.index.digest)
    hash.number(queue.dead.digest)
  }
  let sum = 0
  for (const { epoch, sequences, refused, lastMs } of state.producers.rows()) {
    const runs = sequences.runs.length + refused.runs.length
    const place = mix(mix(mix(epoch, sequences.lowest), runs), lastMs)
    // Replicas have their rows in different orders.
    sum = (sum + place) | 0
  }
  for (const { replica, epoch, next, lastMs, outcomes } of state.gateways.rows()) {
    const place = mix(mix(mix(mix(replica, epoch), next), lastMs), outcomes.size)
    sum = (sum + place) | 0
  }
  for (const value of [state.producers.size, sum]) hash.number(value)
  return hash.finish()
}
