// The client's end of an AMQP 0-9-1 connection, without a socket: enough of it to publish with
// confirms, consume, get and settle, on one channel or some more.
import {
  type AmqpProperties,
  amqpLimits,
  type Content,
  ContentGatherer,
  decodeMethod,
  encodeProperties,
  FrameReader,
  FrameWriter,
  frameType,
  type Method,
  type MethodOf
} from '@holdfast/amqp'
import { utf8Encode } from '@holdfast/record'

/** What the server said on the channel; of the handshake only its end, as `channel.open-ok`. */
export interface AmqpSaid {
  readonly method: Method
  /** Of a delivery, a return, or what was got. */
  readonly content: Content | null
}

/** What clients agree on: as little as they may, or what most libraries ask for. */
export const frameSizes = [4_096, 131_072] as const
const channelsMax = 3

/** Capabilities of a client that wants to be told. */
const capabilities = ['consumer_cancel_notify', 'connection.blocked']

export class AmqpWire {
  readonly #reader = new FrameReader(frameSizes[0])
  readonly #writer = new FrameWriter()
  readonly #gatherer = new ContentGatherer()
  readonly #vhost: string
  readonly #frameBytesMax: number
  readonly #heartbeatMs: number
  /** PLAIN. */
  readonly #login: string
  /** Waits for its content. */
  #method: Method | null = null
  isOpen = false
  /** The server closed the connection, or the channel, with this. */
  closed: MethodOf<'connection.close'> | MethodOf<'channel.close'> | null = null

  /** `frameBytesMax`: of each frame, whole, by either side. `heartbeatMs`: whole seconds. */
  constructor(
    vhost: string,
    user = 'guest',
    password: string = user,
    frameBytesMax: number = frameSizes[1],
    heartbeatMs = 1000
  ) {
    this.#vhost = vhost
    this.#frameBytesMax = frameBytesMax
    this.#heartbeatMs = heartbeatMs
    this.#login = `\0${user}\0${password}`
    this.#writer.protocolHeader()
  }

  /** Takes what the socket received. */
  receive(bytes: Uint8Array): readonly AmqpSaid[] {
    const said: AmqpSaid[] = []
    this.#reader.feed(bytes)
    while (this.#reader.next()) {
      const { type, payload } = this.#reader
      if (type === frameType.method) this.#take(decodeMethod(payload), said)
      else if (type !== frameType.heartbeat) this.#gather(type, payload, said)
    }
    return said
  }

  #take(method: Method, said: AmqpSaid[]): void {
    switch (method.type) {
      case 'connection.start':
        return this.#authenticate()
      case 'connection.tune':
        this.#writer.frameBytesMax = this.#frameBytesMax
        this.#reader.limitBytes = this.#frameBytesMax - amqpLimits.frameOverheadBytes
        this.#writer.method(0, {
          type: 'connection.tune-ok',
          channelMax: channelsMax,
          frameMax: this.#frameBytesMax,
          heartbeat: this.#heartbeatMs / 1000
        })
        this.#writer.method(0, {
          type: 'connection.open',
          vhost: this.#vhost,
          capabilities: '',
          insist: false
        })
        return
      case 'connection.open-ok':
        return this.send({ type: 'channel.open', outOfBand: '' })
      case 'connection.close':
      case 'channel.close':
        this.closed = method
        this.isOpen = false
        return
      case 'basic.deliver':
      case 'basic.return':
      case 'basic.get-ok':
        this.#method = method
        return
      default:
        if (method.type === 'channel.open-ok') this.isOpen = true
        said.push({ method, content: null })
    }
  }

  #authenticate(): void {
    const able = new Map(capabilities.map((name) => [name, { type: 't', value: true } as const]))
    this.#writer.method(0, {
      type: 'connection.start-ok',
      clientProperties: new Map([['capabilities', { type: 'F', value: able } as const]]),
      mechanism: 'PLAIN',
      response: utf8Encode(this.#login),
      locale: 'en_US'
    })
  }

  #gather(type: number, payload: Uint8Array, said: AmqpSaid[]): void {
    const content = this.#gatherer.take(type, new Uint8Array(payload))
    if (content === null || this.#method === null) return
    said.push({ method: this.#method, content })
    this.#method = null
  }

  send(method: Method, channel = 1): void {
    this.#writer.method(channel, method)
  }

  close(): void {
    const fields = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }
    this.#writer.method(0, { type: 'connection.close', ...fields })
  }

  publish(
    exchange: string,
    routingKey: string,
    mandatory: boolean,
    properties: AmqpProperties,
    body: Uint8Array,
    channel = 1
  ): void {
    const ticket = 0
    this.#writer.content(
      channel,
      { type: 'basic.publish', ticket, exchange, routingKey, mandatory, immediate: false },
      encodeProperties(properties),
      body
    )
  }

  /** To be called about four times a heartbeat. */
  tick(): void {
    if (this.isOpen) this.#writer.heartbeat()
  }

  flush(): readonly Uint8Array[] {
    return this.#writer.take()
  }
}
