// The workloads W1 … W9 by name, each against a running cluster. They are the ones of
// docs/internals/performance.md, so that figures of different days and peers compare.
import { setTimeout as delay } from 'node:timers/promises'
import { anonymousBytes, type ClusterProcess, type SdkTls } from '@holdfast/testkit'
import type { Job, JobResult } from './job.ts'
import { LoadProcess } from './load-process.ts'
import { type Figures, figuresOf, startMeter } from './measure.ts'

export interface BenchOptions {
  readonly cluster: ClusterProcess
  readonly sdk: string
  /** Null: plain. */
  readonly tls: SdkTls | null
  readonly size: number
  readonly seconds: number
  readonly window: number
  readonly rate: number
  /** Of a backlog, or of queues to declare; null: the default of the workload. */
  readonly count: number | null
  readonly log: (sentence: string) => void
}

type Workload = (options: BenchOptions) => Promise<Figures[]>
type Published = Extract<Job, { type: 'publish' }>

let runs = 0

function nameQueue(): string {
  runs += 1
  return `bench.${process.pid}.${runs}`
}

function publishJob(options: BenchOptions, changes: Partial<Published>): Job {
  return {
    type: 'publish',
    addresses: options.cluster.clientAddresses(),
    sdk: options.sdk,
    tls: options.tls,
    queues: [],
    size: options.size,
    window: options.window,
    connections: 1,
    messages: null,
    seconds: options.seconds,
    warmupSeconds: 2,
    rate: options.rate,
    ...changes
  }
}

function consumeJob(options: BenchOptions, queue: string, messages: number | null): Job {
  const addresses = options.cluster.clientAddresses()
  const { sdk, tls, window } = options
  return { type: 'consume', addresses, sdk, tls, queue, prefetch: window, messages }
}

async function declareOne(options: BenchOptions, queue: string): Promise<void> {
  await runJob(declareJob(options, queue, 1))
}

function declareJob({ cluster, sdk, tls }: BenchOptions, prefix: string, count: number): Job {
  const addresses = cluster.clientAddresses()
  return { type: 'declare', addresses, sdk, tls, prefix, count, window: Math.min(count, 50) }
}

/** Runs a job that need not be measured. */
async function runJob(job: Job): Promise<JobResult> {
  const load = new LoadProcess(job)
  try {
    const result = await load.result()
    await load.end()
    return result
  } finally {
    load.kill()
  }
}

async function measure(
  options: BenchOptions,
  workload: string,
  what: string,
  job: Job
): Promise<Figures> {
  const load = new LoadProcess(job)
  try {
    await load.begun()
    const meter = startMeter(options.cluster, { client: load.pid })
    const result = await load.result()
    const span = meter.stop()
    await load.end()
    return figuresOf(workload, what, result, span)
  } finally {
    load.kill()
  }
}

async function publishOnly(
  options: BenchOptions,
  name: string,
  window: number
): Promise<Figures[]> {
  const queue = nameQueue()
  await declareOne(options, queue)
  const what = `publish, window ${window}, ${options.size} B`
  const job = publishJob(options, { queues: [`${queue}0`], window })
  return [await measure(options, name, what, job)]
}

/** Publish with confirms while another process consumes and acks each message. */
async function publishAndConsume(options: BenchOptions): Promise<Figures[]> {
  const queue = nameQueue()
  await declareOne(options, queue)
  const consumer = new LoadProcess(consumeJob(options, `${queue}0`, null))
  await consumer.begun()
  const publisher = new LoadProcess(publishJob(options, { queues: [`${queue}0`] }))
  try {
    await publisher.begun()
    const pids = { 'client publisher': publisher.pid, 'client consumer': consumer.pid }
    const meter = startMeter(options.cluster, pids)
    const published = await publisher.result()
    const span = meter.stop()
    await delay(500)
    consumer.finish()
    const consumed = await consumer.result()
    const more = { 'consumed/s': consumed.perSecond, consumed: consumed.messages }
    // Latency is that from publish to delivery.
    const { p50Ms, p99Ms, maxMs } = consumed
    const result = { ...published, p50Ms, p99Ms, maxMs }
    const what = `publish + consume + ack, ${options.size} B`
    return [figuresOf('W2', what, result, span, more)]
  } finally {
    publisher.kill()
    consumer.kill()
  }
}

async function fill(options: BenchOptions, queue: string, messages: number): Promise<JobResult> {
  const job = publishJob(options, { queues: [queue], messages, window: 5_000, rate: 0 })
  return runJob(job)
}

async function drain(options: BenchOptions): Promise<Figures[]> {
  const queue = nameQueue()
  const count = options.count ?? 200_000
  await declareOne(options, queue)
  const filled = await fill(options, `${queue}0`, count)
  options.log(`filled with ${count} messages at ${Math.round(filled.perSecond)} a second`)
  const what = `drain ${count} × ${options.size} B`
  return [await measure(options, 'W3', what, consumeJob(options, `${queue}0`, count))]
}

/** Declares many queues, measures the idle cluster, then publishes to them in turn. */
async function declareMany(options: BenchOptions): Promise<Figures[]> {
  const count = options.count ?? 1_000
  const prefix = `${nameQueue()}.`
  const what = `declare ${count} queues`
  const declared = await measure(options, 'W5', what, declareJob(options, prefix, count))
  // Leaders are levelled, snapshots taken and the store tidied once; then the cluster is idle.
  await delay(15_000)
  const meter = startMeter(options.cluster, {})
  await delay(options.seconds * 1_000)
  const span = meter.stop()
  let idle = 0
  for (const [name, seconds] of Object.entries(span.byName)) {
    if (name.startsWith('node')) idle += seconds / span.seconds
  }
  const seconds = declared.result.seconds
  const more = { seconds, 'idle % of a core': idle * 100 }
  const queues = Array.from({ length: count }, (_, at) => `${prefix}${at}`)
  const round = await measure(
    options,
    'W5',
    'round robin over them',
    publishJob(options, { queues })
  )
  return [{ ...declared, more }, round]
}

/** Memory of each node before a backlog and 30 s after it. */
async function backlog(options: BenchOptions): Promise<Figures[]> {
  const queue = nameQueue()
  const count = options.count ?? 1_000_000
  await declareOne(options, queue)
  const memory = (): number[] =>
    options.cluster.nodes.map((node) => (anonymousBytes(node.pid) ?? 0) / 1e6)
  const before = memory()
  const job = publishJob(options, {
    queues: [`${queue}0`],
    messages: count,
    window: 5_000,
    rate: 0
  })
  const what = `backlog of ${count} × ${options.size} B`
  const figures = await measure(options, 'W7', what, job)
  await delay(30_000)
  const after = memory()
  const more: Record<string, number> = {}
  for (const [at, { id }] of options.cluster.nodes.entries()) {
    more[`node ${id} grew MB`] = (after[at] ?? 0) - (before[at] ?? 0)
  }
  more['all nodes MB'] = after.reduce((sum, megabytes) => sum + megabytes, 0)
  return [{ ...figures, more }]
}

/** Many connections, each with one publish in flight. */
async function manyConnections(options: BenchOptions): Promise<Figures[]> {
  const queue = nameQueue()
  const connections = options.count ?? 200
  await declareOne(options, queue)
  const what = `${connections} connections, one in flight each, ${options.size} B`
  const job = publishJob(options, { queues: [`${queue}0`], connections, window: 1 })
  return [await measure(options, 'W9', what, job)]
}

export const workloads: Readonly<Record<string, Workload>> = {
  W1: (options) => publishOnly(options, 'W1', options.window),
  W2: publishAndConsume,
  W3: drain,
  W4: (options) => publishOnly(options, 'W4', 1),
  W5: declareMany,
  W7: backlog,
  W9: manyConnections
}
