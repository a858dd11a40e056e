// A terminal that keeps what is printed, a node that answers from a table, and an SDK without a
// broker.
import { createServer } from 'node:http'
import type { Connect, PublishOptions, SdkDelivery, SdkStatus } from '../src/sdk.ts'
import type { Terminal } from '../src/terminal.ts'

export class FakeTerminal implements Terminal {
  readonly lines: string[] = []
  readonly complaints: string[] = []
  readonly exits: number[] = []
  input: Uint8Array = Buffer.alloc(0)
  isInputTyped = false
  #stop: () => void = () => undefined

  print(line: string): void {
    this.lines.push(line)
  }

  complain(line: string): void {
    this.complaints.push(line)
  }

  write(bytes: Uint8Array): Promise<void> {
    this.lines.push(Buffer.from(bytes).toString())
    return Promise.resolve()
  }

  readInput(): Promise<Uint8Array> {
    return Promise.resolve(this.input)
  }

  onStop(listener: () => void): () => void {
    this.#stop = listener
    return () => {
      this.#stop = () => undefined
    }
  }

  /** Ctrl-C. */
  stop(): void {
    this.#stop()
  }

  exit(code: number): void {
    this.exits.push(code)
  }

  pause(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  timeOfDay(): string {
    return '12:00:00'
  }
}

export interface FakeNode {
  /** `METHOD /path` to status and body; a list is answered one after the other. */
  readonly answers: Map<string, readonly [number, unknown][]>
  readonly calls: { readonly call: string; readonly body: string }[]
  readonly address: string
}

export async function fakeNode(t: { teardown(end: () => void): void }): Promise<FakeNode> {
  const answers: FakeNode['answers'] = new Map()
  const calls: { call: string; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const call = `${request.method} ${request.url}`
      calls.push({ call, body })
      const list = answers.get(call) ?? []
      const [status, answer] = list[0] ?? [500, { code: 'INTERNAL', message: call, details: {} }]
      if (list.length > 1) answers.set(call, list.slice(1))
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
      response.end(answer === null ? '' : JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { answers, calls, address: `127.0.0.1:${port}` }
}

export interface FakeSdk {
  readonly connect: Connect
  readonly log: string[]
  readonly published: { body: string; options: PublishOptions | undefined }[]
  /** What the connection tells once it is there. */
  readonly statuses: SdkStatus[]
  /** Thrown by `publish`, after so many that went well. */
  failure: Error | null
  publishesMax: number
  /** False: `consume` waits until the connection is closed. */
  hasLeader: boolean
}

export function fakeSdk(deliveries: readonly string[] = [], isEndless = false): FakeSdk {
  const log: string[] = []
  const sdk: FakeSdk = {
    log,
    published: [],
    statuses: [],
    failure: null,
    publishesMax: 0,
    hasLeader: true,
    connect: (addresses, { vhost, onStatus }) => {
      log.push(`connect ${addresses.join(' ')} ${vhost}`)
      for (const status of sdk.statuses) onStatus(status)
      let cancelled: () => void = () => undefined
      const end = new Promise<void>((resolve) => {
        cancelled = resolve
      })
      let closed: (error: Error) => void = () => undefined
      const waiting = new Promise<never>((_, reject) => {
        closed = reject
      })
      waiting.catch(() => undefined)
      return Promise.resolve({
        declareQueue: (name) => Promise.resolve(log.push(`declare ${name}`)),
        publish: (exchange, key, body, options) => {
          const isFailing = sdk.failure !== null && sdk.published.length >= sdk.publishesMax
          if (isFailing) return Promise.reject(sdk.failure)
          sdk.published.push({ body: Buffer.from(body).toString(), options })
          return Promise.resolve(log.push(`publish '${exchange}' ${key}`))
        },
        consume: (queue, options) => {
          log.push(`consume ${queue} ${options?.prefetch}`)
          if (!sdk.hasLeader) return waiting
          return Promise.resolve({
            async *[Symbol.asyncIterator](): AsyncGenerator<SdkDelivery> {
              for (const body of deliveries) yield deliveryOf(body, log)
              if (isEndless) await end
            },
            settled: () => Promise.resolve(void log.push('settled')),
            cancel: () => {
              cancelled()
              return Promise.resolve(void log.push('cancel'))
            }
          })
        },
        close: () => {
          closed(new Error('it was closed'))
          return Promise.resolve(void log.push('close'))
        }
      })
    }
  }
  return sdk
}

function deliveryOf(body: string, log: string[]): SdkDelivery {
  return {
    body: Buffer.from(body, 'latin1'),
    exchange: '',
    routingKey: 'orders',
    properties: { messageId: 'm' },
    redelivered: false,
    deliveryCount: 0,
    ack: () => void log.push(`ack ${body}`)
  }
}
