// `holdfast publish`: sends messages and waits until the cluster has confirmed them.
import { HoldfastError } from '@holdfast/errors'
import { type Connect, connectTimeoutMs, type PublishOptions } from '../sdk.ts'
import type { Terminal } from '../terminal.ts'
import { type TlsFlags, tlsOf } from '../tls.ts'
import { tellOutages } from './outages.ts'

export interface PublishCommandOptions extends TlsFlags {
  readonly client: readonly string[]
  readonly vhost: string
  readonly exchange: string
  readonly declare?: boolean
  readonly lines?: boolean
  readonly count: number
  readonly header: readonly string[]
  readonly messageId?: string
  readonly json?: boolean
}

/** Publishes on their way at a time. */
const windowMax = 1000

export async function publish(
  routingKey: string,
  body: string | undefined,
  options: PublishCommandOptions,
  terminal: Terminal,
  connect: Connect
): Promise<void> {
  const headers = parseHeaders(options.header)
  const publishOptions: PublishOptions = {
    mandatory: true,
    ...(options.header.length > 0 ? { headers } : {}),
    ...(options.messageId === undefined ? {} : { messageId: options.messageId })
  }
  if (options.declare === true && options.exchange !== '') {
    const reason = 'it declares the queue that the default exchange routes to; leave --exchange out'
    throw new HoldfastError('OPTION_INVALID', { option: 'declare', kind: 'publish', reason })
  }
  const input = body === undefined || body === '-' ? await read(terminal) : Buffer.from(body)
  const bodies = options.lines === true ? splitLines(input) : [input]
  const { client, vhost } = options
  const connection = await connect(client, {
    name: 'holdfast publish',
    vhost,
    connectTimeoutMs,
    tls: tlsOf(options) ?? false,
    onStatus: tellOutages(terminal)
  })
  const total = bodies.length * options.count
  let confirmed = 0
  try {
    if (options.declare === true) await connection.declareQueue(routingKey)
    const waiting = new Set<Promise<unknown>>()
    for (let round = 0; round < options.count; round++) {
      for (const one of bodies) {
        const publishing = connection
          .publish(options.exchange, routingKey, one, publishOptions)
          .then(() => {
            confirmed++
            waiting.delete(publishing)
          })
        waiting.add(publishing)
        if (waiting.size >= windowMax) await Promise.race(waiting)
      }
    }
    await Promise.all(waiting)
  } finally {
    // Whatever is on its way gets its outcome first.
    await connection.close().catch(() => undefined)
    if (total > 1 && confirmed < total) {
      terminal.complain(`holdfast: ${confirmed} of ${total} messages were confirmed`)
    }
  }
  if (options.json === true) terminal.print(JSON.stringify({ confirmed }))
  else terminal.print(confirmed === 1 ? 'confirmed' : `${confirmed} messages confirmed`)
}

function read(terminal: Terminal): Promise<Uint8Array> {
  if (terminal.isInputTyped) terminal.complain('Type the message; Ctrl-D at a new line ends it.')
  return terminal.readInput()
}

/** @throws OPTION_INVALID */
function parseHeaders(given: readonly string[]): Readonly<Record<string, string>> {
  const pairs = given.map((pair) => {
    const separator = pair.indexOf('=')
    if (separator < 1) {
      const reason = `'${pair}' is not NAME=VALUE`
      throw new HoldfastError('OPTION_INVALID', { option: 'header', kind: 'publish', reason })
    }
    return [pair.slice(0, separator), pair.slice(separator + 1)] as const
  })
  return Object.fromEntries(pairs)
}

/** One message per line; a last empty line is none. */
function splitLines(input: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = []
  let start = 0
  while (start < input.length) {
    const end = input.indexOf(0x0a, start)
    const stop = end === -1 ? input.length : end
    lines.push(input.subarray(start, stop))
    start = stop + 1
  }
  return lines
}
