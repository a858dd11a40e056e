// A cluster with one connection for an acceptance script that needs no chaos load, and what several
// of them do with it: fill a queue, drain it in order, watch memory and disk.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import {
  anonymousBytes,
  type ClusterOptions,
  ClusterProcess,
  loadSdk,
  removeDirectory,
  type SdkConnect,
  type SdkConnection
} from '@holdfast/testkit'
import { runDirectory } from '../chaos/chaos-run.ts'

export interface Scene {
  readonly cluster: ClusterProcess
  readonly connect: SdkConnect
  readonly connection: SdkConnection
  readonly data: string
}

/** Starts a cluster, connects, runs, and cleans up whatever happened. */
export async function withScene(
  name: string,
  options: Omit<ClusterOptions, 'data'>,
  run: (scene: Scene) => Promise<void>
): Promise<void> {
  const directory = runDirectory(name)
  const data = join(directory, 'data')
  const cluster = await ClusterProcess.start({ ...options, data })
  let isWell = false
  try {
    const connect = await loadSdk()
    const connection = await connect(cluster.clientAddresses())
    await run({ cluster, connect, connection, data })
    isWell = true
    await connection.close()
  } finally {
    await cluster.stop()
    if (isWell) removeDirectory(directory)
    else process.stdout.write(`  data and logs are in ${directory}\n`)
  }
}

/** A body of `size` bytes that begins with its number, where it is long enough. */
export function numberedBody(number: number, size: number): Uint8Array {
  const body = new Uint8Array(size)
  if (size >= 8) new DataView(body.buffer).setFloat64(0, number)
  return body
}

export function numberOf(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset, 8).getFloat64(0)
}

export interface Filling {
  readonly queue: string
  readonly count: number
  readonly size: number
  /** Unconfirmed at most; default 2,000. */
  readonly window?: number
  /** Number of the first message; default 0. */
  readonly first?: number
}

/** Publishes numbered messages and waits until all are confirmed. */
export async function fill(connection: SdkConnection, filling: Filling): Promise<void> {
  const { queue, count, size, window = 2_000, first = 0 } = filling
  let open = 0
  let failure: unknown = null
  let wake = (): void => {}
  const settle = (): void => {
    open -= 1
    wake()
  }
  for (let number = first; number < first + count && failure === null; number += 1) {
    open += 1
    connection.publish('', queue, numberedBody(number, size)).then(settle, (error: unknown) => {
      failure ??= error
      settle()
    })
    while (open >= window) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  while (open > 0) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  if (failure !== null) throw failure
}

export interface Drained {
  readonly count: number
  /** Deliveries whose number was not above all before. */
  readonly outOfOrder: number
  readonly duplicates: number
  /** Those of both kinds that were not flagged as redelivered, as they may never be. */
  readonly surprises: number
}

/** Consumes and acks until `count` different messages came. */
export async function drain(
  connection: SdkConnection,
  queue: string,
  count: number,
  prefetch: number = 1_000
): Promise<Drained> {
  const consumer = await connection.consume(queue, { prefetch })
  const seen = new Set<number>()
  let highest = -1
  let outOfOrder = 0
  let duplicates = 0
  let surprises = 0
  for await (const delivery of consumer) {
    const number = numberOf(delivery.body)
    if (seen.has(number)) duplicates += 1
    else if (number < highest) outOfOrder += 1
    if (number <= highest && !delivery.redelivered) surprises += 1
    seen.add(number)
    highest = Math.max(highest, number)
    delivery.ack()
    if (seen.size === count) break
  }
  await consumer.settled?.()
  await consumer.cancel()
  return { count: seen.size, outOfOrder, duplicates, surprises }
}

/** Anonymous memory of each running node, in bytes, by id. */
export function memoryOf(cluster: ClusterProcess): Map<number, number> {
  const found = new Map<number, number>()
  for (const { id, pid } of cluster.aliveNodes()) found.set(id, anonymousBytes(pid) ?? 0)
  return found
}

/** Bytes on disk below a directory. */
export function diskBytes(directory: string): number {
  // Files that go while it looks make it complain, and matter to nobody.
  const { stdout } = spawnSync('du', ['-s', '-B1', directory], { encoding: 'utf8' })
  return Number(stdout.split('\t')[0])
}

/** Keeps the highest memory seen of each node while something runs. */
export class MemoryWatch {
  readonly highest: Map<number, number> = new Map()
  readonly #timer: NodeJS.Timeout

  constructor(cluster: ClusterProcess, intervalMs: number = 100) {
    this.#timer = setInterval(() => {
      for (const [id, bytes] of memoryOf(cluster)) {
        this.highest.set(id, Math.max(this.highest.get(id) ?? 0, bytes))
      }
    }, intervalMs)
  }

  get most(): number {
    return Math.max(0, ...this.highest.values())
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
