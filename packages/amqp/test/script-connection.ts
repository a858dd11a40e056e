// One connection under a script. Commands:
//
//   connect [mechanisms=(A,B)] [heartbeat=S]   a new connection
//   greet                             the protocol header; what answers it is not shown
//   open [capabilities=(a,b)] [channels=(1,2)] [heartbeat=S]
//                                     a new connection, open; of its handshake nothing is shown
//   send                              frames, one a line (see script-text.ts), in one chunk
//   answer ID / refuse ID CODE        with a result or details as JSON in the input
//   deliver consumer=N … body=TEXT    one run; count=N repeats the body
//   got ID [empty] consumer=N … body=TEXT
//                                     answers a get
//   routed UPTO                       publishes are on their way
//   confirm FIRST LAST / publish-failed FIRST LAST CODE
//   no-channels CODE                  further channels are refused, with details as JSON
//   cancelled N [timeout] / blocked REASON / unblocked / close CODE / tick MS
//
// Each shows the events, then the frames that were sent, then whether the connection is closed or
// paused.
import { type ErrorCode, type WireError, wireError } from '@holdfast/errors'
import { argumentOf, fieldsOf, type ScriptBlock } from '@holdfast/testkit'
import { AmqpConnection } from '../src/connection.ts'
import type { AmqpEvent } from '../src/events.ts'
import type { DeliveryRun } from '../src/requests.ts'
import type { Mechanism } from '../src/sasl.ts'
import { join } from './generator.ts'
import { bytesOfLine, linesOfEvents, linesOfFrames, recordOf } from './script-text.ts'

const identity = {
  product: 'RabbitMQ',
  version: '4.1.0',
  platform: 'Holdfast 1.2.3',
  clusterName: 'test'
}

export class ScriptConnection {
  #nowMs = 1_000
  #noChannels: WireError | null = null
  #connection = this.#connect(['PLAIN', 'AMQPLAIN'], 60)
  /** Requests that were made, so that `answer` needs no id. */
  #lastRequest = 0

  run(block: ScriptBlock): string {
    const words = block.arguments.map(({ key }) => key)
    const events = this.#carryOut(block, words)
    for (const event of events) if (event.type === 'request') this.#lastRequest = event.requestId
    const frames = linesOfFrames(this.#connection.flush(this.#nowMs))
    const state = this.#connection.isClosed ? ['-- closed'] : []
    if (this.#connection.isPaused) state.push('-- paused')
    return [...linesOfEvents(events), ...frames, ...state].join('\n')
  }

  #connect(mechanisms: readonly Mechanism[], heartbeatSeconds: number): AmqpConnection {
    const limits = { channelsMax: 2_047, frameBytesMax: 131_072, heartbeatSeconds }
    const channelRefusal = (): WireError | null => this.#noChannels
    const options = { nowMs: this.#nowMs, mechanisms, channelRefusal }
    return new AmqpConnection({ ...options, ...identity, ...limits })
  }

  #carryOut(block: ScriptBlock, words: readonly string[]): readonly AmqpEvent[] {
    const connection = this.#connection
    const [first = '', second = '', third = ''] = words
    switch (block.command) {
      case 'connect': {
        const given = block.arguments.find(({ key }) => key === 'mechanisms')?.values
        const mechanisms = (given ?? ['PLAIN', 'AMQPLAIN']) as readonly Mechanism[]
        const heartbeat = Number(argumentOf(block, 'heartbeat') ?? 60)
        this.#connection = this.#connect(mechanisms, heartbeat)
        return []
      }
      case 'greet':
        connection.receive(bytesOfLine('raw 414d515000000901'), this.#nowMs)
        connection.flush(this.#nowMs)
        break
      case 'open':
        this.#open(block)
        return []
      case 'send': {
        const lines = block.input.split('\n').map((line) => line.trim())
        return connection.receive(join(lines.map(bytesOfLine)), this.#nowMs)
      }
      case 'answer':
        connection.respond(this.#requestId(first), JSON.parse(block.input || 'null'))
        break
      case 'refuse':
        connection.refuse(this.#requestId(first), errorOf(second, block.input))
        break
      case 'deliver':
        connection.deliver(runOf(block.input))
        break
      case 'got': {
        const ready = Number(argumentOf(block, 'ready') ?? 0)
        const run = runOf(block.input)
        const isEmpty = words.includes('empty')
        const result = { consumer: run.consumer, run: isEmpty ? null : run, ready }
        connection.respond(this.#requestId(first), result)
        break
      }
      case 'confirm':
        connection.confirm(Number(first), Number(second))
        break
      case 'routed':
        connection.publishes.routed(Number(first))
        break
      case 'publish-failed':
        connection.publishFailed(Number(first), Number(second), errorOf(third, block.input))
        break
      case 'no-channels':
        this.#noChannels = errorOf(first, block.input)
        break
      case 'cancelled':
        connection.cancelled(Number(first), words.includes('timeout') ? 'timeout' : 'gone')
        break
      case 'blocked':
      case 'unblocked':
        connection.setBlocked(block.command === 'blocked' ? block.input : null)
        break
      case 'close':
        connection.close(errorOf(first, block.input))
        break
      case 'tick':
        this.#nowMs += Number(first)
        return connection.tick(this.#nowMs)
      default:
        throw new Error(`line ${block.line}: no command is called ${block.command}`)
    }
    return connection.takeEvents()
  }

  /** `last`: of the newest request. */
  #requestId(word: string): number {
    return word === 'last' ? this.#lastRequest : Number(word)
  }

  #open(block: ScriptBlock): void {
    const connection = this.#connect(['PLAIN'], 60)
    this.#connection = connection
    const heartbeat = argumentOf(block, 'heartbeat') ?? '60'
    const names = block.arguments.find(({ key }) => key === 'capabilities')?.values ?? []
    const capabilities = Object.fromEntries(names.map((name) => [name, true]))
    const properties = JSON.stringify({ capabilities })
    const send = (line: string): readonly AmqpEvent[] =>
      connection.receive(bytesOfLine(line), this.#nowMs)
    send('raw 414d515000000901')
    send(
      `0 connection.start-ok clientProperties=${properties} mechanism=PLAIN response=\\0guest\\0x`
    )
    connection.respond(1, { user: 'guest' })
    send(`0 connection.tune-ok channelMax=2047 frameMax=131072 heartbeat=${heartbeat}`)
    send('0 connection.open vhost=/')
    connection.respond(2, null)
    for (const channel of block.arguments.find(({ key }) => key === 'channels')?.values ?? ['1']) {
      send(`${channel} channel.open`)
    }
    connection.flush(this.#nowMs)
  }
}

function errorOf(code: string, details: string): WireError {
  return wireError(code as ErrorCode, JSON.parse(details || '{}'))
}

/** A run from one line: `consumer=1 offset=5 attempt=0 count=2 key=q body=text`. */
function runOf(line: string): DeliveryRun {
  const fields = fieldsOf(line)
  const count = Number(fields.get('count') ?? 1)
  const record = recordOf(fields.get('properties'), fields.get('body') ?? '')
  return {
    consumer: Number(fields.get('consumer')),
    exchange: fields.get('exchange') ?? '',
    routingKey: fields.get('key') ?? 'q',
    firstOffset: Number(fields.get('offset') ?? 1),
    count,
    attempt: Number(fields.get('attempt') ?? 0),
    deliveryCount: Number(fields.get('deliveries') ?? 0),
    blob: join(Array.from({ length: count }, () => record))
  }
}
