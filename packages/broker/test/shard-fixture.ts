// A shard machine with its log, for tests that speak in commands: every call of `apply` is an
// entry.
import { encodeRecord } from '@holdfast/record'
import {
  encodeCommandSection,
  encodeEntryBatch,
  encodePublishSection,
  type PublishProducer,
  type PublishSection,
  type SectionReply,
  type ShardCommand,
  type ShardEffect,
  ShardMachine,
  type ShardOptions
} from '../src/index.ts'

export class ShardFixture {
  machine: ShardMachine
  readonly log: Map<number, Uint8Array> = new Map()
  index = 0
  term = 1
  timeMs = 1_000
  effects: readonly ShardEffect[] = []
  #cursor = 0
  #number = 1

  constructor(options: ShardOptions = {}) {
    this.machine = new ShardMachine(options)
  }

  applyData(data: Uint8Array): readonly SectionReply[] {
    this.log.set(++this.index, data)
    const applied = this.machine.apply({ index: this.index, term: this.term }, data)
    this.effects = applied.effects
    return applied.replies
  }

  /** One command in an entry of its own. */
  command(command: ShardCommand): SectionReply | undefined {
    return this.applyData(encodeEntryBatch(this.timeMs, [encodeCommandSection(command)]))[0]
  }

  /** What a replica is that takes over from a snapshot. */
  restored(): ShardFixture {
    const { manifest, newBlobs } = this.machine.snapshot()
    const blobs = new Map(newBlobs.map(({ id, bytes }) => [id, bytes]))
    const copy = new ShardFixture()
    copy.machine = ShardMachine.restore(manifest, blobs)
    copy.index = this.index
    copy.timeMs = this.timeMs
    return copy
  }

  create(...queues: number[]): void {
    for (const queue of queues) {
      const cursor = ++this.#cursor
      const name = `q${queue}`
      this.command({
        type: 'topology',
        upTo: cursor,
        changes: [{ type: 'create-queue', cursor, queue, vhost: '/', name }]
      })
    }
  }

  delete(queue: number): void {
    const cursor = ++this.#cursor
    const changes = [{ type: 'delete-queue' as const, cursor, queue }]
    this.command({ type: 'topology', upTo: cursor, changes })
  }

  /** A section with the next number of gateway 1. */
  section(count: number, changed: Partial<PublishSection> = {}): PublishSection {
    const number = changed.number ?? this.#number++
    return {
      gateway: { replica: 1, epoch: 1 },
      number,
      first: number === 1,
      producer: null,
      exchange: 'events',
      routingKey: 'a.b',
      queues: [1],
      count,
      blob: blobOf(count),
      ...changed
    }
  }

  /** Publishes in an entry of its own. */
  publish(count: number, changed: Partial<PublishSection> = {}): SectionReply | undefined {
    return this.send(this.section(count, changed))
  }

  send(section: PublishSection): SectionReply | undefined {
    return this.applyData(encodeEntryBatch(this.timeMs, [encodePublishSection(section)]))[0]
  }

  offsets(queue: number): number[] {
    const offsets: number[] = []
    const view = this.machine.queue(queue)
    for (let at = view?.nextLive(1) ?? null; at !== null; at = view?.nextLive(at + 1) ?? null) {
      offsets.push(at)
    }
    return offsets
  }
}

export function blobOf(count: number): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      Array.from({ length: count }, (_, index) => encodeRecord(null, Uint8Array.of(index)))
    )
  )
}

export function producer(
  firstSequence: number,
  changed: Partial<PublishProducer> = {}
): PublishProducer {
  const id = new Uint8Array(16).fill(5)
  return {
    id,
    epoch: 1,
    firstSequence,
    lowestUnconfirmed: 1,
    first: firstSequence === 1,
    ...changed
  }
}

export const consumer = { session: '0a', tag: 'c' } as const
