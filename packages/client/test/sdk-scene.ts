// A scene for tests of the SDK: a broker in memory, a connection to it, and what the application
// was told. All of it ends with the test.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Connection,
  type ConnectionStatus,
  type ConnectOptions,
  connect,
  type Delivery,
  HoldfastError
} from '@holdfast/client'
import { FakeBroker } from './fake-broker.ts'

export interface Teardown {
  teardown(handler: () => Promise<void>): void
}

export interface Bench {
  readonly broker: FakeBroker
  readonly connection: Connection
  readonly statuses: ConnectionStatus[]
}

export async function bench(
  test: Teardown,
  nodes = 1,
  options: ConnectOptions = {}
): Promise<Bench> {
  const broker = await FakeBroker.start(nodes)
  const statuses: ConnectionStatus[] = []
  const connection = await connect(broker.addresses, {
    onStatus: (status) => statuses.push(status),
    ...options
  })
  test.teardown(async () => {
    await connection.close({ timeoutMs: 100 })
    await broker.stop()
  })
  return { broker, connection, statuses }
}

/** Waits for a condition; the test's own time limit bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'none'
  } catch (error) {
    return HoldfastError.from(error).code
  }
}

export async function takeSome(
  deliveries: AsyncIterable<Delivery>,
  count: number,
  each: (delivery: Delivery) => void = () => undefined
): Promise<Delivery[]> {
  const taken: Delivery[] = []
  for await (const delivery of deliveries) {
    taken.push(delivery)
    each(delivery)
    if (taken.length === count) break
  }
  return taken
}
