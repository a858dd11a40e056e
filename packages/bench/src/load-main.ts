// The process of a load generator: one job from its argument, JSON lines on standard output. A body
// of 8 bytes or more begins with the time at which it was published, for the consumer to compare.
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { loadSdk, type SdkConnect, type SdkConnection } from '@holdfast/testkit'
import { type Job, type JobResult, Samples } from './job.ts'

type JobOf<Type extends Job['type']> = Extract<Job, { type: Type }>

const say = (line: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Milliseconds of the machine's monotonic clock, the same for all processes. */
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** One connection that keeps its window full. A confirm calls one shared closure. */
class WindowedPublisher {
  readonly #connection: SdkConnection
  readonly #job: JobOf<'publish'>
  readonly #body: Uint8Array
  readonly samples = new Samples()
  readonly #startMs = nowMs()
  #unconfirmed = 0
  #sent = 0
  #isScheduled = false
  #wake: () => void = () => {}
  confirmed = 0
  isStopped = false
  failure: unknown = null

  constructor(connection: SdkConnection, job: JobOf<'publish'>) {
    this.#connection = connection
    this.#job = job
    this.#body = new Uint8Array(job.size).fill(0x78)
  }

  readonly #onConfirm = (): void => {
    this.#unconfirmed -= 1
    this.confirmed += 1
    this.#schedule()
  }

  readonly #onFailure = (error: unknown): void => {
    this.failure ??= error
    this.isStopped = true
    this.#wake()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#pump()
    })
  }

  #room(): number {
    const { window, messages, rate } = this.#job
    const left = messages === null ? window : messages - this.#sent
    const due =
      rate === 0 ? window : Math.ceil(((nowMs() - this.#startMs) / 1_000) * rate) - this.#sent
    return this.isStopped ? 0 : Math.min(window - this.#unconfirmed, left, due)
  }

  #pump(): void {
    const { queues, size } = this.#job
    for (let room = this.#room(); room > 0; room -= 1) {
      // The SDK takes the bytes at once or copies what it keeps; a stamped body is made anew, of
      // Node's pool: memory of its own for each cost the client more than some libraries do.
      const body = Buffer.from(this.#body)
      const sentMs = nowMs()
      if (size >= 8) body.writeDoubleBE(sentMs)
      const confirm = this.#connection.publish('', queues[this.#sent % queues.length] ?? '', body)
      this.#sent += 1
      this.#unconfirmed += 1
      if (this.#sent % 16 === 0 || this.#job.window === 1) {
        confirm.then(() => this.samples.add(nowMs() - sentMs)).catch(() => {})
      }
      confirm.then(this.#onConfirm, this.#onFailure)
    }
    if (this.#unconfirmed === 0) this.#wake()
    if (this.#job.rate > 0 && !this.isStopped) setTimeout(() => this.#schedule(), 1)
  }

  /** Ends when all messages are confirmed, or after `isStopped` when none is left unconfirmed. */
  async run(): Promise<void> {
    const { messages } = this.#job
    this.#schedule()
    const isDone = (): boolean =>
      this.failure !== null ||
      (this.#unconfirmed === 0 && (this.isStopped || (messages !== null && this.#sent >= messages)))
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.failure !== null) throw this.failure
  }
}

function summarise(messages: number, seconds: number, samples: Samples): JobResult {
  return { messages, seconds, perSecond: messages / seconds, ...samples.summary() }
}

async function publish(connect: SdkConnect, job: JobOf<'publish'>): Promise<JobResult> {
  const count = job.connections
  const share = { ...job, rate: job.rate / count, messages: job.messages }
  if (job.messages !== null) share.messages = Math.ceil(job.messages / count)
  const publishers: WindowedPublisher[] = []
  for (let at = 0; at < count; at += 1) {
    publishers.push(new WindowedPublisher(await connect(job.addresses), share))
  }
  const runs = Promise.all(publishers.map((publisher) => publisher.run()))
  runs.catch(() => {})
  if (job.messages === null) await Promise.race([runs, delay(job.warmupSeconds * 1_000)])
  const confirmed = (): number => publishers.reduce((sum, one) => sum + one.confirmed, 0)
  for (const publisher of publishers) publisher.samples.clear()
  const [before, startMs] = [confirmed(), nowMs()]
  say({ begun: true })
  if (job.messages === null) await Promise.race([runs, delay(job.seconds * 1_000)])
  else await runs
  const [messages, seconds] = [confirmed() - before, (nowMs() - startMs) / 1_000]
  for (const publisher of publishers) publisher.isStopped = true
  await runs
  const samples = publishers[0]?.samples ?? new Samples()
  return summarise(messages, seconds, samples)
}

async function consume(connect: SdkConnect, job: JobOf<'consume'>): Promise<JobResult> {
  const connection = await connect(job.addresses)
  const consumer = await connection.consume(job.queue, { prefetch: job.prefetch })
  const samples = new Samples()
  let [messages, startMs, lastMs] = [0, nowMs(), nowMs()]
  createInterface({ input: process.stdin }).on('line', () => void consumer.cancel())
  say({ begun: true })
  for await (const delivery of consumer) {
    if (messages === 0) startMs = nowMs()
    messages += 1
    const { body } = delivery
    if (messages % 16 === 0 && body.length >= 8) {
      const sentMs = new DataView(body.buffer, body.byteOffset, 8).getFloat64(0)
      samples.add(nowMs() - sentMs)
    }
    delivery.ack()
    if (messages % 64 === 0) lastMs = nowMs()
    if (messages === job.messages) {
      await consumer.settled?.()
      lastMs = nowMs()
      break
    }
  }
  // A consumer that was told to stop counts up to its last message, not to the order.
  lastMs = Math.max(lastMs, startMs + 1)
  return summarise(messages, (lastMs - startMs) / 1_000, samples)
}

async function declare(connect: SdkConnect, job: JobOf<'declare'>): Promise<JobResult> {
  const connection = await connect(job.addresses)
  const samples = new Samples()
  let next = 0
  say({ begun: true })
  const startMs = nowMs()
  const work = async (): Promise<void> => {
    while (next < job.count) {
      const name = `${job.prefix}${next}`
      next += 1
      const sentMs = nowMs()
      await connection.declareQueue(name)
      samples.add(nowMs() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: job.window }, work))
  return summarise(job.count, (nowMs() - startMs) / 1_000, samples)
}

async function run(): Promise<JobResult> {
  const job = JSON.parse(process.argv[2] ?? '{}') as Job
  const loaded = await loadSdk(job.sdk)
  const { tls } = job
  const connect: SdkConnect = tls === null ? loaded : (addresses) => loaded(addresses, { tls })
  if (job.type === 'publish') return publish(connect, job)
  return job.type === 'consume' ? consume(connect, job) : declare(connect, job)
}

// Nobody is left to measure for.
process.once('disconnect', () => process.exit(1))
try {
  say({ result: await run() })
  process.exit(0)
} catch (error) {
  say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  process.exit(1)
}
