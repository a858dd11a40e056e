// A publisher of AMQP that commits several messages at once (AMQP 0-9-1 tx): all of them are in the
// queue then, or, where they do not fit together, none is.
import { utf8Encode } from '@holdfast/record'
import type { World } from '../world/world.ts'
import { AmqpClient, type AmqpEnd } from './amqp-client.ts'
import type { AmqpSaid } from './amqp-wire.ts'
import type { History } from './history.ts'
import { bodyOf } from './names.ts'

/** In one transaction. */
const messagesMax = 6
const restMsMax = 60

export class Transactor extends AmqpClient {
  override readonly role = 'publisher'
  readonly #history: History
  readonly #queue: string
  #commitsLeft: number
  /** Of the transaction that waits for its answer. */
  #open: readonly number[] = []
  /** Grows with each connection. */
  #life = 1
  #lastSequence = 0
  /** Messages, as the history knows them. */
  readonly confirmed: string[] = []

  constructor(world: World, name: string, history: History, queue: string, commits: number) {
    super(world, name)
    this.#history = history
    this.#queue = queue
    this.#commitsLeft = commits
  }

  get isDone(): boolean {
    return this.#commitsLeft === 0 && this.#open.length === 0
  }

  /** As the history knows it. */
  get #publisher(): string {
    return `${this.name}.${this.#life}`
  }

  /** The messages do not fit; or the disk of the leader is full. */
  protected override isExpected(end: AmqpEnd): boolean {
    const isFull = end.replyCode === 406 && end.replyText.includes('full')
    return isFull || end.replyCode === 506 || super.isExpected(end)
  }

  protected opened(): void {
    this.send({ type: 'tx.select' })
  }

  protected lost(): void {
    for (const sequence of this.#open) this.#history.abandoned(this.#publisher, sequence)
    this.#open = []
    this.#life += 1
    this.#lastSequence = 0
  }

  protected said({ method }: AmqpSaid): void {
    if (method.type === 'tx.commit-ok') this.#committed()
    if (method.type === 'tx.commit-ok' || method.type === 'tx.select-ok') this.#rest()
  }

  #rest(): void {
    const life = this.#life
    this.world.schedule.after(this.random.integer(0, restMsMax), () => {
      if (life === this.#life && this.#commitsLeft > 0) this.#commit()
    })
  }

  #commit(): void {
    this.#commitsLeft -= 1
    const count = this.random.integer(2, messagesMax)
    this.#open = Array.from({ length: count }, (_, at) => this.#lastSequence + 1 + at)
    this.#lastSequence += count
    for (const sequence of this.#open) {
      this.#history.published(this.#publisher, sequence, [this.#queue])
      const body = utf8Encode(bodyOf(`${this.#publisher}:${sequence}`))
      this.wire?.publish('', this.#queue, false, {}, body)
    }
    this.send({ type: 'tx.commit' })
  }

  #committed(): void {
    for (const sequence of this.#open) {
      this.#history.confirmed(this.#publisher, sequence)
      this.confirmed.push(`${this.#publisher}:${sequence}`)
    }
    this.#open = []
  }
}
