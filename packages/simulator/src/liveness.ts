// The second phase of a run: faults have ended, and what is alive is a majority of every group.
// Then everything must come to its end within a bounded time: leaders, outcomes, empty queues,
// replicas that agree (the liveness mode of TigerBeetle's VOPR).
import type { NodeStatus, OperationStatus } from '@holdfast/cluster'
import { unevenness } from './checkers/spread.ts'
import { clocksApartMsMax, Latecomer } from './clients/latecomer.ts'
import { Publisher } from './clients/publisher.ts'
import { Stranded } from './clients/stranded.ts'
import { boundQueues, route } from './clients/ways.ts'
import type { Storm } from './faults/storm.ts'
import type { Plan } from './plan/plan.ts'
import type { Workload } from './workload.ts'
import type { Host } from './world/host.ts'
import type { World } from './world/world.ts'

/** Simulated time that each of the steps may take. */
const stepMs = 60_000
/** Of a run in which nobody says anything for so long by the clocks of the hosts. */
const dayChance = 0.5
/** Of one of the others, in which one goes on while some time goes by. */
const lateChance = 0.4
/** Of the rest, in which that happens to one whose node is cut off. */
const strandedChance = 0.5
const dayMs = 25 * 3_600_000
/** Of a run that waits until leaders are spread, which takes as long as many a storm. */
const spreadChance = 0.1
/** Nothing is wrong any more when the last messages are sent. */
const oneMoreMs = 20_000
/** How long all copies may take to be whole, at most as long as the storm, or nobody dies. */
const wholeMsMax = 6000
/** Of something that has to be refused. */
const vainChance = 0.3
/** After this the dead are missed; where they are not, nothing is asked. */
const missedMs = 4000
/** Less than publishes may leave on a disk, and more than a process needs to go on. */
const lowBytes = 300 * 2 ** 20
/** What was sent before this is not under way any more. */
const quietMs = 1500

/** Sees a run to its end; what does not come to it is a failure of the world. */
export async function comeToRest(
  world: World,
  workload: Workload,
  storm: Storm,
  plan: Plan
): Promise<void> {
  storm.end()
  const dead = await killSome(world, storm, plan)
  workload.finish()
  const { history } = workload
  await world.until(stepMs, 'all publishes have an outcome', () => workload.isResolved)
  await world.until(stepMs, 'all confirmed messages arrive', () => history.missing.length === 0)
  await world.until(stepMs, 'all is settled', () => workload.isSettled)
  await world.until(stepMs, 'dead letters have arrived', () => !areLettersWaiting(world))
  const random = world.random.split('day')
  if (random.chance(dayChance)) passDay(world)
  else if (random.chance(lateChance)) beLate(world, workload)
  else if (random.chance(strandedChance)) strandOne(world, workload, dead)
  workload.oneMore()
  await world.until(oneMoreMs, 'who has credit gets what is ready', () => {
    return workload.isResolved && history.missing.length === 0 && workload.isSettled
  })
  const depths = workload.depths()
  await world.until(stepMs, 'all queues are empty', () => depths.isNothing)
  await leaveNothing(world)
  // What is awaited after a failure is not waited for, and would seem to be wrong as well.
  if (world.failures.length > 0) return
  if (random.chance(vainChance)) await refuseRemoval(world, dead)
  if (random.chance(vainChance)) await refusePublish(world, workload)
  for (const host of dead) {
    host.isHeldDown = false
    host.start()
  }
  await world.until(stepMs, 'all replicas are in place', () => world.isReady && world.isSettled)
  const operations = new Operations(world)
  await world.until(stepMs, 'all operations have ended', () => operations.haveEnded)
  await world.until(stepMs, 'replicas agree', () => areEqual(world))
  const spread = () => `leaders are spread: ${unspread(world)}`
  if (world.random.split('spread').chance(spreadChance)) {
    await world.until(stepMs, spread, () => unspread(world) === null)
  }
  const rest = () => `all are at rest: ${world.unrest}`
  await world.until(stepMs, rest, () => world.unrest === null)
  // Behind them no connection ends, which would have its node look for what others have left.
  workload.passBy(world.memberHosts.length + 2)
  await keepQuiet(world)
  await leaveNothing(world)
}

/** As any member knows who leads. Null: leaders are spread. */
function unspread({ memberHosts: [host] }: World): string | null {
  const { nodes = [], groups = [] } = host?.process?.member.status() ?? {}
  const up = nodes.filter(({ state }) => state === 'up').map(({ id }) => id)
  const shards = groups.flatMap(({ kind, leader, voters }) => {
    return kind === 'metadata' || leader === null ? [] : [{ leader, voters }]
  })
  return unevenness(up, shards)
}

/** Exclusive queues go with their connections. */
async function leaveNothing(world: World): Promise<void> {
  const { metadata } = world.audit
  await world.until(stepMs, 'no queue is left of connections that have ended', () => {
    return metadata.ownedQueues.length === 0
  })
}

/**
 * What one queue has of a letter and another refuses is sent to both until it fits. That time goes
 * by between two such repeats, more than a producer is remembered, happens to no real cluster.
 */
function areLettersWaiting({ runningHosts }: World): boolean {
  return runningHosts.some(({ process }) => {
    return (process?.member.counters().waitingDeadLetters ?? 0) > 0
  })
}

/**
 * More than anything is remembered of those who say nothing: a shard meets gateways anew in the
 * middle of their streams. Who has sent something and had no answer for so long has lived through
 * it.
 */
function passDay(world: World): void {
  world.note('a day goes by')
  for (const { clock, process } of world.hosts) {
    const { open = {} } = process?.member.memory() ?? {}
    if ((open['bytes of publishes without an outcome'] ?? 0) > 0) clock.leap(dayMs)
    else clock.jump(dayMs)
  }
}

/** Where faults have put clocks further apart, a silence may seem longer than it is. */
function beLate(world: World, workload: Workload): void {
  const { nowMs } = world.schedule
  const walls = world.memberHosts.map(({ clock }) => clock.wallMs(nowMs))
  if (Math.max(...walls) - Math.min(...walls) > clocksApartMsMax) return
  workload.add(new Latecomer(world, workload.history))
}

/**
 * In calm weather leaders stay, whoever leads. Who was removed from its group just now may not know
 * of that, and campaigns until it has left.
 */
async function keepQuiet(world: World): Promise<void> {
  const { counts } = world.audit
  const before = counts.get('PreVote') ?? 0
  await world.schedule.run(quietMs)
  const campaigns = (counts.get('PreVote') ?? 0) - before
  if (campaigns > 0 && world.unrest === null) world.fail(`${campaigns} campaigns in calm weather`)
}

/** Kills as many as may be missing for ever, where all copies are known to be whole. */
async function killSome(world: World, storm: Storm, { stormMs, deadMax }: Plan): Promise<Host[]> {
  // Of two none may be missing; and who works on while copies catch up costs as much as a storm.
  if (deadMax === 0 || world.memberHosts.length < 3) return []
  const endMs = world.schedule.nowMs + Math.min(wholeMsMax, stormMs)
  while (!storm.atlas.isWhole && world.schedule.nowMs < endMs) await world.schedule.run(100)
  if (!storm.atlas.isWhole) return []
  const dead: Host[] = []
  const deadNodes = new Set<number>()
  for (const host of world.random.split('dead').shuffle(world.memberHosts)) {
    const node = host.process?.identity?.node
    if (node === undefined || dead.length >= deadMax) continue
    deadNodes.add(node)
    if (canMiss(world, deadNodes)) dead.push(host)
    else deadNodes.delete(node)
  }
  for (const host of dead) {
    world.note(`host ${host.number} stays dead`)
    host.isHeldDown = true
    host.crash()
  }
  return dead
}

/** Whether every group has a majority without these nodes. */
function canMiss({ memberHosts }: World, nodes: ReadonlySet<number>): boolean {
  // Who was removed from a group just now may not know of that: as anybody sees it, it has enough.
  const groups = memberHosts.flatMap(({ process }) => process?.member.status().groups ?? [])
  return groups.every(({ voters }) => {
    const left = voters.filter((voter) => !nodes.has(voter))
    return left.length > voters.length / 2
  })
}

/**
 * A publisher's node is cut off for long, where all can do without that node; and are not about to
 * need it, as those are that make it a voter.
 */
function strandOne(world: World, workload: Workload, dead: readonly Host[]): void {
  const host = world.random.split('stranded').pickAny(world.memberHosts)
  const node = host?.process?.identity?.node
  if (host === undefined || node === undefined || dead.length > 0 || !world.isSettled) return
  if (canMiss(world, new Set([node]))) workload.add(new Stranded(world, workload.history, host))
}

/** Where no disk has room, what a client publishes is refused, and says so. */
async function refusePublish(world: World, workload: Workload): Promise<void> {
  for (const host of world.memberHosts) host.setFreeBytes(lowBytes)
  const { history } = workload
  const publisher = new Publisher(world, 'vain', { history, routes: [], messages: 0 })
  workload.add(publisher)
  for (const queue of boundQueues) {
    publisher.publish({ ...route('', queue, []), refusal: 'DISK_LOW' }, 1)
  }
  await world.until(stepMs, 'a publish is refused', () => workload.isResolved)
  for (const host of world.hosts) host.mend()
}

/**
 * Where so many are dead that one less would leave no majority of those who stay, nobody who lives
 * may be removed. Groups have other voters than all nodes where there are more than five of these.
 */
async function refuseRemoval(world: World, dead: readonly Host[]): Promise<void> {
  const alive = world.memberHosts
  const [via, leaving] = alive
  const node = leaving?.process?.identity?.node
  const states = alive.map(({ process }) => process?.member.status().nodes ?? [])
  const count = alive.length + dead.length
  const isSteady = states.every((nodes) => {
    return nodes.length === count && nodes.every(({ state }) => state !== 'leaving')
  })
  const isEnough = (alive.length - 1) * 2 > count - 1
  if (!isSteady || isEnough || count > 6 || node === undefined) return
  const areMissed = (): boolean => {
    const nodes = alive.map(({ process }) => process?.member.status().nodes ?? [])
    return nodes.every((seen) => seen.filter(isDown).length === dead.length)
  }
  const endMs = world.schedule.nowMs + missedMs
  while (!areMissed() && world.schedule.nowMs < endMs) await world.schedule.run(100)
  if (!areMissed()) return
  let isAnswered = false
  via?.process?.admin({ type: 'remove-node', node }, (result) => {
    isAnswered = true
    if ('error' in result) world.note(`a removal was refused: ${result.error.code}`)
    else world.fail(`node ${node} may leave, and with it a majority`)
  })
  await world.until(stepMs, 'a removal is answered', () => isAnswered)
}

function isDown({ state }: NodeStatus): boolean {
  return state === 'down'
}

/** What operators have asked for, as the cluster remembers it. */
class Operations {
  readonly #world: World
  #isAsking = false
  #last: readonly OperationStatus[] | null = null

  constructor(world: World) {
    this.#world = world
  }

  get haveEnded(): boolean {
    if (this.#last?.every(({ state }) => state !== 'running')) return true
    if (!this.#isAsking) this.#ask()
    return false
  }

  #ask(): void {
    const [host] = this.#world.memberHosts
    this.#isAsking = true
    host?.process?.admin({ type: 'list-operations' }, (result) => {
      this.#isAsking = false
      if ('type' in result && result.type === 'operations') this.#last = result.operations
    })
  }
}

/** Whether all replicas of each group have applied the same, as much, and become the same. */
function areEqual(world: World): boolean {
  const seen = new Map<number, { readonly applied: number; readonly hash: string }>()
  for (const { process } of world.runningHosts) {
    for (const { group, replica, applied, hash } of process?.member.machineHashes() ?? []) {
      const known = seen.get(group)
      if (known !== undefined && known.applied !== applied) return false
      if (known !== undefined && known.hash !== hash) {
        world.fail(`replica ${replica} of group ${group} at ${applied} differs`)
        return false
      }
      seen.set(group, { applied, hash })
    }
  }
  return true
}
