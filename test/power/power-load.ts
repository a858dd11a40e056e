// The load of a power-cut run: publishers and consumers at work as in the chaos test, and beside
// them queues that are only filled. What is in those is read at the end: everything confirmed must
// still be there after every cut, though nobody has looked at it since.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ClusterProcess, defaultSdk, eventually, loadSdk } from '@holdfast/testkit'
import { historiesIn, judge } from '../chaos/chaos-run.ts'
import { LoadProcess } from '../chaos/child.ts'
import type { ConsumerConfiguration } from '../chaos/consumer-main.ts'
import type { PublisherConfiguration } from '../chaos/publisher-main.ts'
import type { Report } from '../chaos/violations.ts'
import { Workload } from '../chaos/workload.ts'
import { Outstanding } from './outstanding.ts'

export interface PowerLoadOptions {
  readonly cluster: ClusterProcess
  /** Directory for the histories. */
  readonly histories: string
  readonly seed: number
  /** Messages a second to the queues that are consumed; a fifth of it goes to those kept. */
  readonly rate: number
}

/** Numbers of the processes beside those of the workload. */
const keptNumber = 100
const keptQueues = ['kept.0', 'kept.1', 'kept.2']
const mib = 1_024 * 1_024
const timeoutMs = 240_000
/** Nothing more comes where nothing has come for so long: a disk that is shared may hold it up. */
const idleMs = 30_000

export class PowerLoad {
  readonly #options: PowerLoadOptions
  readonly #live: Workload
  readonly #outstanding: Outstanding
  readonly #keptPublisher: LoadProcess
  #keptConsumer: LoadProcess | null = null

  private constructor(options: PowerLoadOptions, live: Workload) {
    this.#options = options
    this.#live = live
    this.#outstanding = new Outstanding(options.histories, (one) => one !== keptNumber)
    const configuration: PublisherConfiguration = {
      ...this.#common('kept-publisher'),
      publisher: keptNumber,
      queues: keptQueues,
      messages: 0,
      isEndless: true,
      rate: Math.max(1, options.rate / 5),
      windowMessages: 200,
      windowBytes: 8 * mib,
      sizes: 'small',
      exchange: '',
      publishTimeoutMs: timeoutMs
    }
    this.#keptPublisher = new LoadProcess('kept publisher', './publisher-main.js', configuration)
  }

  static async start(options: PowerLoadOptions): Promise<PowerLoad> {
    const { cluster, histories, seed, rate } = options
    mkdirSync(histories, { recursive: true })
    const addresses = cluster.clientAddresses()
    const connection = await (await loadSdk())(addresses)
    for (const queue of keptQueues) await connection.declareQueue(queue)
    await connection.close()
    const live = await Workload.start({
      addresses,
      histories,
      seed,
      messages: 0,
      isEndless: true,
      publishers: 2,
      consumers: 1,
      queues: 6,
      rate,
      sizes: 'small',
      prefix: 'live',
      // Some are delivered and not settled when the power goes: they come again, flagged.
      consumerDelayMs: 20,
      publishTimeoutMs: timeoutMs
    })
    return new PowerLoad(options, live)
  }

  #common(name: string): Pick<PublisherConfiguration, 'addresses' | 'sdk' | 'seed' | 'history'> {
    const { cluster, seed, histories } = this.#options
    const history = join(histories, `${name}.jsonl`)
    return { addresses: cluster.clientAddresses(), sdk: defaultSdk, seed, history }
  }

  /** Why the run cannot go on; null while all is well. */
  failure(): string | null {
    for (const process of [this.#keptPublisher, this.#keptConsumer]) {
      if (process === null || !process.hasEnded || process.latest['isDone'] === true) continue
      return `${process.name} ended early: ${process.said}`
    }
    return this.#live.failure()
  }

  /** Confirmed so far, those of the kept queues included. */
  confirmed(): number {
    return this.#live.progress().confirmed + this.#keptPublisher.number('confirmed')
  }

  /** Waits until so many more are confirmed than at the call. */
  async goOn(more: number): Promise<void> {
    const goal = this.confirmed() + more
    const giveUp = (): string | null => this.failure()
    const isReached = (): boolean => this.confirmed() >= goal
    await eventually(`${more} more confirms`, isReached, { timeoutMs, giveUp })
  }

  /** Waits until all is delivered that was confirmed so far. @throws WaitError with what is not. */
  async settle(at: number): Promise<void> {
    const giveUp = (): string | null => this.failure()
    const look = (): boolean => {
      this.#outstanding.poll()
      const missing = this.#outstanding.since(at)
      if (missing.length === 0) return true
      throw new Error(`${missing.length} of them, ${missing.slice(0, 5).join(' ')}`)
    }
    await eventually('delivery of what was confirmed before', look, { timeoutMs, giveUp })
  }

  /** Ends all publishers, once all they sent is confirmed. */
  async stopPublishing(): Promise<void> {
    await this.#live.publishAll(timeoutMs)
    const publisher = this.#keptPublisher
    publisher.order('stop')
    const options = { timeoutMs, giveUp: () => this.failure() }
    await eventually('end of the kept publisher', () => publisher.hasEnded, options)
  }

  /** Ends all publishers, reads everything to the end, and judges the history. */
  async finish(): Promise<Report> {
    const { cluster, histories } = this.#options
    await this.stopPublishing()
    const isDrained = await this.#live.drain(() => cluster.admin.queues(), idleMs)
    const left = await this.#readKept()
    const { report } = await judge(historiesIn(histories))
    const errorExamples = [...report.errorExamples, ...left]
    return { ...report, errorExamples, isSound: report.isSound && isDrained }
  }

  /** What the cluster says of the kept queues of which not all has come: lost, or held up. */
  async #readKept(): Promise<readonly string[]> {
    const configuration: ConsumerConfiguration = {
      ...this.#common('kept-consumer'),
      consumer: keptNumber,
      queues: keptQueues,
      prefetch: 500,
      requeueShare: 0,
      delayMs: 0
    }
    const consumer = new LoadProcess('kept consumer', './consumer-main.js', configuration)
    this.#keptConsumer = consumer
    const wanted = this.#keptPublisher.number('confirmed')
    let last = -1
    let sinceMs = performance.now()
    // What is lost never comes: the wait ends once nothing has come for a while.
    const isRead = (): boolean => {
      const deliveries = consumer.number('deliveries')
      if (deliveries !== last) sinceMs = performance.now()
      last = deliveries
      const stillMs = performance.now() - sinceMs
      return stillMs > (deliveries >= wanted ? 1_000 : idleMs)
    }
    const giveUp = (): string | null => this.failure()
    await eventually('what was kept', isRead, { timeoutMs: 240_000, intervalMs: 100, giveUp })
    const isWhole = consumer.number('deliveries') >= wanted
    const rows = isWhole ? [] : await this.#options.cluster.admin.queues()
    consumer.order('stop')
    await eventually('end of the kept consumer', () => consumer.hasEnded, { timeoutMs, giveUp })
    return rows.filter(({ name }) => keptQueues.includes(name)).map((row) => JSON.stringify(row))
  }

  kill(): void {
    this.#live.kill()
    this.#keptPublisher.kill()
    this.#keptConsumer?.kill()
    this.#outstanding.close()
  }
}
