// `holdfast consume`: prints messages as they come and acknowledges each after it is printed.
import { HoldfastError } from '@holdfast/errors'
import { exitCodes } from '@holdfast/server/terminal'
import { type Connect, connectTimeoutMs, type SdkConsumer, type SdkDelivery } from '../sdk.ts'
import type { Terminal } from '../terminal.ts'
import { type TlsFlags, tlsOf } from '../tls.ts'
import { tellOutages } from './outages.ts'

export interface ConsumeCommandOptions extends TlsFlags {
  readonly client: readonly string[]
  readonly vhost: string
  /** Stop after this many; 0: never. */
  readonly count: number
  readonly prefetch: number
  /** False: what was printed goes back to the queue at the end, as one delivery more. */
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
  const { client, vhost, prefetch } = options
  if (!options.ack && options.count > prefetch) {
    const reason = `without acks no more than --prefetch ${prefetch} messages come`
    throw new HoldfastError('OPTION_INVALID', { option: 'count', kind: 'consume', reason })
  }
  const connection = await connect(client, {
    name: 'holdfast consume',
    vhost,
    connectTimeoutMs,
    tls: tlsOf(options) ?? false,
    onStatus: tellOutages(terminal)
  })
  let stops = 0
  let stop: () => void = () => undefined
  const stopped = new Promise<null>((resolve) => {
    stop = () => resolve(null)
  })
  const stopListening = terminal.onStop(() => {
    // The second Ctrl-C waits for nothing; what was not acknowledged comes again.
    if (++stops > 1) terminal.exit(exitCodes.refused)
    stop()
  })
  try {
    const consumer = await Promise.race([connection.consume(queue, { prefetch }), stopped])
    // Closing ends one that still waits for the leader of its queue.
    if (consumer === null) return
    const printing = printAll(consumer, options, terminal, () => stops > 0)
    await Promise.race([printing, stopped])
    if (stops > 0) await consumer.cancel()
  } finally {
    await connection.close()
    stopListening()
  }
}

/** Ends after `count` messages, once their acknowledgements are committed. */
async function printAll(
  consumer: SdkConsumer,
  options: ConsumeCommandOptions,
  terminal: Terminal,
  isStopping: () => boolean
): Promise<void> {
  let seen = 0
  for await (const delivery of consumer) {
    if (isStopping()) return
    await show(delivery, options, terminal)
    if (options.ack) delivery.ack()
    if (++seen === options.count) break
  }
  if (!isStopping()) await consumer.settled()
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
