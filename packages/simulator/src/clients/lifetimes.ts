// Queues that end by themselves: with their last consumer, or when nobody uses them. One that
// nobody has consumed from lives, with all that is in it; one whose consumer is gone goes, whatever
// fails meanwhile; and who declares it while it goes gets a queue.
import type { QueueStatus } from '@holdfast/cluster'
import type { WireError } from '@holdfast/errors'
import type { QueueOptions } from '@holdfast/protocol'
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import { Consumer } from './consumer.ts'
import type { History } from './history.ts'
import { Operator } from './operator.ts'
import { route } from './ways.ts'

/**
 * Looks after which somebody consumes once more: the queue may be one that nobody came to; or after
 * which it is deleted, where it waits for time to pass.
 */
const looksMax = 16

interface Brief {
  readonly name: string
  readonly options: QueueOptions
}

export class Lifetimes extends Change {
  readonly #rival: Operator
  #isOpen = false
  #consumers = 0

  constructor(world: World, history: History) {
    super(world, history, 'keeper')
    this.#rival = new Operator(world, 'rival')
    // A queue may be over by the time that an answer about it arrives.
    for (const operator of [this.operator, this.#rival]) operator.isOneOfMany = true
  }

  override get isDone(): boolean {
    return super.isDone && !this.#isOpen && this.#rival.isIdle
  }

  protected change(): void {
    this.#isOpen = true
    const { world, history } = this
    const { random } = world
    const singleActiveConsumer = random.chance(0.5)
    const expiresMs = random.integer(300, 3000)
    const kind = random.pick([{ autoDelete: true }, { expiresMs }, { autoDelete: true, expiresMs }])
    const brief = { name: `brief${this.count}`, options: { ...kind, singleActiveConsumer } }
    const { name } = brief
    // What is in a queue when it ends is gone with it.
    history.lossy(name)
    const mayExpire = brief.options.expiresMs !== undefined
    if (mayExpire) history.deleting(name)
    this.#declare(this.operator, brief, () => {
      const messages = random.integer(1, 10)
      const publisher = this.publish(`${name}p`, route('', name, [name]), messages)
      this.whenDone([publisher], () => {
        world.schedule.after(random.integer(0, 500), () => {
          if (mayExpire) this.#use(brief)
          else this.#mustLive(brief, messages)
        })
      })
    })
  }

  #declare(operator: Operator, { name, options }: Brief, then: () => void): void {
    operator.ask({ type: 'declare-queue', name, options }, (error) => {
      this.must(error, 'a declaration')
      then()
    })
  }

  #confirmed({ name }: Brief, messages: number): number {
    let count = 0
    for (let sequence = 1; sequence <= messages; sequence += 1) {
      if (this.history.isConfirmed(`${name}p`, sequence)) count += 1
    }
    return count
  }

  /** Nobody came, so that it waits for the first. */
  #mustLive(brief: Brief, messages: number): void {
    // Where more is lost than the cluster survives, a queue may be.
    if (this.world.mayHalt) return this.#use(brief)
    this.operator.ask({ type: 'inspect-queue', name: brief.name }, (error, result) => {
      this.must(error, 'a look at a queue that nobody has used')
      const { ready } = (result ?? {}) as Partial<QueueStatus>
      const confirmed = this.#confirmed(brief, messages)
      if (ready != null && ready < confirmed) {
        this.world.fail(`${brief.name} has ${ready} of ${confirmed} messages`)
      }
      this.#use(brief)
    })
  }

  #use(brief: Brief): void {
    const { world, history } = this
    const { random, schedule } = world
    const { name: queue } = brief
    history.deleting(queue)
    for (let i = random.integer(1, 2); i > 0; i -= 1) {
      this.#consumers += 1
      const options = { history, queue, prefetch: random.integer(1, 5) }
      const consumer = new Consumer(world, `${queue}c${this.#consumers}`, options)
      consumer.doomed()
      schedule.after(random.integer(100, 1200), () => consumer.stop())
    }
    schedule.after(1200, () => {
      if (random.chance(0.3)) {
        schedule.after(random.integer(0, 150), () => this.#declare(this.#rival, brief, () => {}))
      }
      this.#mustGo(brief, 1)
    })
  }

  #mustGo(brief: Brief, look: number): void {
    const { random, schedule } = this.world
    this.#isGone(brief, (isGone) => {
      if (isGone && this.#rival.isIdle) return this.#end()
      schedule.after(random.integer(50, 300), () => {
        if (look % looksMax !== 0) this.#mustGo(brief, look + 1)
        else if (brief.options.autoDelete === true) this.#use(brief)
        else this.#delete(brief, look)
      })
    })
  }

  /** Its leader knows first, and then the metadata. */
  #isGone({ name }: Brief, then: (isGone: boolean) => void): void {
    const isMissed = (error: WireError | null): boolean => {
      if (error?.code === 'QUEUE_NOT_FOUND') return true
      this.must(error, 'a look at a queue that ends')
      return false
    }
    this.operator.ask({ type: 'inspect-queue', name }, (error) => {
      if (!isMissed(error)) return then(false)
      this.operator.ask({ type: 'locate-queue', name }, (error) => then(isMissed(error)))
    })
  }

  /** Where a clock was ahead, the time of the log stands still until the others have caught up. */
  #delete(brief: Brief, look: number): void {
    const request = { name: brief.name, ifUnused: true, ifEmpty: false }
    this.operator.ask({ type: 'delete-queue', ...request }, (error) => {
      const isExpected = error?.code === 'QUEUE_NOT_FOUND' || error?.code === 'QUEUE_IN_USE'
      if (!isExpected) this.must(error, 'a deletion')
      this.#mustGo(brief, look + 1)
    })
  }

  #end(): void {
    this.#isOpen = false
    this.later()
  }
}
