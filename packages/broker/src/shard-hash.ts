// A digest of the whole state of a shard, for comparing replicas in tests and on demand: 64 bits,
// from two lanes of 32-bit mixing (MurmurHash3). It tells defects apart, not attackers.
import { type ShardState, sortedQueues } from './shard-state.ts'

class StateHash {
  #low = 0x9747b28c
  #high = 0x1b873593

  /** A safe integer. */
  number(value: number): void {
    const high = Math.floor(value / 0x100000000)
    this.#low = mix(this.#low, value - high * 0x100000000)
    this.#high = mix(this.#high ^ high, this.#low)
  }

  text(value: string): void {
    this.number(value.length)
    for (let index = 0; index < value.length; index++) this.number(value.charCodeAt(index))
  }

  finish(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0')
    return hex(mix(this.#high, this.#low)) + hex(this.#low)
  }
}

function mix(lane: number, value: number): number {
  let mixed = Math.imul(value | 0, 0xcc9e2d51)
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
  const turned = lane ^ mixed
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0
}

function hashQueues(hash: StateHash, state: ShardState): void {
  for (const queue of sortedQueues(state)) {
    hash.number(queue.id)
    hash.text(queue.vhost)
    hash.text(queue.name)
    for (const value of [queue.tail, queue.mark, queue.closingUntilMs, queue.bytes]) {
      hash.number(value)
    }
    hash.number(queue.consumers.size)
    for (const consumer of queue.consumers.values()) {
      hash.text(consumer.session)
      hash.text(consumer.tag)
      hash.number(consumer.prefetch)
      hash.number((consumer.autoAck ? 1 : 0) + (consumer.exclusive ? 2 : 0))
    }
    hash.number(queue.liveCount)
    for (const segment of queue.index.segments) {
      for (let row = segment.nextLive(0); row >= 0; row = segment.nextLive(row + 1)) {
        hash.number(segment.first + row)
        hash.number(segment.entryAt(row))
        hash.number(segment.positionAt(row))
        hash.number(segment.sectionAt(row))
        hash.number(segment.sizeAt(row))
        hash.number(segment.attemptAt(row))
        hash.number(segment.deliveryCountAt(row))
      }
    }
  }
}

function hashTables(hash: StateHash, state: ShardState): void {
  const producers = [...state.producers.rows()].sort((a, b) => (a.key < b.key ? -1 : 1))
  hash.number(producers.length)
  for (const { key, epoch, sequences, lastMs } of producers) {
    hash.text(key)
    for (const value of [epoch, sequences.lowest, lastMs, sequences.runs.length]) {
      hash.number(value)
    }
    for (const value of sequences.runs) hash.number(value)
  }
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
  const hash = new StateHash()
  for (const value of [state.version, state.index, state.term, state.timeMs]) hash.number(value)
  hash.number(state.topologyCursor)
  hashQueues(hash, state)
  hashTables(hash, state)
  return hash.finish()
}
