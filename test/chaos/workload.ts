// The load of a run: publishers and consumers as processes, each queue with one consumer, unless
// more are asked for, so that first deliveries are strictly ordered. Bodies follow from the seed;
// histories are files beside.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { defaultSdk, eventually, loadSdk, type QueueView } from '@holdfast/testkit'
import { type ChildConfiguration, LoadProcess } from './child.ts'
import type { ConsumerConfiguration } from './consumer-main.ts'
import type { SizeProfile } from './message-source.ts'
import type { PublisherConfiguration } from './publisher-main.ts'

export interface WorkloadOptions {
  readonly addresses: readonly string[]
  /** Whose addresses they are. */
  readonly nodes?: Readonly<Record<string, number>>
  /** Directory for the histories; made if need be. */
  readonly histories: string
  readonly seed: number
  /** In all, spread over the publishers. */
  readonly messages: number
  /** Whether publishers go on after that until `stopPublishing`. */
  readonly isEndless?: boolean
  readonly publishers?: number
  readonly consumers?: number
  /** How many of them compete for each queue. Default 1. */
  readonly consumersPerQueue?: number
  readonly queues?: number
  /** Messages a second of all publishers; 0: as fast as the windows allow. */
  readonly rate?: number
  readonly sizes?: SizeProfile
  readonly prefetch?: number
  readonly requeueShare?: number
  readonly consumerDelayMs?: number
  readonly windowMessages?: number
  readonly windowBytes?: number
  readonly publishTimeoutMs?: number
  /** The publishers, and the consumers, take turns. */
  readonly sdks?: readonly string[]
  /** Start of the queues' names; one run at a time may use it. */
  readonly prefix?: string
}

export interface Progress {
  readonly invoked: number
  readonly confirmed: number
  readonly failed: number
  readonly deliveries: number
  readonly settled: number
}

const exchange = 'chaos'
const mib = 1_024 * 1_024

/**
 * All addresses from one of them on, for every other start backwards: clients that have lost the
 * same node do not all go to the same next one.
 */
function addressesFrom(addresses: readonly string[], start: number): string[] {
  const count = addresses.length
  const step = start % 2 === 0 ? 1 : count - 1
  return addresses.map((_, at) => addresses[(start + at * step) % count] ?? '')
}

/** Publishers and consumers at work. */
export class Workload {
  readonly queues: readonly string[]
  readonly publishers: LoadProcess[] = []
  readonly consumers: LoadProcess[] = []
  /** Killed and replaced on purpose; what they did counts. */
  readonly #replaced: LoadProcess[] = []
  readonly #options: WorkloadOptions
  #consumersStarted = 0
  #publishersStarted = 0

  private constructor(options: WorkloadOptions) {
    this.#options = options
    const prefix = options.prefix ?? 'chaos'
    const count = options.queues ?? 10
    this.queues = Array.from({ length: count }, (_, at) => `${prefix}.${at}`)
  }

  /** Declares the queues and starts all processes. */
  static async start(options: WorkloadOptions): Promise<Workload> {
    mkdirSync(options.histories, { recursive: true })
    const workload = new Workload(options)
    await workload.#declare()
    workload.#startConsumers()
    const areConsuming = (): boolean =>
      workload.consumers.every((process) => process.latest['isConsuming'] === true)
    const giveUp = (): string | null => workload.failure()
    try {
      await eventually('consumers at work', areConsuming, { timeoutMs: 30_000, giveUp })
      workload.#startPublishers()
    } catch (error) {
      workload.kill()
      throw error
    }
    return workload
  }

  async #declare(): Promise<void> {
    const connect = await loadSdk(this.#sdkOf(0))
    const connection = await connect(this.#options.addresses)
    await connection.declareExchange(exchange, 'topic')
    for (const queue of this.queues) {
      await connection.declareQueue(queue)
      await connection.bindQueue(queue, exchange, queue)
    }
    await connection.close()
  }

  #sdkOf(place: number): string {
    const sdks = this.#options.sdks ?? [defaultSdk]
    return sdks[place % sdks.length] ?? defaultSdk
  }

  /** `start`: place of the first address to connect to. */
  #common(name: string, place: number, start: number): ChildConfiguration {
    const { histories, seed, nodes = {} } = this.#options
    const addresses = addressesFrom(this.#options.addresses, start)
    const history = join(histories, `${name}.jsonl`)
    return { addresses, nodes, sdk: this.#sdkOf(place), seed, history }
  }

  get #consumerCount(): number {
    return Math.min(this.#options.consumers ?? 3, this.queues.length)
  }

  #startConsumers(): void {
    const count = this.#consumerCount
    for (let place = 0; place < count; place += 1) this.consumers.push(this.#consumer(place))
  }

  /** A consumer process with a number of its own for the queues of the consumer at a place. */
  #consumer(place: number): LoadProcess {
    this.#consumersStarted += 1
    const count = this.#consumerCount
    const competing = this.#options.consumersPerQueue ?? 1
    const name = `consumer-${this.#consumersStarted}`
    const configuration: ConsumerConfiguration = {
      ...this.#common(name, place, place + 1),
      consumer: this.#consumersStarted,
      queues: this.queues.filter((_, at) => (place - (at % count) + count) % count < competing),
      prefetch: this.#options.prefetch ?? 100,
      requeueShare: this.#options.requeueShare ?? 0,
      delayMs: this.#options.consumerDelayMs ?? 0
    }
    return new LoadProcess(name, './consumer-main.js', configuration)
  }

  #startPublishers(): void {
    const { messages } = this.#options
    const count = this.#options.publishers ?? 3
    const share = Math.floor(messages / count)
    for (let place = 0; place < count; place += 1) {
      const rest = place === 0 ? messages - share * count : 0
      this.publishers.push(this.#publisher(place, share + rest))
    }
  }

  /** A publisher process with a number of its own, for so many messages. */
  #publisher(place: number, messages: number): LoadProcess {
    const options = this.#options
    this.#publishersStarted += 1
    const count = options.publishers ?? 3
    const name = `publisher-${this.#publishersStarted}`
    const configuration: PublisherConfiguration = {
      ...this.#common(name, place, place),
      publisher: this.#publishersStarted,
      queues: this.queues,
      messages,
      isEndless: options.isEndless ?? false,
      rate: (options.rate ?? 0) / count,
      windowMessages: options.windowMessages ?? 500,
      windowBytes: options.windowBytes ?? 32 * mib,
      sizes: options.sizes ?? 'mixed',
      // The last publisher goes through a topic exchange, the others straight to the queues.
      exchange: place === count - 1 ? exchange : '',
      publishTimeoutMs: options.publishTimeoutMs ?? 60_000
    }
    return new LoadProcess(name, './publisher-main.js', configuration)
  }

  /** The consumer that is stopped and replaced; the others have their queues for themselves. */
  get churned(): LoadProcess {
    return this.consumers.at(-1) as LoadProcess
  }

  /** Kills it, and starts another one for its queues. */
  replaceConsumer(): string {
    const place = this.consumers.length - 1
    this.#replaced.push(this.churned)
    this.churned.kill()
    const successor = this.#consumer(place)
    this.consumers[place] = successor
    return successor.name
  }

  /** Kills a publisher that is endless, and starts another one in its place. */
  replacePublisher(): string {
    const [victim] = this.publishers
    if (victim !== undefined) this.#replaced.push(victim)
    victim?.kill()
    const successor = this.#publisher(0, 0)
    this.publishers[0] = successor
    return successor.name
  }

  /** Why the run cannot go on; null while all is well. */
  failure(): string | null {
    for (const process of [...this.publishers, ...this.consumers]) {
      if (!process.hasEnded || process.latest['isDone'] === true) continue
      return `${process.name} ended early: ${String(process.latest['error'] ?? process.said)}`
    }
    return null
  }

  progress(): Progress {
    const sum = (processes: readonly LoadProcess[], field: string): number =>
      [...processes, ...this.#replaced].reduce((total, one) => total + one.number(field), 0)
    return {
      invoked: sum(this.publishers, 'invoked'),
      confirmed: sum(this.publishers, 'confirmed'),
      failed: sum(this.publishers, 'failed'),
      deliveries: sum(this.consumers, 'deliveries'),
      settled: sum(this.consumers, 'settled')
    }
  }

  /** True once every publisher has sent what it was given. */
  isThrough(): boolean {
    return this.publishers.every((process) => process.latest['isThrough'] === true)
  }

  /** Waits until so many are confirmed in all. */
  async confirmed(count: number, timeoutMs: number = 600_000): Promise<void> {
    const isReached = (): boolean => this.progress().confirmed >= count
    const giveUp = (): string | null => this.failure()
    await eventually(`${count} confirms`, isReached, { timeoutMs, intervalMs: 20, giveUp })
  }

  /** Waits until all messages are sent, or stops endless publishers once they have sent theirs. */
  async publishAll(timeoutMs: number): Promise<void> {
    const giveUp = (): string | null => this.failure()
    const isThrough = (): boolean => this.isThrough()
    await eventually('all messages sent', isThrough, { timeoutMs, intervalMs: 100, giveUp })
    for (const process of this.publishers) process.order('stop')
    const areDone = (): boolean => this.publishers.every((process) => process.hasEnded)
    await eventually('end of the publishers', areDone, { timeoutMs, intervalMs: 50, giveUp })
  }

  /**
   * Waits until the queues are empty and nothing more is delivered, then ends the consumers. Gives
   * up, for the checker to judge, once nothing has been delivered for `idleMs`.
   */
  async drain(
    queues: (() => Promise<readonly QueueView[]>) | null,
    idleMs: number
  ): Promise<boolean> {
    let deliveries = -1
    let sinceMs = performance.now()
    let isEmpty = false
    for (;;) {
      const failure = this.failure()
      if (failure !== null) throw new Error(failure)
      const progress = this.progress()
      if (progress.deliveries !== deliveries) {
        deliveries = progress.deliveries
        sinceMs = performance.now()
      }
      const stillMs = performance.now() - sinceMs
      if (stillMs > 1_000) isEmpty = await this.#areEmpty(queues)
      if ((isEmpty && stillMs > 1_500) || stillMs > idleMs) break
      await delay(100)
    }
    for (const process of this.consumers) process.order('stop')
    const areDone = (): boolean => this.consumers.every((process) => process.hasEnded)
    await eventually('end of the consumers', areDone, { timeoutMs: 60_000, intervalMs: 50 })
    return isEmpty
  }

  async #areEmpty(queues: (() => Promise<readonly QueueView[]>) | null): Promise<boolean> {
    if (queues === null) return this.progress().deliveries >= this.progress().confirmed
    try {
      const mine = (await queues()).filter((queue) => this.queues.includes(queue.name))
      const areEmpty = mine.every((queue) => queue.ready === 0 && queue.unsettled === 0)
      return areEmpty && mine.length === this.queues.length
    } catch {
      return false
    }
  }

  kill(): void {
    for (const process of [...this.publishers, ...this.consumers, ...this.#replaced]) process.kill()
  }
}
