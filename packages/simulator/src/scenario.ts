// One run of a simulated cluster under one seed: clients publish, consume and declare while the
// weather does its worst; then all is well again, and what was promised must hold.
import { Bindings, Depths, Purges, Replacements, route, Watch } from './clients/changes.ts'
import { Consumer } from './clients/consumer.ts'
import { History } from './clients/history.ts'
import { Operator } from './clients/operator.ts'
import { Publisher, type Route, type Variant } from './clients/publisher.ts'
import { Weather } from './faults/weather.ts'
import { World } from './world/world.ts'

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
  /** Of all that happened: equal runs have equal ones. */
  readonly hash: string
}

/** What ends unseen in these is counted by the broker alone. */
const autoAckQueue = 'auto'
const purgedQueue = 'purged'
const exclusiveQueue = 'alone'
const queueNames = ['q1', 'q2', 'q3', 'q4', autoAckQueue, purgedQueue, exclusiveQueue] as const

const big = { size: 'big' }
const redAndBig = { colour: 'red', ...big }

/** What these headers match, and the arguments of the bindings. */
const headerBindings = [
  { queue: 'q1', arguments: { 'x-match': 'all', ...redAndBig } },
  { queue: 'q2', arguments: { 'x-match': 'any', ...redAndBig } }
] as const

const variants: readonly Variant[] = [
  { headers: redAndBig, queues: ['q1', 'q2'] },
  { headers: big, queues: ['q2'] },
  { headers: { colour: 'blue' }, queues: [] }
]

const routes: readonly Route[] = [
  ...queueNames.map((name) => route('', name, [name])),
  route('fan', '', ['q1', 'q2', 'q4']),
  route('dir', 'a', ['q1', 'q3']),
  route('dir', 'b', ['q3']),
  { ...route('head', '', []), variants }
]

export async function runScenario(seed: number, options: ScenarioOptions): Promise<Outcome> {
  const world = new World(seed)
  const history = new History(world)
  const outcome = (): Outcome => {
    const { failures, lines, schedule, trace } = world
    const { count: published, deliveries, redeliveries } = history
    const counts = { published, deliveries, redeliveries }
    return { failures, lines, ...counts, virtualMs: schedule.nowMs, hash: trace.hash }
  }
  if (!(await world.form(options.nodes))) return outcome()
  const operator = new Operator(world, 'operator')
  declare(world, operator)
  const isDeclared = await world.until(10_000, 'queues are declared', () => operator.isIdle)
  if (!isDeclared) return outcome()

  const publishers = ['p1', 'p2', 'p3'].map((name) => {
    const chosen = world.random.shuffle(routes).slice(0, 4)
    return new Publisher(world, name, { history, routes: chosen, messages: options.messages })
  })
  const consumers = queueNames.flatMap((queue) => consumersOf(world, history, queue))
  history.lossy(autoAckQueue)
  history.lossy(purgedQueue)
  const changes = [
    new Bindings(world, history, ['q1', 'q2', 'q3', 'q4']),
    new Replacements(world, history),
    new Purges(world, history, purgedQueue),
    new Watch(world, history, exclusiveQueue)
  ]
  const weather = new Weather(world, options)
  const endMs = world.schedule.nowMs + options.stormMs
  await world.schedule.run(options.stormMs, () => world.failures.length > 0)
  while (world.schedule.nowMs < endMs && world.failures.length === 0) await world.schedule.run(100)
  weather.end()
  for (const change of changes) change.finish()
  for (const publisher of publishers) publisher.finish()
  for (const consumer of consumers) consumer.isDraining = true
  const isResolved = (): boolean =>
    publishers.every((publisher) => publisher.isDone) && changes.every(({ isDone }) => isDone)
  await world.until(40_000, 'all publishes have an outcome', isResolved)
  await world.until(40_000, 'all confirmed messages arrive', () => history.missing.length === 0)
  await world.until(20_000, 'all is settled', () =>
    consumers.every(({ heldCount }) => heldCount === 0)
  )
  const depths = new Depths(operator, queueNames)
  await world.until(20_000, 'all queues are empty', () => depths.isNothing)
  await world.until(40_000, 'all replicas are in place', () => world.isReady && world.isSettled)
  await world.schedule.run(1500)
  if (history.missing.length > 0) world.note(`missing: ${history.missing.slice(0, 20).join(', ')}`)
  if (world.failures.length > 0) describe(world)
  if (world.failures.length === 0) {
    history.checkOrder()
    checkHashes(world)
  }
  return outcome()
}

function consumersOf(world: World, history: History, queue: string): Consumer[] {
  const { random } = world
  const autoAck = queue === autoAckQueue
  const exclusive = queue === exclusiveQueue
  const count = exclusive ? 2 : random.integer(1, 2)
  return Array.from({ length: count }, (_, i) => {
    const prefetch = random.integer(1, 20)
    const isRestless = exclusive || random.chance(0.2)
    const options = { history, queue, prefetch, autoAck, exclusive, isRestless }
    return new Consumer(world, `${queue}c${i + 1}`, options)
  })
}

function declare(world: World, operator: Operator): void {
  const must = (error: { readonly code: string } | null): void => {
    if (error !== null) world.fail(`a declaration was refused: ${error.code}`)
  }
  for (const name of queueNames) operator.ask({ type: 'declare-queue', name, options: {} }, must)
  operator.ask({ type: 'declare-exchange', name: 'fan', kind: 'fanout', options: {} }, must)
  operator.ask({ type: 'declare-exchange', name: 'dir', kind: 'direct', options: {} }, must)
  operator.ask({ type: 'declare-exchange', name: 'head', kind: 'headers', options: {} }, must)
  for (const binding of headerBindings) {
    operator.ask({ type: 'bind-queue', exchange: 'head', bindingKey: '', ...binding }, must)
  }
  for (const { exchange, routingKey: bindingKey, queues } of routes) {
    if (exchange === '') continue
    for (const queue of queues) {
      operator.ask({ type: 'bind-queue', queue, exchange, bindingKey, arguments: {} }, must)
    }
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
