// What clients do in a run: they declare, publish and consume, and change what they use, as a plan
// says; and in the end they see to it that everything has an outcome.
import type { WireError } from '@holdfast/errors'
import { AmqpConsumer } from './clients/amqp-consumer.ts'
import { AmqpOwner } from './clients/amqp-owner.ts'
import { AmqpPublisher } from './clients/amqp-publisher.ts'
import { Beginnings } from './clients/beginnings.ts'
import { Bursts } from './clients/bursts.ts'
import { Bindings, type Change, Depths, Replacements, Watch } from './clients/changes.ts'
import { Commits } from './clients/commits.ts'
import { Consumer } from './clients/consumer.ts'
import { Copies } from './clients/copies.ts'
import { History } from './clients/history.ts'
import { LibraryConsumer } from './clients/library-consumer.ts'
import { LibraryPublisher } from './clients/library-publisher.ts'
import { Lifetimes } from './clients/lifetimes.ts'
import { Operator } from './clients/operator.ts'
import { Overflows } from './clients/overflows.ts'
import { Owners } from './clients/owners.ts'
import { Perishables } from './clients/perishables.ts'
import { Priorities } from './clients/priorities.ts'
import { Publisher, type Route } from './clients/publisher.ts'
import { Purges } from './clients/purges.ts'
import {
  amqpQueue,
  askedQueue,
  autoAckQueue,
  exclusiveQueue,
  floodedQueue,
  mortalQueues,
  optionsOf,
  purgedQueue
} from './clients/queues.ts'
import { Rights } from './clients/rights.ts'
import { Routes } from './clients/routes.ts'
import { Stranger } from './clients/stranger.ts'
import { Successions } from './clients/successions.ts'
import { Transfers } from './clients/transfers.ts'
import {
  boundQueues,
  copiedRoute,
  declarations,
  exchangeRoutes,
  graveQueue,
  route,
  tombQueue
} from './clients/ways.ts'
import type { ChangeName, ClientPlan } from './plan/plan.ts'
import type { World } from './world/world.ts'

/** Of a run in which somebody takes messages without acknowledgement, by AMQP. */
const unsettlingChance = 0.4
/** Of a consumer whose prefetch is that of its channel. */
const globalChance = 0.35
/** Of those that speak AMQP: leaders change meanwhile. */
const amqpWorkMs = 400
/** After which who passes by is gone: in calm weather a declaration takes longer. */
const passingMsMax = 12

export class Workload {
  readonly history: History
  readonly operator: Operator
  readonly queues: readonly string[]
  readonly routes: readonly Route[]
  readonly #world: World
  readonly #plan: ClientPlan
  #publishers: (Publisher | LibraryPublisher | AmqpPublisher)[] = []
  #consumers: (Consumer | LibraryConsumer | AmqpConsumer)[] = []
  #changes: Change[] = []
  #strangers: Stranger[] = []

  constructor(world: World, plan: ClientPlan, refusals: readonly string[]) {
    this.#world = world
    this.#plan = plan
    this.history = new History(world, refusals)
    this.operator = new Operator(world, 'operator')
    const further = Array.from({ length: plan.queues }, (_, i) => `q${i + 5}`)
    const special = [autoAckQueue, purgedQueue, exclusiveQueue, amqpQueue, askedQueue]
    special.push(graveQueue, tombQueue, ...mortalQueues)
    if (plan.flood > 0) special.push(floodedQueue)
    this.queues = [...boundQueues, ...further, ...special]
    const open = this.#openQueues.map((name) => route('', name, [name]))
    this.routes = [...open, ...exchangeRoutes]
  }

  /** Those that never refuse what clients send. */
  get #openQueues(): readonly string[] {
    return this.queues.filter((name) => name !== tombQueue)
  }

  /** Asks for queues, exchanges and bindings; done when the operator is idle. */
  declare(): void {
    const { operator } = this
    const must = (error: WireError | null): void => {
      if (error !== null) this.#world.fail(`a declaration was refused: ${error.code}`)
    }
    for (const name of this.queues) {
      operator.ask({ type: 'declare-queue', name, options: optionsOf(name) }, must)
    }
    for (const declaration of declarations) operator.ask(declaration, must)
  }

  start(): void {
    const { history } = this
    const { publishers, careless, messages, batchMax, gapMsMax, libraryShare } = this.#plan
    const { strangers, changes, changeGapMsMax } = this.#plan
    const world = this.#world
    const random = world.random.split('workload')
    this.#publishers = Array.from({ length: publishers }, (_, i) => {
      const routes = random.shuffle(this.routes).slice(0, 4)
      const isCareless = i < careless
      const options = { history, routes, messages, batchMax, gapMsMax, isCareless }
      const isLibrary = !isCareless && random.chance(libraryShare)
      return isLibrary
        ? new LibraryPublisher(world, `s${i + 1}`, options)
        : new Publisher(world, `p${i + 1}`, options)
    })
    const routes = [route('', amqpQueue, [amqpQueue]), ...random.shuffle(this.routes).slice(0, 4)]
    routes.push(copiedRoute(random.split('copies').shuffle(boundQueues).slice(0, 2)))
    const ways = { history, routes, messages, batchMax, gapMsMax }
    this.#publishers.push(new AmqpPublisher(world, 'a1', ways))
    const straight = [amqpQueue, askedQueue].map((queue) => route('', queue, [queue]))
    this.#publishers.push(new AmqpPublisher(world, 'a2', { ...ways, routes: straight }))
    if (this.#plan.flood > 0) this.#flood()
    this.#consumers = this.queues.flatMap((queue) => this.#consume(queue))
    // Another is told at each delivery that it need not settle it.
    const unsettling = { history, queue: autoAckQueue, prefetch: 0, autoAck: true }
    const isIdle = random.chance(0.3)
    if (random.chance(unsettlingChance)) {
      this.#consumers.push(new AmqpConsumer(world, 'autoa', { ...unsettling, isIdle }))
    }
    history.lossy(autoAckQueue)
    world.audit.answers.automatic(autoAckQueue)
    world.audit.answers.automatic(amqpQueue)
    world.audit.answers.automatic(askedQueue)
    history.lossy(purgedQueue)
    for (const queue of mortalQueues) history.buries(queue, graveQueue)
    history.buries(mortalQueues[1], tombQueue)
    this.#changes = changes.map((name) => this.#change(name))
    for (const change of this.#changes) change.start(changeGapMsMax)
    this.#strangers = Array.from({ length: strangers }, (_, i) => new Stranger(world, `${i + 1}`))
  }

  #flood(): void {
    const { history } = this
    const routes = [route('', floodedQueue, [floodedQueue])]
    const options = { routes, messages: this.#plan.flood, batchMax: 200, gapMsMax: 60 }
    this.#publishers.push(new Publisher(this.#world, 'flood', { history, ...options }))
  }

  #change(name: ChangeName): Change {
    const world = this.#world
    switch (name) {
      case 'bindings':
        return new Bindings(world, this.history, boundQueues)
      case 'routes':
        return new Routes(world, this.history, boundQueues)
      case 'rights':
        return new Rights(world, this.history, boundQueues)
      case 'bursts':
        return new Bursts(world, this.history)
      case 'replacements':
        return new Replacements(world, this.history)
      case 'purges':
        return new Purges(world, this.history, purgedQueue)
      case 'watch':
        return new Watch(world, this.history, exclusiveQueue)
      case 'successions':
        return new Successions(world, this.history, boundQueues)
      case 'lifetimes':
        return new Lifetimes(world, this.history)
      case 'owners':
        return new Owners(world, this.history)
      case 'beginnings':
        return new Beginnings(world, this.history, boundQueues)
      case 'perishables':
        return new Perishables(world, this.history, graveQueue)
      case 'overflows':
        return new Overflows(world, this.history, graveQueue)
      case 'priorities':
        return new Priorities(world, this.history, graveQueue)
      case 'commits':
        return new Commits(world, this.history, boundQueues)
      case 'copies':
        return new Copies(world, this.history)
      case 'transfers':
        return new Transfers(world, this.history)
    }
  }

  #consume(queue: string): (Consumer | LibraryConsumer | AmqpConsumer)[] {
    const { history } = this
    const plan = this.#plan
    const random = this.#world.random.split(`consumers of ${queue}`)
    const autoAck = queue === autoAckQueue
    const isContested = queue === exclusiveQueue
    // One of those who contend for it would share it.
    const count = isContested ? 3 : random.integer(1, plan.consumersMax)
    const { workMsMax, releaseChance, rejectChance } = plan
    const ways = { workMsMax, releaseChance, rejectChance }
    if (queue === askedQueue) return this.#ask(queue)
    return Array.from({ length: count }, (_, i) => {
      const isFlooded = queue === floodedQueue
      const drawn = isFlooded ? random.integer(200, 500) : random.integer(1, plan.prefetchMax)
      // Credit that a purge does not give back stops who has no more of it; and what is in hands
      // does not count as length, so that a queue fills up whose consumers take little.
      const prefetch = queue === purgedQueue || queue === tombQueue ? 1 : drawn
      const exclusive = isContested && i < 2
      const isRestless = isContested || random.chance(plan.restlessChance)
      // Where there are several, they differ; below zero, too.
      const priority = (i % 3) - 1
      const rank = { priority, prefetch }
      const manner = { autoAck, exclusive, isContested, isRestless }
      const options = { history, queue, ...rank, ...manner, ...ways }
      if (queue === amqpQueue) {
        const isGlobal = random.chance(globalChance)
        const patient = { ...options, isGlobal, workMsMax: workMsMax + amqpWorkMs }
        return new AmqpConsumer(this.#world, `${queue}c${i + 1}`, patient)
      }
      // The library settles by itself where that is asked of it, and stays where it is.
      const isPlain = !autoAck && !isRestless
      return isPlain && random.chance(plan.libraryShare)
        ? new LibraryConsumer(this.#world, `${queue}s${i + 1}`, options)
        : new Consumer(this.#world, `${queue}c${i + 1}`, options)
    })
  }

  /** Who asks gets what consumers leave over: nobody consumes from this queue. */
  #ask(queue: string): AmqpConsumer[] {
    const { history } = this
    const { workMsMax, releaseChance, rejectChance } = this.#plan
    const ways = { workMsMax: workMsMax + amqpWorkMs, releaseChance, rejectChance }
    const options = { history, queue, prefetch: 0, isIdle: true, ...ways }
    return [1, 2].map((i) => new AmqpConsumer(this.#world, `${queue}g${i}`, options))
  }

  /** Nothing new begins; what has begun is seen to its end. */
  finish(): void {
    for (const stranger of this.#strangers) stranger.isStopped = true
    for (const change of this.#changes) change.finish()
    for (const publisher of this.#publishers) publisher.finish()
    for (const consumer of this.#consumers) consumer.isDraining = true
  }

  get isResolved(): boolean {
    const areDone = this.#publishers.every((publisher) => publisher.isDone)
    return this.operator.isIdle && areDone && this.#changes.every((change) => change.isDone)
  }

  /**
   * A few messages more for the queues whose consumers take the least at a time: all credit that
   * was used has come back by now.
   */
  oneMore(): void {
    const takenAtOnce = (queue: string): number => {
      return this.#consumers
        .filter((consumer) => consumer.queue === queue)
        .reduce((sum, { prefetch }) => sum + prefetch, 0)
    }
    const last = new Publisher(this.#world, 'last', {
      history: this.history,
      routes: this.routes,
      messages: 0
    })
    this.#publishers.push(last)
    const byNeed = [...this.#openQueues].sort((a, b) => takenAtOnce(a) - takenAtOnce(b))
    for (const queue of byNeed.slice(0, 3)) {
      last.publish(route('', queue, [queue]), Math.min(30, takenAtOnce(queue) + 1))
    }
  }

  /** One publisher more, which is seen to its end. */
  add(publisher: Publisher): void {
    this.#publishers.push(publisher)
  }

  /** Clients that declare a queue of their own, and are gone before it is there. */
  passBy(clients: number): void {
    for (let i = 1; i <= clients; i += 1) {
      const name = `passing${i}`
      this.history.deleting(name)
      new AmqpOwner(this.#world, name, this.history, passingMsMax)
    }
  }

  get isSettled(): boolean {
    return this.#consumers.every(({ heldCount }) => heldCount === 0)
  }

  /** What is in the queues, as their leaders say. */
  depths(): Depths {
    return new Depths(this.operator, this.queues)
  }
}
