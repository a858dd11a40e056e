// Messages that expire: in queues that let none live long, and by their own word. Each that is
// confirmed is consumed or expires, and only by the log; what a consumer holds is its own until it
// lets go of it, however late that is.
import type { QueueStatus } from '@holdfast/cluster'
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import { Consumer } from './consumer.ts'
import type { History } from './history.ts'
import { route } from './ways.ts'

/**
 * Looks after which the queue is deleted with what is in it: where a clock was ahead, the time of
 * the log stands still until the others have caught up.
 */
const looksMax = 20

/** Of two queues that send what expires to each other, in the place of one. */
const circleChance = 0.3

interface Batch {
  readonly queue: string
  readonly messages: number
}

export class Perishables extends Change {
  readonly #grave: string
  #isOpen = false
  #consumer: Consumer | null = null

  /** `grave`: a queue that dead letters may go to. */
  constructor(world: World, history: History, grave: string) {
    super(world, history, 'grocer')
    this.#grave = grave
  }

  override get isDone(): boolean {
    return super.isDone && !this.#isOpen
  }

  protected change(): void {
    this.#isOpen = true
    const { history } = this
    if (this.world.random.chance(circleChance)) return this.#circle()
    const { random, schedule } = this.world
    const queue = `perishing${this.count}`
    const messageTtlMs = random.pick([0, 1, random.integer(20, 3000), null])
    const ttl = messageTtlMs === null ? {} : { messageTtlMs }
    const names = { deadLetterExchange: '', deadLetterRoutingKey: this.#grave }
    const isBuried = random.chance(0.5)
    const options = { ...ttl, ...(isBuried ? names : {}) }
    if (isBuried) history.buries(queue, this.#grave)
    // Some live for longer than their queue lets them, and each lives not for ever.
    const expirations = [0, random.integer(1, 50), random.integer(50, 3000)].map((ttl) => `${ttl}`)
    if (messageTtlMs !== null) expirations.push('', '4294967295')
    history.lossy(queue)
    this.operator.ask({ type: 'declare-queue', name: queue, options }, (error) => {
      this.must(error, 'a declaration')
      if (random.chance(0.6)) this.#consume(queue)
      const messages = random.integer(1, 30)
      const to = { ...route('', queue, [queue]), expirations }
      schedule.after(random.integer(0, 300), () => {
        const publisher = this.publish(`${queue}p`, to, messages)
        this.whenDone([publisher], () => this.#mustEmpty({ queue, messages }, 1))
      })
    })
  }

  /** What has been in both comes to neither again, whatever becomes of it. */
  #circle(): void {
    const { history, operator } = this
    const { random, schedule } = this.world
    const queues = [`circle${this.count}`, `circle${this.count}b`] as const
    for (const [at, name] of queues.entries()) {
      history.lossy(name)
      const messageTtlMs = random.integer(1, 40)
      const next = { deadLetterExchange: '', deadLetterRoutingKey: queues[1 - at] ?? '' }
      operator.ask({ type: 'declare-queue', name, options: { messageTtlMs, ...next } }, (error) => {
        this.must(error, 'a declaration')
        if (name !== queues[1]) return
        const to = route('', queues[0], [queues[0]])
        const publisher = this.publish(`${name}p`, to, random.integer(1, 4))
        this.whenDone([publisher], () => {
          schedule.after(random.integer(100, 1500), () => this.#delete(...queues))
        })
      })
    }
  }

  #consume(queue: string): void {
    const { world, history } = this
    const { random } = world
    const workMsMax = random.pick([5, 300, 3000])
    const options = { history, queue, prefetch: random.integer(1, 5), releaseChance: 0.4 }
    this.#consumer = new Consumer(world, `${queue}c`, { ...options, workMsMax })
    this.#consumer.doomed()
  }

  #mustEmpty(batch: Batch, look: number): void {
    const { random, schedule } = this.world
    this.operator.ask({ type: 'inspect-queue', name: batch.queue }, (error, result) => {
      this.must(error, 'a look at a queue whose messages expire')
      const { ready, unsettled } = (result ?? {}) as Partial<QueueStatus>
      const isEmpty = ready === 0 && unsettled === 0
      if (isEmpty) this.#account(batch)
      if (isEmpty || look === looksMax) return this.#delete(batch.queue)
      schedule.after(random.integer(50, 300), () => this.#mustEmpty(batch, look + 1))
    })
  }

  /** Nothing is in the queue any more: all that was confirmed was consumed or has expired. */
  #account({ queue, messages }: Batch): void {
    const { world, history } = this
    // Where more is lost than the cluster survives, messages may be.
    if (world.mayHalt) return
    for (let sequence = 1; sequence <= messages; sequence += 1) {
      const publisher = `${queue}p`
      if (!history.isConfirmed(publisher, sequence)) continue
      const message = `${publisher}:${sequence}`
      const [isSeen, hasExpired] = [
        history.wasDelivered(queue, message),
        world.audit.answers.hasLeft(queue, message, 'expired')
      ]
      if (hasExpired) world.reached('client: a message expired')
      if (hasExpired && isSeen) world.reached('client: a message expired after a delivery')
      if (!hasExpired && !isSeen) world.fail(`${message} is gone from ${queue}, and lived`)
    }
  }

  #delete(queue: string, ...others: readonly string[]): void {
    this.history.deleting(queue)
    const request = { name: queue, ifUnused: false, ifEmpty: false }
    this.operator.ask({ type: 'delete-queue', ...request }, (error) => {
      // Asked again after a lost answer, it may be gone.
      if (error?.code !== 'QUEUE_NOT_FOUND') this.must(error, 'a deletion')
      const [next, ...rest] = others
      if (next !== undefined) return this.#delete(next, ...rest)
      this.#consumer?.stop()
      this.#consumer = null
      this.#isOpen = false
      this.later()
    })
  }
}
