// Changes of the topology and of queues while the clients go on, each with what must hold once it
// is answered: through whatever node, at once.
import type { QueueStatus } from '@holdfast/cluster'
import type { World } from '../world/world.ts'
import { Consumer } from './consumer.ts'
import type { History } from './history.ts'
import { nameOf } from './names.ts'
import { Operator } from './operator.ts'
import { Publisher, type Route } from './publisher.ts'
import { changingWays, route } from './ways.ts'

/** What is costly rests for so long at times, however closely other changes follow. */
const costlyGapMsMax = 1500

/** Something that is done again and again, one after the other, until it is to end. */
export abstract class Change {
  protected readonly world: World
  protected readonly history: History
  protected readonly operator: Operator
  /** Most of what a run costs, if it followed closely. */
  protected readonly isCostly: boolean = false
  #publishers: Publisher[] = []
  protected count = 0
  #gapMsMax = 0
  #isOver = false

  constructor(world: World, history: History, name: string) {
    this.world = world
    this.history = history
    this.operator = new Operator(world, name)
  }

  get isDone(): boolean {
    return this.operator.isIdle && this.#publishers.every(({ isDone }) => isDone)
  }

  /** Each comes at most so long after the one before. */
  start(gapMsMax: number): void {
    this.#gapMsMax = this.isCostly ? Math.max(gapMsMax, costlyGapMsMax) : gapMsMax
    this.later()
  }

  protected get isOver(): boolean {
    return this.#isOver
  }

  finish(): void {
    this.#isOver = true
  }

  protected abstract change(): void

  /** The next change after a while. */
  protected later(): void {
    const gapMs = this.world.random.integer(Math.ceil(this.#gapMsMax / 8), this.#gapMsMax)
    this.world.schedule.after(gapMs, () => {
      this.#dismiss()
      if (this.#isOver) return
      this.count += 1
      this.change()
    })
  }

  /** Who has nothing more to publish leaves, or there would be ever more connections. */
  #dismiss(): void {
    for (const publisher of this.#publishers) if (publisher.isDone) publisher.stop()
    this.#publishers = this.#publishers.filter(({ isStopped }) => !isStopped)
  }

  protected publish(name: string, to: Route, messages: number): Publisher {
    const { history } = this
    const publisher = new Publisher(this.world, name, { history, routes: [to], messages })
    this.#publishers.push(publisher)
    return publisher
  }

  /** What is sent again after another change would be routed by that. */
  protected whenDone(publishers: readonly { readonly isDone: boolean }[], run: () => void): void {
    this.world.schedule.after(50, () => {
      if (publishers.every(({ isDone }) => isDone)) run()
      else this.whenDone(publishers, run)
    })
  }

  protected must(error: { readonly code: string } | null, what: string): void {
    if (error !== null) this.world.fail(`${what} was refused: ${error.code}`)
  }
}

/**
 * Binds through one node; once that is confirmed, any other must route by it. The same with taking
 * the binding away.
 */
export class Bindings extends Change {
  readonly #queues: readonly string[]

  constructor(world: World, history: History, queues: readonly string[]) {
    super(world, history, 'binder')
    this.#queues = queues
  }

  protected change(): void {
    const name = `b${this.count}`
    const { random } = this.world
    const queue = random.pick(this.#queues)
    const way = random.pick(changingWays)(this.count)
    const { exchange, bindingKey, routingKey, others, without } = way
    const binding = { queue, exchange, bindingKey, arguments: {} }
    const to = [...new Set([queue, ...others])]
    this.operator.ask({ type: 'bind-queue', ...binding }, (error) => {
      this.must(error, 'a binding')
      const publisher = this.publish(name, route(exchange, routingKey, to), 2)
      // Once more bound is bound once; but it may be bound again after it was unbound.
      if (this.operator.wasRepeated) return this.later()
      this.whenDone([publisher], () => {
        this.operator.ask({ type: 'unbind-queue', ...binding }, (error) => {
          this.must(error, 'an unbinding')
          this.publish(`${name}u`, route(exchange, routingKey, without), 2)
          this.later()
        })
      })
    })
  }
}

/**
 * A queue that is deleted while it is in use, and declared again under the same name. Who publishes
 * to it is connected all the time: a node may know of the queue before, or of none, and be cut off
 * from whoever could tell.
 */
export class Replacements extends Change {
  readonly #publishers: readonly Publisher[]
  #renamed = 0

  constructor(world: World, history: History) {
    super(world, history, 'replacer')
    this.#publishers = [1, 2, 3].map((i) => {
      return new Publisher(world, `replacer${i}`, { history, routes: [], messages: 0 })
    })
  }

  override get isDone(): boolean {
    return super.isDone && this.#publishers.every(({ isDone }) => isDone)
  }

  protected change(): void {
    const name = `replaced${this.#renamed}`
    const queue = `${name}#${this.count}`
    this.operator.ask({ type: 'declare-queue', name, options: {} }, (error) => {
      this.must(error, 'a declaration')
      const { world, history } = this
      const to = route('', name, [queue])
      for (const publisher of this.#publishers) publisher.begin([to], world.random.integer(1, 8))
      const prefetch = world.random.integer(1, 5)
      const consumer = new Consumer(world, `${queue}c`, { history, queue, prefetch })
      world.schedule.after(world.random.integer(0, 1500), () => this.#delete(queue, consumer))
    })
  }

  #delete(queue: string, consumer: Consumer): void {
    this.history.deleting(queue)
    for (const publisher of this.#publishers) publisher.finish()
    consumer.doomed()
    const request = { name: nameOf(queue), ifUnused: false, ifEmpty: false }
    this.operator.ask({ type: 'delete-queue', ...request }, (error) => {
      // Asked again after a lost answer, it may be gone.
      if (error?.code !== 'QUEUE_NOT_FOUND') this.must(error, 'a deletion')
      consumer.stop()
      // A deletion that was asked for twice may yet hit the next queue of that name.
      if (this.operator.wasRepeated) this.#renamed += 1
      this.later()
    })
  }
}

/** Looks how many consume from a queue that takes one consumer at a time. */
export class Watch extends Change {
  readonly #queue: string

  constructor(world: World, history: History, queue: string) {
    super(world, history, 'watcher')
    this.#queue = queue
  }

  protected change(): void {
    this.operator.ask({ type: 'inspect-queue', name: this.#queue }, (error, result) => {
      this.must(error, 'an inspection')
      const { consumers } = result as QueueStatus
      if ((consumers ?? 0) > 1) this.world.fail(`${consumers} exclusive consumers of a queue`)
      this.later()
    })
  }
}

/** What is in queues, as their leaders say. */
export class Depths {
  readonly #operator: Operator
  readonly #depths: Map<string, number | null>

  constructor(operator: Operator, queues: readonly string[]) {
    this.#operator = operator
    this.#depths = new Map(queues.map((queue) => [queue, null]))
  }

  /** Whether all are, or were a moment ago; asks again where not. */
  get isNothing(): boolean {
    if ([...this.#depths.values()].every((depth) => depth === 0)) return true
    if (this.#operator.isIdle) this.#ask()
    return false
  }

  #ask(): void {
    for (const name of this.#depths.keys()) {
      this.#operator.ask({ type: 'inspect-queue', name }, (error, result) => {
        const { ready, unsettled, bytes, deadLetters } = (result ?? {}) as Partial<QueueStatus>
        const counts = [ready, unsettled, bytes, deadLetters]
        const isKnown = error === null && counts.every((count) => count != null)
        this.#depths.set(name, isKnown ? counts.reduce<number>((a, b) => a + (b ?? 0), 0) : null)
      })
    }
  }
}
