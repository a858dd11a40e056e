// Queues with limits, of their length or of how often a message comes back, and several publishers
// at once that send more than fits, one by one or in transactions. Each message that is confirmed
// is consumed, or was dropped by the log; one that is refused is never seen.
import type { QueueStatus } from '@holdfast/cluster'
import type { Overflow, QueueOptions } from '@holdfast/protocol'
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import { Consumer } from './consumer.ts'
import type { History } from './history.ts'
import type { Publisher, Route } from './publisher.ts'
import { Transactor } from './transactor.ts'
import { route } from './ways.ts'

/** Looks after which the queue is deleted with what is in it. */
const looksMax = 20

interface Round {
  readonly queue: string
  readonly publishers: readonly Publisher[]
  /** Of each of them. */
  readonly messages: number
  readonly transactor: Transactor | null
}

const overflows: readonly Overflow[] = ['drop-head', 'reject-publish', 'reject-publish-dlx']

export class Overflows extends Change {
  /** Whether there are transactions, too. */
  protected readonly transacts: boolean = true
  readonly #graveQueue: string
  #isOpen = false
  #consumers: Consumer[] = []

  constructor(world: World, history: History, graveQueue: string, name = 'miser') {
    super(world, history, name)
    this.#graveQueue = graveQueue
  }

  override get isDone(): boolean {
    return super.isDone && !this.#isOpen
  }

  protected change(): void {
    this.#isOpen = true
    const { random, schedule } = this.world
    const queue = `${this.operator.name}${this.count}`
    this.history.lossy(queue)
    const options = this.optionsOf(queue)
    this.operator.ask({ type: 'declare-queue', name: queue, options }, (error) => {
      this.must(error, 'a declaration')
      if (random.chance(0.6)) this.#consume(queue)
      schedule.after(random.integer(0, 300), () => this.#fill(queue))
    })
  }

  #fill(queue: string): void {
    const { random } = this.world
    const messages = random.integer(1, 30)
    const to = this.routeTo(queue)
    const transactor = this.transacts && random.chance(0.4) ? this.#transact(queue) : null
    const publishers = Array.from({ length: random.integer(1, 3) }, (_, at) =>
      this.publish(`${queue}p${at}`, to, messages)
    )
    this.whenDone(transactor === null ? publishers : [...publishers, transactor], () => {
      transactor?.stop()
      this.#consume(queue)
      this.#mustEmpty({ queue, messages, publishers, transactor }, 1)
    })
  }

  #transact(queue: string): Transactor {
    const { world, history } = this
    return new Transactor(world, `${queue}t`, history, queue, world.random.integer(1, 5))
  }

  protected optionsOf(queue: string): QueueOptions {
    const { history } = this
    const { random } = this.world
    const isLong = random.chance(0.3)
    const length = isLong ? {} : this.#length(queue)
    const isPatient = !isLong && random.chance(0.5)
    const limits = { ...length, ...(isPatient ? {} : { deliveryLimit: random.integer(0, 3) }) }
    if (random.chance(0.6)) return limits
    history.buries(queue, this.#graveQueue)
    const names = { deadLetterExchange: '', deadLetterRoutingKey: this.#graveQueue }
    return { ...limits, ...names }
  }

  #length(queue: string): QueueOptions {
    const { random } = this.world
    const overflow = random.pick(overflows)
    if (overflow !== 'drop-head') this.history.fullQueues.add(queue)
    return random.chance(0.7)
      ? { maxLength: random.integer(0, 12), overflow }
      : { maxLengthBytes: random.integer(0, 2_000), overflow }
  }

  protected routeTo(queue: string): Route {
    return route('', queue, [queue])
  }

  #consume(queue: string): void {
    const { world, history } = this
    const { random } = world
    const ways = {
      prefetch: random.integer(1, 8),
      releaseChance: random.pick([0.3, 0.7]),
      isRestless: random.chance(0.3)
    }
    const options = { history, queue, ...ways, workMsMax: random.pick([5, 100, 300]) }
    const consumer = new Consumer(world, `${queue}c${this.#consumers.length}`, options)
    consumer.doomed()
    this.#consumers.push(consumer)
  }

  #mustEmpty(round: Round, look: number): void {
    const { random, schedule } = this.world
    for (const consumer of this.#consumers) consumer.isDraining = true
    this.operator.ask({ type: 'inspect-queue', name: round.queue }, (error, result) => {
      this.must(error, 'a look at a queue with a limit')
      const { ready, unsettled } = (result ?? {}) as Partial<QueueStatus>
      const isEmpty = ready === 0 && unsettled === 0
      if (isEmpty) this.#account(round)
      if (isEmpty || look === looksMax) return this.#delete(round.queue)
      schedule.after(random.integer(50, 300), () => this.#mustEmpty(round, look + 1))
    })
  }

  /** Nothing is in the queue any more: all that was confirmed was consumed or dropped. */
  #account({ queue, messages, publishers, transactor }: Round): void {
    // Where more is lost than the cluster survives, messages may be.
    if (this.world.mayHalt) return
    for (const message of transactor?.confirmed ?? []) this.#find(queue, message)
    for (const { name } of publishers) {
      for (let sequence = 1; sequence <= messages; sequence += 1) {
        if (this.history.isConfirmed(name, sequence)) this.#find(queue, `${name}:${sequence}`)
      }
    }
  }

  #find(queue: string, message: string): void {
    const { world, history } = this
    const { answers } = world.audit
    const wasDropped = answers.hasLeft(queue, message, 'maxlen')
    const isSpent = answers.hasLeft(queue, message, 'delivery_limit')
    const isSeen = history.wasDelivered(queue, message)
    if (isSpent) world.reached('client: a message reached its delivery limit')
    if (wasDropped) world.reached('client: a message was dropped')
    if (wasDropped && isSeen) world.reached('client: a message was dropped after a delivery')
    if (!wasDropped && !isSpent && !isSeen)
      world.fail(`${message} is gone from ${queue}, and was not dropped`)
  }

  #delete(queue: string): void {
    this.history.deleting(queue)
    const request = { name: queue, ifUnused: false, ifEmpty: false }
    this.operator.ask({ type: 'delete-queue', ...request }, (error) => {
      // Asked again after a lost answer, it may be gone.
      if (error?.code !== 'QUEUE_NOT_FOUND') this.must(error, 'a deletion')
      for (const consumer of this.#consumers) consumer.stop()
      this.#consumers = []
      this.#isOpen = false
      this.later()
    })
  }
}
