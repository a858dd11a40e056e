// A client of a lone member that speaks AMQP 0-9-1, on one channel.
import { type Method, type MethodOf, nativeProperties } from '@holdfast/amqp'
import { type Properties, utf8Decode } from '@holdfast/record'
import { type AmqpSaid, AmqpWire } from '@holdfast/simulator'
import type { Input } from '../src/input.ts'

/** What a member is to its clients. */
interface Steps {
  step(inputs: readonly Input[]): void
}

/** Left out: `guest`, and the vhost that is always there. */
export interface AmqpLogin {
  readonly user?: string
  readonly vhost?: string
}

export class LoneAmqpClient {
  readonly id: number
  readonly wire: AmqpWire
  readonly #member: Steps
  readonly #said: AmqpSaid[] = []

  constructor(member: Steps, id: number, { user, vhost = '/' }: AmqpLogin) {
    this.wire = new AmqpWire(vhost, user)
    this.#member = member
    this.id = id
  }

  take(chunk: Uint8Array): void {
    this.#said.push(...this.wire.receive(chunk))
  }

  /** Hands over what was written, and what is written in answer to the answers. */
  speak(): void {
    for (;;) {
      const chunks = this.wire.flush()
      if (chunks.length === 0) return
      const bytes = new Uint8Array(Buffer.concat([...chunks]))
      this.#member.step([{ type: 'client-bytes', connection: this.id, bytes }])
    }
  }

  send(method: Method): void {
    this.wire.send(method)
    this.speak()
  }

  gone(): Input {
    return { type: 'client-down', connection: this.id }
  }

  /** What was said since the last look: `deliver 1 body`, with `again` where it is flagged. */
  heard(): string[] {
    return this.#said.splice(0).map(({ method, content }) => {
      const body = content === null ? '' : ` ${utf8Decode(content.body)}`
      return `${textOf(method)}${body}`
    })
  }

  /** Properties of the last content that was said. */
  got(): Properties | null {
    const { content = null } = this.#said.findLast((said) => said.content !== null) ?? {}
    return content === null ? null : nativeProperties(content.properties)
  }

  /** The name of the queue that was declared last. */
  named(): string {
    const { method = null } =
      this.#said.findLast((said) => said.method.type === 'queue.declare-ok') ?? {}
    return method?.type === 'queue.declare-ok' ? method.queue : ''
  }

  declare(queue: string, options: Partial<MethodOf<'queue.declare'>> = {}): void {
    const flags = { passive: false, durable: true, exclusive: false, autoDelete: false }
    const rest = { nowait: false, arguments: new Map(), ...options }
    this.send({ type: 'queue.declare', ticket: 0, queue, ...flags, ...rest })
  }

  delete(queue: string, options: Partial<MethodOf<'queue.delete'>> = {}): void {
    const flags = { ifUnused: false, ifEmpty: false, nowait: false }
    this.send({ type: 'queue.delete', ticket: 0, queue, ...flags, ...options })
  }

  consume(
    queue: string,
    prefetchCount: number,
    options: Partial<MethodOf<'basic.consume'>> = {}
  ): void {
    this.send({ type: 'basic.qos', prefetchSize: 0, prefetchCount, global: false })
    const flags = { noLocal: false, noAck: false, exclusive: false, nowait: false }
    const tag = { ticket: 0, queue, consumerTag: 'c' }
    this.send({ type: 'basic.consume', ...tag, ...flags, arguments: new Map(), ...options })
  }

  publish(queue: string, ...bodies: readonly string[]): void {
    for (const body of bodies) this.wire.publish('', queue, false, {}, Buffer.from(body))
    this.speak()
  }

  get(queue: string, noAck = false): void {
    this.send({ type: 'basic.get', ticket: 0, queue, noAck })
  }

  ack(deliveryTag: number, multiple = false): void {
    this.send({ type: 'basic.ack', deliveryTag, multiple })
  }
}

function textOf(method: Method): string {
  switch (method.type) {
    case 'basic.deliver':
    case 'basic.get-ok':
      return `${method.type} ${method.deliveryTag}${method.redelivered ? ' again' : ''}`
    case 'queue.declare-ok':
      return `${method.type} ${method.messageCount} ${method.consumerCount}`
    case 'basic.ack':
    case 'basic.nack':
      return `${method.type} ${method.deliveryTag}${method.multiple ? ' multiple' : ''}`
    default:
      return method.type
  }
}
