// A real node as a process of its own, and a client that behaves, beside which the attacks happen:
// it publishes and consumes all the time, must not be held up, and loses nothing. The node must be
// the same process afterwards, and must not have grown.
import { join } from 'node:path'
import {
  anonymousBytes,
  type ClusterNode,
  ClusterProcess,
  loadSdk,
  type SdkConnection,
  type SdkConsumer,
  type SdkTls,
  temporaryDirectory
} from '@holdfast/testkit'
import type { Test } from 'tap'

const queue = 'healthy'
const pauseMs = 25

export interface Verdict {
  readonly confirmed: number
  readonly received: number
  /** Longest time between two confirms. */
  readonly longestGapMs: number
  readonly errors: readonly string[]
  /** Deliveries out of their order that were not flagged as repeated. */
  readonly surprises: readonly string[]
}

/** Publishes one message after the other and consumes them, until it is asked for its verdict. */
export class HealthyClient {
  readonly #connection: SdkConnection
  readonly #consumer: SdkConsumer
  readonly #publishing: Promise<void>
  readonly #consuming: Promise<void>
  readonly #errors: string[] = []
  #isStopping = false
  #confirmed = 0
  #received = 0
  readonly #surprises: string[] = []
  #longestGapMs = 0

  private constructor(connection: SdkConnection, consumer: SdkConsumer) {
    this.#connection = connection
    this.#consumer = consumer
    this.#publishing = this.#publish()
    this.#consuming = this.#consume()
  }

  static async start(addresses: readonly string[], tls?: SdkTls): Promise<HealthyClient> {
    const connect = await loadSdk()
    const secured = tls === undefined ? {} : { tls }
    const connection = await connect(addresses, { publishTimeoutMs: 30_000, ...secured })
    await connection.declareQueue(queue)
    return new HealthyClient(connection, await connection.consume(queue, { prefetch: 100 }))
  }

  async finish(): Promise<Verdict> {
    this.#isStopping = true
    await this.#publishing
    const untilMs = performance.now() + 10_000
    while (this.#received < this.#confirmed && performance.now() < untilMs) await pause()
    await this.#consumer.settled?.()
    await this.#connection.close()
    await this.#consuming
    return {
      confirmed: this.#confirmed,
      received: this.#received,
      longestGapMs: Math.round(this.#longestGapMs),
      errors: this.#errors,
      surprises: this.#surprises
    }
  }

  async #publish(): Promise<void> {
    let lastMs = performance.now()
    while (!this.#isStopping) {
      try {
        await this.#connection.publish('', queue, Buffer.from(String(this.#confirmed)))
        this.#confirmed++
      } catch (error) {
        this.#errors.push(String(error))
        return
      }
      const nowMs = performance.now()
      this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - lastMs)
      lastMs = nowMs
      await pause()
    }
  }

  async #consume(): Promise<void> {
    for await (const delivery of this.#consumer) {
      const number = Number(Buffer.from(delivery.body).toString())
      if (number === this.#received) this.#received++
      else if (!delivery.redelivered) {
        const { offset, deliveryCount } = delivery
        this.#surprises.push(`${number} instead of ${this.#received}, ${offset}, ${deliveryCount}`)
      }
      delivery.ack()
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs))
}

export interface Target {
  readonly cluster: ClusterProcess
  readonly node: ClusterNode
  readonly healthy: HealthyClient
  /** Ends the healthy client and looks at node and client. */
  judge(t: Test): Promise<void>
}

/** Memory that a node may have grown by while it was attacked. */
const growthBytesMax = 300 * 1024 * 1024

/**
 * A machine that runs other tests as well takes its time; a client that is held up waits longer.
 */
const gapMsMax = 5_000

/** One node as a process, with the healthy client at work. All ends with the test. */
export async function startTarget(
  t: Test,
  environment: Readonly<Record<string, string>> = {},
  tls?: SdkTls
): Promise<Target> {
  const data = join(temporaryDirectory(t, 'hostile'), 'data')
  const cluster = await ClusterProcess.start({ data, nodes: 1, environment })
  t.teardown(() => cluster.stop())
  const node = cluster.node(1)
  const healthy = await HealthyClient.start(cluster.clientAddresses(), tls)
  const before = anonymousBytes(node.pid) ?? 0
  const judge = async (judging: Test): Promise<void> => {
    const verdict = await healthy.finish()
    const grown = (anonymousBytes(node.pid) ?? Number.NaN) - before
    judging.comment(JSON.stringify({ ...verdict, grownMiB: Math.round(grown / 2 ** 20) }))
    judging.ok(cluster.isAlive(1) && cluster.node(1).pid === node.pid, 'the process is the same')
    judging.same(verdict.errors, [], 'the healthy client met no error')
    judging.ok(verdict.confirmed > 0)
    judging.equal(verdict.received, verdict.confirmed, 'all that was confirmed arrived')
    judging.same(verdict.surprises, [], 'in order, repeats flagged')
    judging.ok(verdict.longestGapMs < gapMsMax, `longest gap ${verdict.longestGapMs} ms`)
    judging.ok(grown < growthBytesMax, `grown by ${Math.round(grown / 2 ** 20)} MiB`)
  }
  return { cluster, node, healthy, judge }
}
