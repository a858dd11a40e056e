// Routing against the naive router: random graphs of exchanges with cycles and alternate exchanges,
// bindings that come and go, random keys and headers. Every queue at most once, and exactly those
// of the model.
import type { HeaderValue } from '@holdfast/record'
import t from 'tap'
import type { ExchangeKind, MetadataMachine } from '../src/index.ts'
import { RouteTargets } from '../src/index.ts'
import { applyAll, createMachine, createRandom, pick } from './metadata-fixture.ts'
import { type NaiveBinding, type NaiveExchange, routeNaively } from './naive-routing.ts'

const words = ['a', 'b', 'c', '', 'dd', 'ü']
const patterns = [...words, '*', '#', '#', '*']
const kinds: readonly ExchangeKind[] = ['direct', 'fanout', 'topic', 'headers']
const values: readonly HeaderValue[] = [1, '1', true, null, 0.5, new Uint8Array([1]), ['x', 1]]

type Random = () => number

function join(random: Random, from: readonly string[]): string {
  const count = Math.floor(random() * 5)
  return Array.from({ length: count }, () => pick(random, from)).join('.')
}

function drawArguments(random: Random): Record<string, HeaderValue> {
  const drawn: Record<string, HeaderValue> = {}
  if (random() < 0.7) drawn['x-match'] = pick(random, ['all', 'any', 'all-with-x', 'any-with-x'])
  const count = Math.floor(random() * 3)
  for (let index = 0; index < count; index++) {
    drawn[pick(random, ['h1', 'h2', 'h3', 'x-h'])] = pick(random, values)
  }
  return drawn
}

function drawHeaders(random: Random): Record<string, HeaderValue> | null {
  if (random() < 0.1) return null
  const drawn: Record<string, HeaderValue> = {}
  for (const name of ['h1', 'h2', 'h3', 'x-h', 'other']) {
    if (random() < 0.5) drawn[name] = pick(random, values)
  }
  return drawn
}

class World {
  readonly machine: MetadataMachine = createMachine()
  readonly exchanges: NaiveExchange[] = []
  readonly queues: string[] = []
  readonly bindings: Map<string, NaiveBinding> = new Map()
  readonly #random: Random
  readonly #out: RouteTargets = new RouteTargets()

  constructor(random: Random) {
    this.#random = random
    for (let index = 0; index < 6; index++) this.#addExchange(`x${index}`)
    for (let index = 0; index < 8; index++)
      this.#addQueue(index < 3 ? (words[index] ?? '') : `q${index}`)
  }

  #addExchange(name: string): void {
    const random = this.#random
    const kind = pick(random, kinds)
    const alternates = [null, null, '', 'x0', 'x3', 'x5', 'missing', 'amq.topic']
    const alternateExchange = pick(random, alternates)
    const options = { alternateExchange }
    applyAll(this.machine, [{ type: 'declare-exchange', vhost: '/', name, kind, options }])
    this.exchanges.push({ name, kind, alternateExchange })
  }

  #addQueue(name: string): void {
    applyAll(this.machine, [{ type: 'declare-queue', vhost: '/', name, options: {}, group: 1 }])
    this.queues.push(name)
  }

  /** Binds something, or unbinds something bound. */
  change(): void {
    const random = this.#random
    const bound = [...this.bindings]
    if (bound.length > 0 && random() < 0.4) {
      const [key, binding] = pick(random, bound)
      this.bindings.delete(key)
      this.#send('unbind', binding)
      return
    }
    const type = random() < 0.7 ? 'queue' : 'exchange'
    const name = type === 'queue' ? pick(random, this.queues) : pick(random, this.exchanges).name
    const binding: NaiveBinding = {
      source: pick(random, this.exchanges).name,
      type,
      name,
      bindingKey: join(random, patterns),
      arguments: random() < 0.5 ? drawArguments(random) : {}
    }
    this.bindings.set(JSON.stringify([binding, Object.keys(binding.arguments)]), binding)
    this.#send('bind', binding)
  }

  #send(type: 'bind' | 'unbind', binding: NaiveBinding): void {
    const { source, bindingKey } = binding
    const destination = { type: binding.type, name: binding.name }
    const fields = { vhost: '/', source, destination, bindingKey, arguments: binding.arguments }
    const [result] = applyAll(this.machine, [{ type, ...fields }])
    if (result === undefined || 'error' in result) throw new Error(JSON.stringify(result))
  }

  /** Routes one random message both ways. Null when they agree. */
  compare(): string | null {
    const random = this.#random
    const { name } = pick(random, this.exchanges)
    const routingKey = join(random, words)
    const headers = drawHeaders(random)
    const result = this.machine.topology.route('/', name, routingKey, () => headers, this.#out)
    const got = this.#out.toArray().map((queue) => queue.name)
    const topology = { ...this, bindings: [...this.bindings.values()] }
    const wanted = routeNaively(topology, name, routingKey, headers)
    const isEqual = got.toSorted().join('\n') === wanted.join('\n') && got.length === wanted.length
    if (isEqual && result === (got.length === 0 ? 'unroutable' : 'routed')) return null
    return JSON.stringify({ name, routingKey, headers, got, wanted, result })
  }
}

t.test('random graphs route as the naive router says', async (t) => {
  const seed = 20_261_120
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  let messages = 0
  for (let round = 0; round < 400; round++) {
    const world = new World(random)
    for (let step = 0; step < 15; step++) {
      for (let change = 0; change < 3; change++) world.change()
      for (let message = 0; message < 20; message++) {
        const difference = world.compare()
        messages += 1
        if (difference === null) continue
        t.fail(`round ${round}, step ${step}: ${difference}`)
        return
      }
    }
  }
  t.ok(messages >= 100_000, `${messages} messages compared`)
})
