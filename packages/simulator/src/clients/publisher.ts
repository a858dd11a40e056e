// A publisher of the simulated world. It has an identity, sends in batches, and sends again
// whatever has no outcome when it is connected again, to whatever node that is.
import type { ClientEvent } from '@holdfast/protocol'
import { encodeRecord, type Properties, utf8Encode } from '@holdfast/record'
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'
import { Client } from './client.ts'
import type { History } from './history.ts'
import { bodyOf } from './names.ts'

export interface Route {
  readonly exchange: string
  readonly routingKey: string
  readonly queues: readonly string[]
  readonly mandatory: boolean
  /** Routing keys by which it goes besides, as a client of AMQP says in the header CC. */
  readonly copies?: readonly string[]
  /** With which code all of it must be refused, where it must reach no queue. */
  readonly refusal?: string
  /** Where its messages go by their headers: to each of these in turn, instead of to `queues`. */
  readonly variants?: readonly Variant[]
  /** How long its messages live, each of these in turn; an empty one says nothing. */
  readonly expirations?: readonly string[]
  /** The priorities of its messages, each of these in turn. */
  readonly priorities?: readonly number[]
}

export interface Variant {
  readonly headers: { readonly [name: string]: string }
  readonly queues: readonly string[]
}

interface Batch {
  readonly route: Route
  readonly first: number
  readonly count: number
  readonly open: Set<number>
}

export interface PublisherOptions {
  readonly history: History
  readonly routes: readonly Route[]
  readonly messages: number
  readonly batchMax?: number
  readonly gapMsMax?: number
  /** It forgets what had no answer when its connection broke, and goes on. */
  readonly isCareless?: boolean
  /** Who it is; by default nobody who was there before. */
  readonly identity?: { readonly producer: Uint8Array; readonly epoch: number }
}

const openMax = 60

export class Publisher extends Client {
  override readonly role = 'publisher'
  readonly #options: PublisherOptions
  readonly #history: History
  #routes: readonly Route[]
  #batches: Batch[] = []
  /** Sent on this connection and without an outcome there. */
  readonly #unanswered = new Set<number>()
  #lastSequence = 0
  /** How often it died. */
  #lives = 0
  #credit = 0
  /** What this connection began with. */
  #firstCredit = 0
  left: number

  constructor(world: World, name: string, options: PublisherOptions) {
    super(world, name)
    this.#options = options
    if (options.identity !== undefined) {
      this.producer = options.identity.producer
      this.epoch = options.identity.epoch
    }
    this.#history = options.history
    this.#routes = options.routes
    this.left = options.messages
    this.#go()
  }

  get isDone(): boolean {
    return this.left === 0 && this.#batches.length === 0
  }

  /** So many new messages, by these routes. */
  begin(routes: readonly Route[], messages: number): void {
    this.#routes = routes
    this.left = messages
  }

  /** No new messages; what was sent is still seen to. */
  finish(): void {
    this.left = 0
  }

  protected choose(): Host | null {
    const { random, world } = this
    const { memberHosts } = world
    return memberHosts.length === 0 ? null : random.pick(memberHosts)
  }

  protected opened(credit: number): void {
    this.#credit = credit
    this.#firstCredit = credit
    this.#unanswered.clear()
    if (this.#batches.length > 0) this.world.reached('client: publishes sent again')
    for (const batch of this.#batches) {
      // All of it goes out again, also what was refused alone and may be taken now.
      for (let sequence = batch.first; sequence < batch.first + batch.count; sequence += 1) {
        this.#history.repeated(this.#publisher, sequence)
      }
      this.#send(batch)
    }
  }

  protected lost(): void {
    if (this.#options.isCareless === true) this.#abandon()
  }

  /** Who comes after it knows nothing of what it sent. */
  override crash(): void {
    this.#abandon()
    this.#lives += 1
    this.#lastSequence = 0
    this.producer = this.random.bytes(16)
    this.reconnect()
  }

  #abandon(): void {
    for (const { open } of this.#batches) {
      for (const sequence of open) this.#history.abandoned(this.#publisher, sequence)
    }
    this.#batches = []
  }

  /** As the history knows it: each life has sequences of its own. */
  get #publisher(): string {
    return this.#lives === 0 ? this.name : `${this.name}.${this.#lives}`
  }

  #go(): void {
    this.world.schedule.after(this.random.integer(2, this.#options.gapMsMax ?? 120), () => {
      if (this.isStopped) return
      const openCount = this.#batches.reduce((count, { open }) => count + open.size, 0)
      if (this.isOpen && this.left > 0 && openCount < openMax && this.#credit > 20_000)
        this.#publishSome()
      this.#go()
    })
  }

  #publishSome(): void {
    const route = this.random.pick(this.#routes)
    const count = Math.min(this.left, this.random.integer(1, this.#options.batchMax ?? 6))
    this.left -= count
    this.publish(route, count)
  }

  /** Without a connection they go out with the next one. */
  publish(route: Route, count: number): void {
    const first = this.#lastSequence + 1
    this.#lastSequence += count
    const open = new Set<number>()
    // What need not arrive is dropped without a word.
    const refusal = route.mandatory ? route.refusal : null
    for (let sequence = first; sequence < first + count; sequence += 1) {
      open.add(sequence)
      const { queues } = variantOf(route, sequence) ?? route
      this.#history.published(this.#publisher, sequence, queues, refusal)
      const label = { ...route, properties: propertiesOf(route, sequence) }
      this.#history.labels.published(`${this.#publisher}:${sequence}`, label)
    }
    const batch = { route, first, count, open }
    this.#batches.push(batch)
    // Once it is let in it sends all of them.
    if (this.isOpen) this.#send(batch)
    this.pump()
  }

  #send({ route, first, count }: Batch): void {
    const records: Uint8Array[] = []
    for (let sequence = first; sequence < first + count; sequence += 1) {
      this.#unanswered.add(sequence)
      const body = utf8Encode(bodyOf(`${this.#publisher}:${sequence}`))
      records.push(encodeRecord(propertiesOf(route, sequence), body))
    }
    const blob = new Uint8Array(Buffer.concat(records))
    this.#credit -= blob.length
    this.connection?.publish({
      exchange: route.exchange,
      routingKey: route.routingKey,
      mandatory: route.mandatory,
      first: true,
      firstSequence: first,
      // A batch that was answered in part is sent again as a whole.
      lowestUnconfirmed: Math.min(...this.#batches.map((batch) => batch.first)),
      count,
      blob
    })
  }

  protected event(event: ClientEvent): void {
    if (event.type === 'confirm') {
      this.#credit += event.credit
      for (let at = 0; at + 1 < event.ranges.length; at += 2) {
        this.#answered(event.ranges[at] ?? 0, event.ranges[at + 1] ?? 0, null)
      }
      const isBack = this.#unanswered.size > 0 || this.#credit === this.#firstCredit
      if (!isBack)
        this.world.fail(`${this.name} has ${this.#credit} of ${this.#firstCredit} credit`)
    } else if (event.type === 'publish-failed') {
      this.#answered(event.first, event.last, event.error.code)
    }
  }

  #answered(first: number, last: number, code: string | null): void {
    for (let sequence = first; sequence <= last; sequence += 1) {
      if (this.#unanswered.delete(sequence)) continue
      const what = code ?? 'a confirm'
      return this.world.fail(`${this.name}: ${what} for ${sequence}, which waits for no outcome`)
    }
    for (const batch of this.#batches) {
      for (const sequence of [...batch.open]) {
        if (sequence < first || sequence > last) continue
        batch.open.delete(sequence)
        if (code === null) this.#history.confirmed(this.#publisher, sequence)
        else this.#history.failed(this.#publisher, sequence, code)
      }
    }
    this.#batches = this.#batches.filter(({ open }) => open.size > 0)
  }
}

function propertiesOf(route: Route, sequence: number): Properties {
  const { headers } = variantOf(route, sequence) ?? {}
  const { expirations = [] } = route
  const expiration = expirations[sequence % Math.max(1, expirations.length)] ?? ''
  return {
    ...(headers === undefined ? {} : { headers }),
    ...(expiration === '' ? {} : { expiration }),
    ...(route.priorities === undefined ? {} : { priority: priorityOf(route, sequence) })
  }
}

export function priorityOf({ priorities = [] }: Route, sequence: number): number {
  return priorities[sequence % Math.max(1, priorities.length)] ?? 0
}

export function variantOf({ variants = [] }: Route, sequence: number): Variant | null {
  return variants[sequence % Math.max(1, variants.length)] ?? null
}
