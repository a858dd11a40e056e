// `holdfast consume`: prints messages as they come and acknowledges each after it is printed.
import type { Connect, SdkDelivery } from '../sdk.ts'
import type { Terminal } from '../terminal.ts'

export interface ConsumeCommandOptions {
  readonly client: readonly string[]
  readonly vhost: string
  /** Stop after this many; 0: never. */
  readonly count: number
  readonly prefetch: number
  /** Print, but leave the messages in the queue. */
  readonly ack: boolean
  readonly json?: boolean
}

const newline = Buffer.from('\n')

export async function consume(
  queue: string,
  options: ConsumeCommandOptions,
  terminal: Terminal,
  connect: Connect
): Promise<void> {
  const { client, vhost, prefetch, count } = options
  const connection = await connect(client, {
    name: 'holdfast consume',
    vhost,
    connectTimeoutMs: 10_000
  })
  let isStopping = false
  try {
    const consumer = await connection.consume(queue, { prefetch })
    const stopListening = terminal.onStop(() => {
      if (isStopping) return
      isStopping = true
      void consumer.cancel().catch(() => undefined)
    })
    let seen = 0
    for await (const delivery of consumer) {
      if (isStopping) break
      await show(delivery, options, terminal)
      if (options.ack) delivery.ack()
      if (++seen === count) break
    }
    if (!isStopping) await consumer.settled()
    stopListening()
  } finally {
    await connection.close()
  }
}

async function show(
  delivery: SdkDelivery,
  options: ConsumeCommandOptions,
  terminal: Terminal
): Promise<void> {
  if (options.json === true) terminal.print(JSON.stringify(describeDelivery(delivery)))
  else await terminal.write(Buffer.concat([delivery.body, newline]))
}

/** `body` as text when it is UTF-8, else `bodyBase64`. */
export function describeDelivery(delivery: SdkDelivery): object {
  const { exchange, routingKey, redelivered, deliveryCount, properties } = delivery
  const bytes = Buffer.from(delivery.body)
  const text = bytes.toString('utf8')
  const body = Buffer.from(text).equals(bytes)
    ? { body: text }
    : { bodyBase64: bytes.toString('base64') }
  return { exchange, routingKey, redelivered, deliveryCount, properties, ...body }
}
