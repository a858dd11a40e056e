// A terminal that keeps what it is told, and a connection that keeps what it is given.
import type { Surroundings } from '../src/program.ts'
import type { PublishOptions, SdkConnection, SdkDelivery } from '../src/sdk.ts'
import type { Terminal } from '../src/terminal.ts'

interface Published {
  readonly exchange: string
  readonly routingKey: string
  readonly body: string
  readonly options: PublishOptions | undefined
}

export class FakeSurroundings implements Surroundings {
  readonly lines: string[] = []
  readonly complaints: string[] = []
  readonly declared: string[] = []
  readonly published: Published[] = []
  readonly acked: string[] = []
  addresses: readonly string[] = []
  /** As it was given to the SDK. */
  tls: unknown = null
  input = ''
  /** What a consumer gets. */
  messages: readonly string[] = []
  failure: Error | null = null
  isClosed = false
  readonly launcher: readonly string[] = ['holdfast']

  readonly terminal: Terminal = {
    print: (line) => void this.lines.push(line),
    complain: (line) => void this.complaints.push(line),
    write: async (bytes) => void this.lines.push(Buffer.from(bytes).toString().trimEnd()),
    isInputTyped: false,
    readInput: async () => Buffer.from(this.input),
    onStop: () => () => undefined,
    exit: () => undefined,
    pause: async () => undefined,
    timeOfDay: () => '12:00:00'
  }

  readonly connect: Surroundings['connect'] = async (addresses, { tls }) => {
    if (this.failure !== null) throw this.failure
    this.addresses = addresses
    this.tls = tls
    return this.#connection()
  }

  #connection(): SdkConnection {
    return {
      declareQueue: async (name) => void this.declared.push(name),
      publish: async (exchange, routingKey, body, options) => {
        this.published.push({ exchange, routingKey, body: Buffer.from(body).toString(), options })
      },
      consume: async () => {
        const deliveries = this.messages.map((body) => this.#delivery(body))
        return {
          settled: async () => undefined,
          cancel: async () => undefined,
          async *[Symbol.asyncIterator]() {
            yield* deliveries
          }
        }
      },
      close: async () => {
        this.isClosed = true
      }
    }
  }

  #delivery(text: string): SdkDelivery {
    return {
      body: Buffer.from(text),
      exchange: '',
      routingKey: 'orders',
      properties: null,
      redelivered: false,
      deliveryCount: 0,
      ack: () => void this.acked.push(text)
    }
  }
}
