// A client of the simulated world that speaks AMQP 0-9-1: to any node, whatever it leads, and to
// another one when it is cut off.
import { type Content, type Method, type MethodOf, nativeProperties } from '@holdfast/amqp'
import type { Random } from '@holdfast/testkit'
import type { Disturbed } from '../faults/client-faults.ts'
import type { ClientSocket } from '../world/client-sockets.ts'
import type { World } from '../world/world.ts'
import { type AmqpSaid, AmqpWire, frameSizes } from './amqp-wire.ts'
import { heartbeatMs } from './heartbeat.ts'
import type { Told } from './labels.ts'

/** How a server ends a connection or a channel. */
export type AmqpEnd = Pick<NonNullable<AmqpWire['closed']>, 'replyCode' | 'replyText'>

const reconnectMs = 200

export abstract class AmqpClient implements Disturbed {
  abstract readonly role: 'publisher' | 'consumer'
  readonly world: World
  readonly name: string
  protected readonly random: Random
  protected wire: AmqpWire | null = null
  #socket: ClientSocket | null = null
  /** To which it is connected. */
  protected node = 0
  #heardMs = 0
  #isConnecting = false
  isStopped = false

  constructor(world: World, name: string) {
    this.world = world
    this.name = name
    this.random = world.random.split(`amqp ${name}`)
    world.clients.push(this)
    this.reconnect()
    this.#beat()
  }

  protected abstract opened(): void

  protected abstract said(said: AmqpSaid): void

  /** The connection is gone, and with it all that was known on it. */
  protected abstract lost(): void

  /** A node that is cut off, starts or ends says so; anything else is an answer to a mistake. */
  protected isExpected({ replyCode }: AmqpEnd): boolean {
    return replyCode === 320 || replyCode === 541
  }

  /** What a delivery tells; where it is flagged, and only there, how often it came. */
  protected told(
    { redelivered, exchange, routingKey }: MethodOf<'basic.deliver'> | MethodOf<'basic.get-ok'>,
    content: Content | null
  ): Told {
    const properties = content === null ? {} : nativeProperties(content.properties)
    const { headers = {} } = properties
    const { 'x-acquired-count': attempt = 0, 'x-delivery-count': deliveryCount = 0 } = headers
    const counts = { attempt: Number(attempt), deliveryCount: Number(deliveryCount) }
    if (counts.attempt > 0 !== redelivered) this.world.fail(`${this.name}: a flag without a count`)
    return { ...counts, exchange, routingKey, properties }
  }

  get isOpen(): boolean {
    return this.wire?.isOpen === true
  }

  protected send(method: Method): void {
    this.wire?.send(method)
    this.pump()
  }

  protected pump(): void {
    const chunks = this.wire?.flush() ?? []
    const socket = this.#socket
    if (socket === null || chunks.length === 0) return
    this.world.network.clients.toServer(socket, new Uint8Array(Buffer.concat([...chunks])))
  }

  reconnect(): void {
    this.#drop()
    if (this.#isConnecting || this.isStopped) return
    this.#isConnecting = true
    this.world.schedule.after(this.random.integer(1, reconnectMs), () => {
      this.#isConnecting = false
      if (!this.isStopped && this.wire === null) this.#connect()
    })
  }

  crash(): void {
    this.reconnect()
  }

  hangUp(): void {
    this.reconnect()
  }

  slowDown(_factor: number): void {}

  stop(): void {
    this.isStopped = true
    this.world.clients.splice(this.world.clients.indexOf(this), 1)
    this.#drop()
  }

  #drop(): void {
    if (this.#socket !== null) this.world.network.clients.hangUp(this.#socket)
    this.#socket = null
    const wasThere = this.wire !== null
    this.wire = null
    if (wasThere) this.lost()
  }

  #connect(): void {
    const { memberHosts, network, schedule } = this.world
    if (memberHosts.length === 0) return this.reconnect()
    const size = this.random.pick(frameSizes)
    const wire = new AmqpWire('/', 'guest', 'guest', size, heartbeatMs(this.world))
    const host = this.random.pick(memberHosts)
    const socket = network.clients.connect(
      host,
      {
        bytes: (bytes) => {
          if (this.wire === wire) this.#take(wire, bytes)
        },
        closed: () => {
          if (this.wire === wire) this.reconnect()
        }
      },
      'amqp'
    )
    if (socket === null) return this.reconnect()
    this.wire = wire
    this.node = host.process?.identity?.node ?? 0
    this.#socket = socket
    this.#heardMs = schedule.nowMs
    this.pump()
  }

  #take(wire: AmqpWire, bytes: Uint8Array): void {
    this.#heardMs = this.world.schedule.nowMs
    for (const said of wire.receive(bytes)) {
      if (this.wire !== wire) return
      if (said.method.type === 'channel.open-ok') this.opened()
      else this.said(said)
    }
    this.pump()
    if (this.wire !== wire || wire.closed === null) return
    const { replyCode, replyText } = wire.closed
    this.world.note(`${this.name} is closed: ${replyText}`)
    this.world.reached(`amqp client: closed with ${replyCode}`)
    if (!this.isExpected(wire.closed)) {
      this.world.fail(`${this.name} is closed: ${replyText}`)
    }
    this.reconnect()
  }

  #beat(): void {
    const beatMs = heartbeatMs(this.world)
    this.world.schedule.after(beatMs / 4, () => {
      if (this.isStopped) return
      // A node from which nothing is heard for so long is given up.
      const isSilent = this.world.schedule.nowMs - this.#heardMs > beatMs * 2
      if (this.wire !== null && isSilent) this.reconnect()
      this.wire?.tick()
      this.pump()
      this.#beat()
    })
  }
}
