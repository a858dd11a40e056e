// Strikes at clients, which are not to hurt anybody else: consumers that die or stop reading,
// publishers that die, and crowds that connect and go.
import { setTimeout as delay } from 'node:timers/promises'
import { defaultSdk, loadSdk, type SdkConnection } from '@holdfast/testkit'
import { recover, type Stage } from './stage.ts'

/** The consumer of some queues dies with all it holds; another one takes its place. */
export async function killConsumer({ faults, load, random }: Stage): Promise<string> {
  faults.note('kill-consumer')
  const name = load.replaceConsumer()
  await delay(random.integer(500, 2_000))
  return name
}

/** A publisher dies; what it had not been told is unknown. */
export async function killPublisher({ faults, load, random }: Stage): Promise<string> {
  faults.note('kill-publisher')
  const name = load.replacePublisher()
  await delay(random.integer(500, 2_000))
  return name
}

/** A consumer stops reading its sockets, then goes on. */
export async function stopConsumer({ faults, load, random }: Stage): Promise<string> {
  const consumer = load.churned
  const ms = random.integer(500, 10_000)
  faults.note('stop-consumer')
  consumer.signal('SIGSTOP')
  try {
    await delay(ms)
  } finally {
    consumer.signal('SIGCONT')
  }
  faults.note('resume-consumer')
  return `${consumer.name} for ${ms} ms`
}

/** A crowd connects, asks for something, and goes, some without a word. */
export async function storm(stage: Stage): Promise<string> {
  const { cluster, faults, load, random } = stage
  const connect = await loadSdk(defaultSdk)
  const count = random.integer(20, 80)
  const waves = random.integer(1, 3)
  faults.note('reconnect-storm')
  for (let wave = 0; wave < waves; wave += 1) {
    const one = async (): Promise<void> => {
      const connection: SdkConnection = await connect(cluster.clientAddresses())
      await connection.declareQueue(load.queues[0] ?? '')
      await connection.close()
    }
    const outcomes = await Promise.allSettled(Array.from({ length: count }, one))
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    if (refused.length > 0) throw new Error(`${refused.length} of ${count} could not connect`)
  }
  await recover(stage)
  return `${count} connections, ${waves} times`
}
