// One consumer process of a chaos run: consumes some queues, writes each delivery and its
// settlement to its history before it settles, and notes when settlements are committed.
import { codeOf, loadSdk, type SdkConsumer, type SdkDelivery } from '@holdfast/testkit'
import { type ChildConfiguration, guardProcess, listen, readConfiguration, say } from './child.ts'
import { noteConnections } from './client-connections.ts'
import { HistoryWriter, monotonicNs, type Outcome } from './history.ts'
import { hashBody, parseMessageId } from './message-source.ts'

export interface ConsumerConfiguration extends ChildConfiguration {
  readonly consumer: number
  readonly queues: readonly string[]
  readonly prefetch: number
  /** Share of first deliveries that are requeued, 0 … 1. */
  readonly requeueShare: number
  /** Pause before each settlement, for slow consumers. */
  readonly delayMs: number
}

const settledMs = 100
const reportMs = 200

interface Held {
  readonly delivery: SdkDelivery
  readonly outcome: Outcome
}

class Consumer {
  readonly #configuration: ConsumerConfiguration
  readonly #history: HistoryWriter
  readonly #consumers: SdkConsumer[] = []
  #deliveries = 0
  #unflagged = 0
  #settles = 0
  #settled = 0
  #held: Held[] = []
  #isScheduled = false
  #isAsking = false
  #error: string | null = null

  constructor(configuration: ConsumerConfiguration, history: HistoryWriter) {
    this.#configuration = configuration
    this.#history = history
  }

  report(): void {
    this.#history.flush()
    const [deliveries, settled, unflagged] = [this.#deliveries, this.#settled, this.#unflagged]
    say({ deliveries, unflagged, settled, settles: this.#settles, applicationError: this.#error })
  }

  async follow(queue: string, consumer: SdkConsumer): Promise<void> {
    this.#consumers.push(consumer)
    try {
      for await (const delivery of consumer) this.#take(queue, delivery)
    } catch (error) {
      this.#fail(`consuming ${queue}`, error)
    }
  }

  #fail(what: string, error: unknown): void {
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`
    const { consumer } = this.#configuration
    this.#error = message
    const code = codeOf(error)
    const process = `consumer ${consumer}`
    this.#history.append({ type: 'error', at: monotonicNs(), process, code, message })
  }

  #take(queue: string, delivery: SdkDelivery): void {
    const { consumer, delayMs } = this.#configuration
    const { body, redelivered, deliveryCount } = delivery
    // What no publisher of the run made has identity 0-0, which the checker calls invented.
    const [publisher, sequence] = parseMessageId(delivery.properties?.messageId) ?? [0, 0]
    this.#deliveries += 1
    if (!redelivered) this.#unflagged += 1
    const number = this.#deliveries
    this.#history.append({
      type: 'deliver',
      at: monotonicNs(),
      consumer,
      delivery: number,
      queue,
      publisher,
      sequence,
      size: body.length,
      hash: hashBody(body),
      offset: delivery.offset ?? null,
      redelivered,
      deliveryCount
    })
    if (delayMs > 0) setTimeout(() => this.#settle(number, delivery), delayMs)
    else this.#settle(number, delivery)
  }

  #settle(number: number, delivery: SdkDelivery): void {
    const { consumer, requeueShare } = this.#configuration
    const isRequeue =
      delivery.deliveryCount === 0 && (number * 7_919) % 1_000 < requeueShare * 1_000
    const outcome = isRequeue ? 'released' : 'accepted'
    const at = monotonicNs()
    this.#history.append({ type: 'settle', at, consumer, delivery: number, outcome })
    this.#held.push({ delivery, outcome })
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#sendHeld())
  }

  /** Settles what one turn brought, once its history is written. */
  #sendHeld(): void {
    this.#isScheduled = false
    const held = this.#held
    this.#held = []
    this.#history.flush()
    for (const { delivery, outcome } of held) {
      if (outcome === 'accepted') delivery.ack()
      else delivery.nack({ requeue: true })
    }
    this.#settles += held.length
  }

  /** Settlements in this queue came too late; they are not to be taken for committed. */
  doubt(queue: string): void {
    const { consumer } = this.#configuration
    this.#history.append({ type: 'settle-failed', at: monotonicNs(), consumer, queue })
  }

  attached(queue: string, node: number): void {
    const { consumer } = this.#configuration
    this.#history.append({ type: 'attached', at: monotonicNs(), consumer, queue, node })
  }

  /** Asks the SDK whether what was settled so far is committed; one question at a time. */
  async ask(): Promise<void> {
    if (this.#isAsking || this.#settles === this.#settled) return
    // Nothing is claimed of settlements that have no answer.
    if (this.#consumers.some(({ settled }) => settled === undefined)) return
    this.#isAsking = true
    const count = this.#settles
    try {
      await Promise.all(this.#consumers.map((consumer) => consumer.settled?.()))
      this.#settled = count
      const { consumer } = this.#configuration
      this.#history.append({ type: 'settled', at: monotonicNs(), consumer, count })
    } catch (error) {
      this.#fail('settled()', error)
    } finally {
      this.#isAsking = false
    }
  }
}

const configuration = readConfiguration<ConsumerConfiguration>()
const history = new HistoryWriter(configuration.history)
guardProcess(`consumer ${configuration.consumer}`, history)
const consumer = new Consumer(configuration, history)
const connect = await loadSdk(configuration.sdk)
const { addresses, nodes = {} } = configuration
const noteConnection = noteConnections(history, `consumer ${configuration.consumer}`, nodes)
const connection = await connect(addresses, {
  onStatus: (status) => {
    noteConnection(status)
    const { type, queue, address = '', node = nodes[address] ?? 0 } = status
    if (queue === undefined) return
    if (type === 'settlement-failed') consumer.doubt(queue)
    if (type === 'consumer-attached') consumer.attached(queue, node)
  }
})
const { prefetch } = configuration
for (const queue of configuration.queues) {
  void consumer.follow(queue, await connection.consume(queue, { prefetch }))
}
const reports = setInterval(() => consumer.report(), reportMs)
const questions = setInterval(() => void consumer.ask(), settledMs)
say({ isConsuming: true })
listen(() => {
  clearInterval(reports)
  clearInterval(questions)
  void (async () => {
    await consumer.ask()
    consumer.report()
    await connection.close()
    history.close()
    say({ isDone: true })
    process.exit(0)
  })()
})
