// Publishes over AMQP that never come to their end: on all the channels that a connection may have,
// each with a body of the largest size, but for its last frame.
import { connect, type Socket } from 'node:net'
import { decodeMethod, FrameReader, FrameWriter, frameType, type Method } from '@holdfast/amqp'
import { anonymousBytes, eventually } from '@holdfast/testkit'
import t from 'tap'
import { startTarget } from './healthy-client.ts'

t.setTimeout(280_000)

const MiB = 2 ** 20
const channels = 2_047
const frameBytesMax = 131_072
const largest = new Uint8Array(16 * MiB)

/** As much of a body goes into a frame. */
const payloadMax = frameBytesMax - 8
const lastFrameBytes = (largest.length % payloadMax) + 8

/** Logs in as `guest`, and keeps what it is told. */
class AmqpAttacker {
  readonly socket: Socket
  readonly said: Method[] = []
  readonly #reader = new FrameReader(frameBytesMax)
  readonly #writer = new FrameWriter()

  constructor(address: string) {
    const [host = '', port = ''] = address.split(':')
    this.socket = connect(Number(port), host)
    this.socket.on('error', () => this.socket.destroy())
    this.socket.on('data', (bytes: Buffer) => this.#take(bytes))
    this.#writer.protocolHeader()
    this.#writer.method(0, {
      type: 'connection.start-ok',
      clientProperties: new Map(),
      mechanism: 'PLAIN',
      response: Buffer.from('\0guest\0guest'),
      locale: 'en_US'
    })
    this.#send()
  }

  has(type: Method['type']): boolean {
    return this.said.some((method) => method.type === type)
  }

  open(): void {
    const limits = { channelMax: channels, frameMax: frameBytesMax, heartbeat: 0 }
    this.#writer.method(0, { type: 'connection.tune-ok', ...limits })
    this.#writer.method(0, {
      type: 'connection.open',
      vhost: '/',
      capabilities: '',
      insist: false
    })
    this.#writer.frameBytesMax = frameBytesMax
    this.#send()
  }

  /** All of a publish but the last frame of its body. Resolves once the system has taken it. */
  begin(channel: number): Promise<void> {
    this.#writer.method(channel, { type: 'channel.open', outOfBand: '' })
    const flags = { ticket: 0, mandatory: false, immediate: false }
    const publish = { type: 'basic.publish', exchange: '', routingKey: 'none', ...flags } as const
    this.#writer.content(channel, publish, new Uint8Array(2), largest)
    const bytes = Buffer.concat([...this.#writer.take()])
    return new Promise((resolve) => {
      this.socket.write(bytes.subarray(0, bytes.length - lastFrameBytes), () => resolve())
    })
  }

  #send(): void {
    for (const chunk of this.#writer.take()) this.socket.write(chunk)
  }

  #take(bytes: Buffer): void {
    this.#reader.feed(bytes)
    while (this.#reader.next()) {
      const { type, payload } = this.#reader
      if (type === frameType.method) this.said.push(decodeMethod(payload))
    }
  }
}

t.test('bodies that never end, on all channels of a connection, end it', async (t) => {
  const target = await startTarget(t)
  const [address = ''] = target.cluster.amqpAddresses()
  const { pid } = target.node
  const before = anonymousBytes(pid) ?? 0
  let most = before
  for (let attack = 0; attack < 3; attack++) {
    const attacker = new AmqpAttacker(address)
    await eventually('an offer', () => attacker.has('connection.tune'))
    attacker.open()
    await eventually('an open connection', () => attacker.has('connection.open-ok'))
    let begun = 0
    for (let channel = 1; channel <= channels && !attacker.has('connection.close'); channel++) {
      await attacker.begin(channel)
      most = Math.max(most, anonymousBytes(pid) ?? 0)
      begun = channel
    }
    await eventually('the end', () => attacker.has('connection.close'))
    t.match(
      attacker.said.find(({ type }) => type === 'connection.close'),
      { replyCode: 506, replyText: /bodies are not complete/ }
    )
    t.ok(begun >= 4, `${begun} of the largest bodies may come at once`)
    attacker.socket.destroy()
  }
  const grown = Math.round((most - before) / MiB)
  t.ok(grown < 400, `at most ${grown} MiB more`)
  await target.judge(t)
})
