// A publisher that is the client library: it publishes, and awaits each outcome.
import { type Connection, HoldfastError } from '@holdfast/client'
import type { World } from '../world/world.ts'
import type { History } from './history.ts'
import { LibraryClient } from './library-client.ts'
import { bodyOf } from './names.ts'
import { type PublisherOptions, type Route, variantOf } from './publisher.ts'

const openMax = 60

export class LibraryPublisher extends LibraryClient {
  override readonly role = 'publisher'
  readonly #options: PublisherOptions
  readonly #history: History
  readonly #open = new Set<number>()
  #lastSequence = 0
  #lives = 0
  #left: number

  constructor(world: World, name: string, options: PublisherOptions) {
    super(world, name)
    this.#options = options
    this.#history = options.history
    this.#left = options.messages
    this.#go()
  }

  get isDone(): boolean {
    return this.#left === 0 && this.#open.size === 0
  }

  /** No new messages; what was sent is still seen to. */
  finish(): void {
    this.#left = 0
  }

  protected opened(): void {}

  protected died(): void {
    for (const sequence of this.#open) this.#history.abandoned(this.#publisher, sequence)
    this.#open.clear()
    this.#lives += 1
    this.#lastSequence = 0
  }

  /** As the history knows it: each life has sequences of its own. */
  get #publisher(): string {
    return `${this.name}.${this.#lives}`
  }

  #go(): void {
    const { gapMsMax = 120, batchMax = 6, routes } = this.#options
    this.world.schedule.after(this.random.integer(2, gapMsMax), () => {
      if (this.isStopped) return
      const { connection } = this
      if (connection !== null && this.#left > 0 && this.#open.size < openMax) {
        const route = this.random.pick(routes)
        const count = Math.min(this.#left, this.random.integer(1, batchMax))
        this.act(() => {
          for (let i = 0; i < count; i += 1) this.#publish(connection, route)
        })
      }
      this.#go()
    })
  }

  #publish(connection: Connection, route: Route): void {
    const { exchange, routingKey, mandatory } = route
    const publisher = this.#publisher
    const lives = this.#lives
    this.#lastSequence += 1
    this.#left -= 1
    const sequence = this.#lastSequence
    const variant = variantOf(route, sequence)
    this.#open.add(sequence)
    this.#history.published(publisher, sequence, (variant ?? route).queues)
    // Nobody sees what the library sends again.
    this.#history.repeated(publisher, sequence)
    const message = `${publisher}:${sequence}`
    const body = bodyOf(message)
    const properties = variant === null ? {} : { headers: variant.headers }
    this.#history.labels.published(message, { exchange, routingKey, properties })
    const settled = (code: string | null): void => {
      if (lives !== this.#lives || !this.#open.delete(sequence)) return
      if (code === null) this.#history.confirmed(publisher, sequence)
      else this.#history.failed(publisher, sequence, code)
    }
    connection.publish(exchange, routingKey, body, { mandatory, ...properties }).then(
      () => settled(null),
      (error: unknown) => settled(HoldfastError.from(error).code)
    )
  }
}
