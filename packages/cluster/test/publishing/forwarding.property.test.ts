// From a gateway to whoever leads a shard, while leaders change, links break and answers are lost:
// every publish is applied once, in its order, though no producer is known by name.
import {
  encodeCommandSection,
  encodeEntryBatch,
  plainSettings,
  type SectionReply,
  ShardMachine
} from '@holdfast/broker'
import { encodeRecord } from '@holdfast/record'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { defaultTuning } from '../../src/limits.ts'
import type { Forward, ForwardResult } from '../../src/peers/peer-codec.ts'
import { createPublish } from '../../src/publishing/publish.ts'
import { ShardStream } from '../../src/publishing/shard-stream.ts'
import { coreWith, sent } from '../part-core.ts'

const group = 1
const epoch = 1024
const gateway = 2
const leaderNode = 1

interface Offered {
  readonly bytes: Uint8Array
  readonly done: (reply: SectionReply | null) => void
}

class World {
  readonly #random: Random
  readonly #clock = { nowMs: 1_000 }
  readonly #known = { leader: leaderNode, term: 1 }
  readonly #machine = new ShardMachine()
  readonly #stream: ShardStream
  readonly #leader: Core
  #isLeading = true
  #term = 1
  #index = 0
  #pushed = 0
  #offered: Offered[] = []
  #toLeader: Forward[] = []
  #toGateway: ForwardResult[] = []

  constructor(random: Random) {
    this.#random = random
    const gatewayCore = {
      clock: this.#clock,
      tuning: defaultTuning,
      identity: { node: gateway },
      options: {},
      groups: { selfReplica: gateway },
      peers: { send: (_node: number, forward: Forward) => this.#toLeader.push(forward) },
      reports: { leadership: () => ({ ...this.#known }) }
    } as unknown as Core
    this.#stream = new ShardStream(gatewayCore, group, epoch, () => undefined)
    const offer = (bytes: Uint8Array, done: Offered['done']): boolean => {
      this.#offered.push({ bytes, done })
      return true
    }
    const shard = Object.defineProperty({ offer, hasRoom: true }, 'isLeading', {
      get: () => this.#isLeading
    })
    const groups = { shard: () => shard, shardHost: () => ({ machine: this.#machine }) }
    this.#leader = coreWith({
      groups,
      disk: { isLow: false },
      lackingQueues: { isToCome: () => false }
    })
    const created = { type: 'create-queue', cursor: 1, queue: 7, vhost: '/', name: 'q' } as const
    const changes = [{ ...created, settings: plainSettings }]
    this.#apply(encodeCommandSection({ type: 'topology', upTo: 1, changes }))
  }

  #apply(bytes: Uint8Array): SectionReply | null {
    this.#index += 1
    const data = encodeEntryBatch(1_000, [bytes])
    return this.#machine.apply({ index: this.#index, term: 1 }, data).replies[0] ?? null
  }

  /** The n-th message has n bytes, so that each is known by its size. */
  #push(): void {
    this.#pushed += 1
    const blob = encodeRecord(null, new Uint8Array(this.#pushed))
    const origin = {
      vhost: '/',
      producer: null,
      publishRefusal: () => null,
      confirmed: (): void => undefined,
      failed: (): void => undefined,
      returned: (): void => undefined
    }
    const way = { exchange: '', routingKey: 'q', copies: [], mandatory: false, blob }
    const sequences = { first: false, firstSequence: 1, lowestUnconfirmed: 1, count: 1 }
    const publish = createPublish(origin, { ...way, ...sequences }, () => undefined)
    this.#stream.push(publish, [7])
  }

  #commit(): void {
    const [next] = this.#offered.splice(0, 1)
    if (next !== undefined) next.done(this.#apply(next.bytes))
  }

  /** What was proposed is in limbo: some of it was committed, and nobody is told. */
  #lose(): void {
    if (!this.#isLeading) return
    this.#isLeading = false
    const offered = this.#offered
    this.#offered = []
    for (const { done } of offered) done(null)
    const committed = this.#random.integer(0, offered.length)
    for (const { bytes } of offered.slice(0, committed)) this.#apply(bytes)
    this.#leader.shards.leadershipChanged(group)
  }

  #win(): void {
    this.#isLeading = true
    this.#term += 1
  }

  #breakLink(): void {
    this.#toLeader = []
    this.#toGateway = []
    this.#stream.linkUp(leaderNode)
  }

  #move(): void {
    const [forward] = this.#random.chance(0.5) ? this.#toLeader.splice(0, 1) : []
    if (forward !== undefined) this.#leader.shards.forward(gateway, forward)
    this.#leader.shards.flush()
    for (const { message } of sent(this.#leader)) {
      if (message.type === 'forward-result') this.#toGateway.push(message)
    }
    const [result] = this.#random.chance(0.5) ? this.#toGateway.splice(0, 1) : []
    if (result !== undefined) this.#stream.result(result.epoch, result.outcomes)
    this.#stream.flush()
    this.#clock.nowMs += this.#random.integer(0, 40)
  }

  step(): void {
    const random = this.#random
    if (random.chance(0.4)) this.#push()
    if (random.chance(0.4)) this.#commit()
    if (random.chance(0.08)) this.#lose()
    if (!this.#isLeading && random.chance(0.3)) this.#win()
    // Who leads is known late, and may be told before it has begun.
    if (random.chance(0.3)) this.#known.term = this.#term + (this.#isLeading ? 0 : 1)
    if (random.chance(0.03)) this.#breakLink()
    this.#move()
  }

  /** Ends well: what the queue has, by size. */
  settle(): { readonly pushed: number; readonly stored: readonly number[] } {
    if (!this.#isLeading) this.#win()
    this.#known.term = this.#term
    for (let round = 0; !this.#stream.isIdle && round < 10_000; round += 1) {
      this.#commit()
      this.#move()
    }
    const queue = this.#machine.queue(7)
    const empty = encodeRecord(null, new Uint8Array(0)).length
    const stored: number[] = []
    for (let at = queue?.nextLive(1) ?? null; at !== null; at = queue?.nextLive(at + 1) ?? null) {
      stored.push((queue?.row(at)?.sizeBytes ?? 0) - empty)
    }
    return { pushed: this.#pushed, stored }
  }
}

t.test('each publish is applied once, in order, whatever befalls its way', async (t) => {
  const seed = chooseSeed()
  for (let run = 0; run < 300; run += 1) {
    const random = new Random(seed + run)
    const world = new World(random)
    const steps = random.integer(1, 120)
    for (let step = 0; step < steps; step += 1) world.step()
    const { pushed, stored } = world.settle()
    const expected = Array.from({ length: pushed }, (_, at) => at + 1)
    if (JSON.stringify(stored) === JSON.stringify(expected)) continue
    t.same(stored, expected, `SEED=${seed + run}`)
    return
  }
  t.pass(`SEED=${seed}`)
})
