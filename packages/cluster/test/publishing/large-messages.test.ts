// Large messages to many shards at once, between simulated nodes whose links close where more waits
// on them than senders may have under way. All bounds are a quarter of the real ones.
import { AmqpWire, calmWorld, type Host, World } from '@holdfast/simulator'
import t from 'tap'
import { limits } from '../../src/limits.ts'

const shards = 16
const bodyBytes = 4 * 1024 * 1024

function smallWorld(seed: number): World {
  const tuning = {
    shardsAtBootstrap: shards,
    entryBytesMax: limits.entryBytesMax / 4,
    recordBytesMax: limits.recordBytesMax / 4,
    forwardBytesMax: limits.forwardBytesMax / 4,
    inflightBytesMax: limits.inflightBytesMax / 4,
    laneBytesMax: limits.laneBytesMax / 4,
    keepBytesMax: limits.keepBytesMax
  }
  return new World(seed, { ...calmWorld, tuning: { ...calmWorld.tuning, ...tuning } })
}

/** A client of one host that publishes to a fanout exchange of a queue for each shard. */
class Fanout {
  readonly #world: World
  readonly #host: Host
  readonly #connection: number
  readonly #wire = new AmqpWire('/')
  #confirmed = 0
  #declared = 0

  constructor(world: World, host: Host, connection: number) {
    this.#world = world
    this.#host = host
    this.#connection = connection
    world.observers.push({
      left: (process, output) => {
        if (process !== host.process || output.type !== 'client-send') return
        if (output.connection === connection) for (const chunk of output.chunks) this.#take(chunk)
      }
    })
  }

  #take(chunk: Uint8Array): void {
    for (const { method } of this.#wire.receive(chunk)) {
      if (method.type === 'basic.ack') this.#confirmed++
      if (method.type === 'queue.bind-ok' || method.type === 'confirm.select-ok') this.#declared++
    }
    this.#speak()
  }

  #speak(): void {
    const bytes = Buffer.concat(this.#wire.flush())
    if (bytes.length === 0) return
    this.#host.process?.input({ type: 'client-bytes', connection: this.#connection, bytes })
  }

  async open(): Promise<boolean> {
    const up = { type: 'client-up', connection: this.#connection, protocol: 'amqp' } as const
    this.#host.process?.input({ ...up, remote: '127.0.0.1:4', certificateName: null })
    this.#speak()
    const isOpen = await this.#world.until(10_000, 'it is open', () => this.#wire.isOpen)
    const [ticket, nowait, passive, durable, autoDelete] = [0, false, false, true, false]
    const ways = { ticket, nowait, passive, durable, autoDelete, arguments: new Map() }
    const exchange = { type: 'exchange.declare', exchange: 'fan', kind: 'fanout' } as const
    this.#wire.send({ ...exchange, ...ways, internal: false })
    for (let number = 0; number < shards; number++) {
      const queue = `q${number}`
      this.#wire.send({ type: 'queue.declare', ...ways, queue, exclusive: false })
      this.#wire.send({ type: 'queue.bind', ...ways, queue, exchange: 'fan', routingKey: '' })
    }
    this.#wire.send({ type: 'confirm.select', nowait })
    this.#speak()
    const isDeclared = (): boolean => this.#declared === shards + 1
    return isOpen && (await this.#world.until(60_000, 'queues are declared', isDeclared))
  }

  async publish(): Promise<boolean> {
    const wanted = this.#confirmed + 1
    this.#wire.publish('fan', '', false, {}, new Uint8Array(bodyBytes))
    this.#speak()
    return this.#world.until(20_000, 'a confirm', () => this.#confirmed >= wanted)
  }
}

/** How far each shard has come at a host. */
function positions({ process }: Host): number[] {
  const groups = process?.member.status().groups ?? []
  return groups.filter(({ kind }) => kind === 'shard').map(({ appliedIndex }) => appliedIndex)
}

t.test('a large message goes to all shards, and one who missed some catches up', async (t) => {
  const world = smallWorld(1)
  t.ok(await world.form(3))
  await world.schedule.run(10_000)
  const [first, second, third] = world.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('3 hosts')
  let broken = 0
  world.observers.push({
    stepped: (_process, inputs) => {
      for (const { type } of inputs) if (type === 'peer-down') broken++
    }
  })
  const before = new Fanout(world, first, 777_001)
  t.ok(await before.open())
  t.ok(await before.publish())
  t.equal(broken, 0)
  third.crash()
  await world.schedule.run(5_000)
  broken = 0
  const meanwhile = new Fanout(world, first, 777_002)
  t.ok(await meanwhile.open())
  for (let round = 0; round < 2; round++) t.ok(await meanwhile.publish())
  third.start()
  const isBack = (): boolean => positions(third).join() === positions(first).join()
  t.ok(await world.until(30_000, 'it has caught up', isBack))
  t.equal(broken, 0)
  t.same(world.failures, [])
})
