// One publisher of a chaos run, as a process of its own: publishes at a steady rate within a
// window, and writes each publish to its history before it is sent, each outcome when it is known.

import { setTimeout as delay } from 'node:timers/promises'
import { codeOf, connectionLost, loadSdk, type SdkConnection } from '@holdfast/testkit'
import { type ChildConfiguration, guardProcess, listen, readConfiguration, say } from './child.ts'
import { noteConnections } from './client-connections.ts'
import { HistoryWriter, monotonicNs } from './history.ts'
import { hashBody, MessageSource, messageIdOf, type SizeProfile } from './message-source.ts'

export interface PublisherConfiguration extends ChildConfiguration {
  readonly publisher: number
  readonly queues: readonly string[]
  /** At least so many are published. */
  readonly messages: number
  /** Whether to go on after that until told to stop. */
  readonly isEndless: boolean
  /** Messages a second; 0: as fast as the window allows. */
  readonly rate: number
  readonly windowMessages: number
  readonly windowBytes: number
  readonly sizes: SizeProfile
  /** '' publishes straight to the queue; else an exchange whose binding keys are queue names. */
  readonly exchange: string
  readonly publishTimeoutMs: number
}

const batchMax = 64
/** Where a window is full, and where nothing is due yet: a look costs as much as a publish. */
const pauseMs = 2
const duePauseMs = 10
const reportMs = 200

class Publisher {
  readonly #configuration: PublisherConfiguration
  readonly #history: HistoryWriter
  readonly #source: MessageSource
  readonly #startMs = performance.now()
  #sequence = 0
  #outstanding = 0
  #outstandingBytes = 0
  #confirmed = 0
  #failed = 0
  isStopped = false

  constructor(configuration: PublisherConfiguration, history: HistoryWriter) {
    this.#configuration = configuration
    this.#history = history
    this.#source = new MessageSource(configuration.seed, configuration.sizes)
  }

  report(): void {
    this.#history.flush()
    const { publisher, messages } = this.#configuration
    const [invoked, confirmed, failed] = [this.#sequence, this.#confirmed, this.#failed]
    say({ publisher, invoked, confirmed, failed, isThrough: invoked >= messages })
  }

  /** How many may be published at this moment. */
  #room(): number {
    const { rate, windowMessages, windowBytes, messages, isEndless } = this.#configuration
    if (this.#outstandingBytes >= windowBytes) return 0
    const elapsed = (performance.now() - this.#startMs) / 1_000
    const due = rate === 0 ? Number.POSITIVE_INFINITY : Math.ceil(elapsed * rate) - this.#sequence
    const left = isEndless ? Number.POSITIVE_INFINITY : messages - this.#sequence
    return Math.min(batchMax, windowMessages - this.#outstanding, due, left)
  }

  get #isThrough(): boolean {
    const { messages, isEndless } = this.#configuration
    return this.isStopped || (!isEndless && this.#sequence >= messages)
  }

  async run(connection: SdkConnection): Promise<void> {
    while (!this.#isThrough) {
      const room = this.#room()
      if (room > 0) this.#publishBatch(connection, room)
      // A turn of the loop lets confirms in; a pause only where there is nothing to do.
      if (room <= 0) await delay(this.#configuration.rate === 0 ? pauseMs : duePauseMs)
      else await new Promise((resolve) => setImmediate(resolve))
    }
    while (this.#outstanding > 0) await delay(pauseMs)
  }

  #publishBatch(connection: SdkConnection, room: number): void {
    const { publisher, queues } = this.#configuration
    const batch: { sequence: number; queue: string; body: Uint8Array }[] = []
    const windowBytes = this.#configuration.windowBytes
    while (batch.length < room && this.#outstandingBytes < windowBytes) {
      this.#sequence += 1
      const sequence = this.#sequence
      const queue = queues[this.#source.queue(publisher, sequence, queues.length)] ?? ''
      const body = this.#source.body(publisher, sequence)
      const hash = hashBody(body)
      const at = monotonicNs()
      this.#history.append({
        type: 'invoke',
        at,
        publisher,
        sequence,
        queue,
        size: body.length,
        hash
      })
      this.#outstandingBytes += body.length
      batch.push({ sequence, queue, body })
    }
    this.#history.flush()
    for (const { sequence, queue, body } of batch)
      void this.#send(connection, sequence, queue, body)
  }

  async #send(
    connection: SdkConnection,
    sequence: number,
    queue: string,
    body: Uint8Array
  ): Promise<void> {
    const { publisher, exchange } = this.#configuration
    this.#outstanding += 1
    const { length } = body
    try {
      const options = { messageId: messageIdOf(publisher, sequence), mandatory: true }
      await connection.publish(exchange, queue, body, options)
      this.#confirmed += 1
      this.#history.append({ type: 'ok', at: monotonicNs(), publisher, sequence })
    } catch (error) {
      this.#fail(sequence, error)
    } finally {
      this.#outstanding -= 1
      this.#outstandingBytes -= length
    }
  }

  #fail(sequence: number, error: unknown): void {
    const { publisher } = this.#configuration
    const code = codeOf(error)
    // Refused before it could be stored; with any other code nobody knows.
    const isCertain = code === 'MESSAGE_TOO_LARGE' || code === 'MESSAGE_UNROUTABLE'
    const type = isCertain ? 'fail' : 'info'
    this.#failed += 1
    const at = monotonicNs()
    this.#history.append({ type, at, publisher, sequence, code })
    // Whoever repeats nothing has to expect it.
    if (code === connectionLost) return
    const message = error instanceof Error ? error.message : String(error)
    this.#history.append({ type: 'error', at, process: `publisher ${publisher}`, code, message })
  }
}

const configuration = readConfiguration<PublisherConfiguration>()
const history = new HistoryWriter(configuration.history)
guardProcess(`publisher ${configuration.publisher}`, history)
const publisher = new Publisher(configuration, history)
listen(() => {
  publisher.isStopped = true
})
const connect = await loadSdk(configuration.sdk)
const { addresses, nodes, publishTimeoutMs } = configuration
const name = `publisher ${configuration.publisher}`
const onStatus = noteConnections(history, name, nodes)
const connection = await connect(addresses, { publishTimeoutMs, onStatus })
const reports = setInterval(() => publisher.report(), reportMs)
await publisher.run(connection)
clearInterval(reports)
publisher.report()
await connection.close()
history.close()
say({ isDone: true })
process.exit(0)
