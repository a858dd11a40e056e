// One run of a simulated cluster under one seed: clients publish, consume and declare while the
// weather does its worst; then all is well again, and what was promised must hold.
import { Consumer } from './consumer.ts'
import { History } from './history.ts'
import { Operator } from './operator.ts'
import { Publisher, type Route } from './publisher.ts'
import { Weather } from './weather.ts'
import { World } from './world.ts'

export interface ScenarioOptions {
  readonly nodes: number
  readonly stormMs: number
  readonly messages: number
  readonly membership: boolean
}

export interface Outcome {
  readonly failures: readonly string[]
  readonly lines: readonly string[]
  readonly published: number
  readonly deliveries: number
  readonly redeliveries: number
  readonly virtualMs: number
}

const queueNames = ['q1', 'q2', 'q3', 'q4'] as const

const routes: readonly Route[] = [
  ...queueNames.map((name) => route('', name, [name])),
  route('fan', '', ['q1', 'q2', 'q4']),
  route('dir', 'a', ['q1', 'q3']),
  route('dir', 'b', ['q3'])
]

function route(exchange: string, routingKey: string, queues: readonly string[]): Route {
  return { exchange, routingKey, queues, mandatory: true }
}

export function runScenario(seed: number, options: ScenarioOptions): Outcome {
  const world = new World(seed)
  const history = new History(world)
  const outcome = (): Outcome => {
    const { failures, lines, schedule } = world
    const { count: published, deliveries, redeliveries } = history
    return { failures, lines, published, deliveries, redeliveries, virtualMs: schedule.nowMs }
  }
  if (!world.form(options.nodes)) return outcome()
  const operator = new Operator(world, 'operator')
  declare(world, operator)
  if (!world.until(10_000, 'queues are declared', () => operator.isIdle)) return outcome()

  const publishers = ['p1', 'p2', 'p3'].map((name) => {
    const chosen = world.random.shuffle(routes).slice(0, 4)
    return new Publisher(world, name, { history, routes: chosen, messages: options.messages })
  })
  const consumers: Consumer[] = []
  for (const queue of queueNames) {
    for (let i = 1; i <= world.random.integer(1, 2); i += 1) {
      const prefetch = world.random.integer(1, 20)
      consumers.push(new Consumer(world, `${queue}c${i}`, { history, queue, prefetch }))
    }
  }
  const bindings = new Bindings(world, history)
  const weather = new Weather(world, options)
  const endMs = world.schedule.nowMs + options.stormMs
  world.schedule.run(options.stormMs, () => world.failures.length > 0)
  while (world.schedule.nowMs < endMs && world.failures.length === 0) world.schedule.run(100)
  weather.end()
  bindings.finish()
  for (const publisher of publishers) publisher.finish()
  for (const consumer of consumers) consumer.isDraining = true
  const isResolved = (): boolean =>
    publishers.every((publisher) => publisher.isDone) && bindings.isDone
  world.until(40_000, 'all publishes have an outcome', isResolved)
  world.until(40_000, 'all confirmed messages arrive', () => history.missing.length === 0)
  world.until(20_000, 'all is settled', () => consumers.every(({ heldCount }) => heldCount === 0))
  world.until(40_000, 'all replicas are in place', () => world.isReady && world.isSettled)
  world.schedule.run(1500)
  if (history.missing.length > 0) world.note(`missing: ${history.missing.slice(0, 20).join(', ')}`)
  if (world.failures.length > 0) describe(world)
  if (world.failures.length === 0) {
    history.checkOrder()
    checkHashes(world)
  }
  return outcome()
}

function declare(world: World, operator: Operator): void {
  const must = (error: { readonly code: string } | null): void => {
    if (error !== null) world.fail(`a declaration was refused: ${error.code}`)
  }
  for (const name of queueNames) operator.ask({ type: 'declare-queue', name, options: {} }, must)
  operator.ask({ type: 'declare-exchange', name: 'fan', kind: 'fanout', options: {} }, must)
  operator.ask({ type: 'declare-exchange', name: 'dir', kind: 'direct', options: {} }, must)
  for (const { exchange, routingKey: bindingKey, queues } of routes) {
    if (exchange === '') continue
    for (const queue of queues) {
      operator.ask({ type: 'bind-queue', queue, exchange, bindingKey, arguments: {} }, must)
    }
  }
}

/** Binds through one node; once that is confirmed, any other must route by it at once. */
class Bindings {
  readonly #world: World
  readonly #history: History
  readonly #operator: Operator
  readonly #publishers: Publisher[] = []
  #count = 0
  #isOver = false

  constructor(world: World, history: History) {
    this.#world = world
    this.#history = history
    this.#operator = new Operator(world, 'binder')
    this.#next()
  }

  get isDone(): boolean {
    return this.#operator.isIdle && this.#publishers.every(({ isDone }) => isDone)
  }

  finish(): void {
    this.#isOver = true
  }

  #next(): void {
    if (this.#isOver) return
    this.#count += 1
    const bindingKey = `key-${this.#count}`
    const queue = this.#world.random.pick(queueNames)
    const request = {
      type: 'bind-queue',
      queue,
      exchange: 'dir',
      bindingKey,
      arguments: {}
    } as const
    this.#operator.ask(request, (error) => {
      if (error !== null) return this.#world.fail(`a binding was refused: ${error.code}`)
      const publisher = new Publisher(this.#world, `b${this.#count}`, {
        history: this.#history,
        routes: [route('dir', bindingKey, [queue])],
        messages: 2
      })
      this.#publishers.push(publisher)
      this.#world.schedule.after(this.#world.random.integer(200, 1500), () => this.#next())
    })
  }
}

/** Replicas that have applied the same entries are the same. */
function checkHashes(world: World): void {
  const seen = new Map<string, string>()
  for (const { process } of world.runningHosts) {
    for (const { group, replica, applied, hash } of process?.member.machineHashes() ?? []) {
      const key = `${group} at ${applied}`
      const known = seen.get(key)
      if (known !== undefined && known !== hash) world.fail(`replica ${replica} of ${key} differs`)
      seen.set(key, hash)
    }
  }
}

function describe(world: World): void {
  for (const { number, process, isRemoved } of world.hosts) {
    const status = process?.member.status()
    world.note(`host ${number}: ${isRemoved ? 'removed' : ''} ${status?.notReadyReason ?? ''}`)
    for (const node of status?.nodes ?? []) world.note(`  ${JSON.stringify(node)}`)
    for (const group of status?.groups ?? []) world.note(`  ${JSON.stringify(group)}`)
  }
}
