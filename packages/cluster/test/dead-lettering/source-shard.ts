// A node that leads a queue with dead letters, and brings them to the shards of others: shard 1 has
// queue `work`; `q2` is in shard 2, which has no leader, `q3` in shard 3, led by node 2, which says
// what a test wants. Letters go straight to a queue, or by `amq.direct`, which leads to the same.
import {
  encodeCommandSection,
  encodeEntryBatch,
  encodeMetadataCommand,
  encodePublishSection,
  type MetadataCommand,
  MetadataMachine,
  type PublishHeader,
  packMetadataBatch,
  plainSettings,
  readSectionAlone,
  type SectionReply,
  type ShardCommand,
  ShardMachine
} from '@holdfast/broker'
import { encodeRecord } from '@holdfast/record'
import type { Core } from '../../src/core.ts'
import type { Body } from '../../src/delivering/bodies.ts'
import type { ForwardOutcome } from '../../src/peers/peer-codec.ts'
import { coreWith, sent } from '../part-core.ts'

const source = 1
const epoch = 1024

export interface Death {
  readonly queue?: number
  readonly bytes?: number
}

export interface Forwarded {
  readonly group: number
  readonly number: number
  readonly header: PublishHeader
}

export class SourceShard {
  readonly core: Core
  readonly machine: ShardMachine = new ShardMachine()
  readonly #log: Map<number, Uint8Array> = new Map()
  readonly #waiting: (() => void)[] = []
  /** Whether the node may route. */
  readonly lease: { isValid: boolean } = { isValid: true }
  /** What is read of an entry: its data, unless a test says otherwise. */
  body: (data: Uint8Array, index: number) => Body = (data) => data
  /** Whether commands are committed. */
  isCommitting = true
  timeMs = 1_000
  term = 1
  #index = 0
  #number = 0

  constructor(queues: readonly number[] = [1], exchange: '' | 'amq.direct' = '') {
    const metadata = new MetadataMachine()
    const addresses = { client: 'c', peer: 'p', http: 'h' }
    const named = { clusterId: 'c'.repeat(32), storeId: '0'.repeat(32), addresses }
    const commands: MetadataCommand[] = [{ type: 'initialise', ...named, shards: 3 }]
    for (const group of [2, 3]) {
      commands.push({ type: 'declare-queue', vhost: '/', name: `q${group}`, options: {}, group })
      const binding = { source: 'amq.direct', bindingKey: `q${group}`, arguments: {} }
      const destination = { type: 'queue', name: `q${group}` } as const
      commands.push({ type: 'bind', vhost: '/', destination, ...binding })
    }
    metadata.apply({ index: 1, term: 1 }, packMetadataBatch(1, commands.map(encodeMetadataCommand)))
    const { machine } = this
    this.core = coreWith({
      lease: this.lease,
      metadata: { machine: metadata },
      groups: { shardHost: () => ({ machine }), selfReplica: 1 },
      reports: { leadership: (group: number) => ({ leader: group === 3 ? 2 : null, term: 1 }) },
      bodies: { get: (_: number, index: number, found: () => void) => this.#body(index, found) },
      shards: {
        propose: (_: number, command: ShardCommand, done: (reply: SectionReply | null) => void) => {
          if (this.isCommitting) done(this.command(command))
          return true
        }
      }
    })
    this.core.gateway.open(epoch)
    for (const queue of queues) {
      const created = { type: 'create-queue', cursor: queue, queue, vhost: '/' } as const
      const deadLetter = { exchange, routingKey: null }
      const changes = [
        { ...created, name: `work${queue}`, settings: { ...plainSettings, deadLetter } }
      ]
      this.command({ type: 'topology', upTo: queue, changes })
    }
    this.lead()
  }

  lead(): void {
    this.core.deadLettering.leadershipChanged(source, true)
  }

  #body(index: number, found: () => void): Body {
    const body = this.body(this.#log.get(index) ?? new Uint8Array(0), index)
    if (typeof body === 'string') this.#waiting.push(found)
    return body
  }

  /** Those that were read, or lost, are there. */
  found(): void {
    for (const run of this.#waiting.splice(0)) run()
  }

  #apply(section: Uint8Array): SectionReply | undefined {
    const data = encodeEntryBatch(this.timeMs, [section])
    this.#log.set(++this.#index, data)
    const applied = this.machine.apply({ index: this.#index, term: this.term }, data)
    this.core.deadLettering.applied(source, applied.effects)
    return applied.replies[0]
  }

  command(command: ShardCommand): SectionReply {
    return this.#apply(encodeCommandSection(command)) ?? { type: 'done' }
  }

  /** A message that came with this routing key dies, and goes by it. Returns its entry. */
  dies(routingKey: string, { queue = 1, bytes = 1 }: Death = {}): number {
    const blob = encodeRecord(null, new Uint8Array(bytes))
    const number = ++this.#number
    const gateway = { replica: 1, epoch: 1 }
    const way = { gateway, number, first: number === 1, producer: null, exchange: '', routingKey }
    const section = encodePublishSection({ ...way, queues: [queue], count: 1, blob })
    this.#apply(new Uint8Array(Buffer.concat(section)))
    const entry = this.#index
    const offset = this.machine.queue(queue)?.tail ?? 0
    const consumer = { session: '0a', tag: 'c' }
    const ranges = [offset, offset, 0]
    this.command({ type: 'settle', queue, consumer, outcome: 'rejected', ranges })
    return entry
  }

  /** What node 2 gets to hear after a while. */
  forwarded(): Forwarded[] {
    for (let round = 0; round < 20; round++) this.core.deadLettering.flush()
    this.core.gateway.flush()
    return sent(this.core).flatMap(({ message }) => {
      if (message.type !== 'forward') return []
      return message.sections.map(({ bytes, number }) => {
        return { group: message.group, number, header: readSectionAlone(bytes) as PublishHeader }
      })
    })
  }

  answer(group: number, ...outcomes: readonly ForwardOutcome[]): void {
    this.core.gateway.result({ type: 'forward-result', group, epoch, outcomes })
  }

  /** Node 2 takes what it hears of, as long as it hears of something. Returns how many letters. */
  accept(): number {
    for (let taken = 0; ; ) {
      const heard = this.forwarded()
      if (heard.length === 0) return taken
      taken += heard.length
      for (const { group, number } of heard) {
        this.answer(group, { type: 'accepted', first: number, last: number })
      }
    }
  }

  /** Dead letters of a queue that have not gone. */
  left(queue = 1): number {
    return this.machine.queue(queue)?.dead.count ?? 0
  }
}
