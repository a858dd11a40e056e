// One run of a plan: a cluster is formed, clients work while faults strike, then all is well again,
// and what was promised must hold.
import { setFlagsFromString } from 'node:v8'
import type { AnyKind } from './faults/kinds.ts'
import { Storm } from './faults/storm.ts'
import { comeToRest } from './liveness.ts'
import { Marks } from './marks/marks.ts'
import type { Plan } from './plan/plan.ts'
import { runStoreStorm } from './store/store-storm.ts'
import { Workload } from './workload.ts'
import { setTripwire } from './world/tripwire.ts'
import { World } from './world/world.ts'

// What a run does is spread over thousands of functions, which take long to get hot: machine code
// from the first call on saves a tenth of its time on Node 20, a fifth on Node 24.
setFlagsFromString('--always-sparkplug')

export interface Outcome {
  readonly failures: readonly string[]
  readonly lines: readonly string[]
  readonly published: number
  readonly deliveries: number
  readonly redeliveries: number
  readonly virtualMs: number
  /** Steps of members. */
  readonly steps: number
  /** How often each kind of fault has struck. */
  readonly strikes: ReadonlyMap<AnyKind, number>
  /** How often each mark was reached. */
  readonly marks: ReadonlyMap<string, number>
  /** Of all that happened: equal runs have equal ones. */
  readonly hash: string
}

export interface RunOptions {
  /** Adds observers to the world before anything happens in it. */
  readonly observe?: (world: World) => void
  /** Keeps every line, not the last ones only. */
  readonly isTraced?: boolean
}

/** Simulated time to let a cluster that lost too much do harm, and at most so many storms. */
const beyondMs = 20_000
const beyondStorms = 20

export async function runPlan(plan: Plan, options: RunOptions = {}): Promise<Outcome> {
  const world = new World(plan.seed, plan)
  world.observers.push(new Marks(world, plan.seed))
  options.observe?.(world)
  world.isTraced = options.isTraced ?? false
  world.mayHalt = plan.isBeyondTolerance
  // The second where the leader that refused for want of disk has died since.
  const isDiskLow = plan.faults.some(({ kind }) => kind === 'disk-low')
  const refusals = isDiskLow ? ['DISK_LOW', 'UNAVAILABLE'] : []
  const workload = new Workload(world, plan.clients, refusals)
  const takeAway = setTripwire()
  try {
    await play(plan, world, workload)
  } finally {
    takeAway()
  }
  // Disks of the world are seen through the port; what is behind that has a storm of its own.
  const broken = world.failures.length === 0 ? await runStoreStorm(plan.seed) : null
  if (broken !== null) world.fail(`store: ${broken}`)
  const { failures, lines, schedule, trace, strikes } = world
  const marks = new Map([...world.marks, ...world.audit.marks])
  if (failures.length > 0) describe(world, workload)
  const { count: published, deliveries, redeliveries } = workload.history
  const counts = { published, deliveries, redeliveries, steps: trace.steps, strikes, marks }
  return { failures, lines, ...counts, virtualMs: schedule.nowMs, hash: trace.hash }
}

async function play(plan: Plan, world: World, workload: Workload): Promise<void> {
  if (!(await world.form(plan.nodes))) return
  const { operator } = workload
  workload.declare()
  if (!(await world.until(60_000, 'queues are declared', () => operator.isIdle))) return
  workload.start()
  noteClocks(plan, world)
  const storm = new Storm(world, plan.faults, plan.isBeyondTolerance)
  await world.schedule.run(plan.stormMs, () => world.failures.length > 0)
  if (world.failures.length > 0) return
  if (plan.isBeyondTolerance) {
    storm.end()
    workload.finish()
    const limitMs = Math.min(beyondMs, beyondStorms * plan.stormMs)
    await world.schedule.run(limitMs, () => world.failures.length > 0)
  } else await comeToRest(world, workload, storm, plan)
  if (world.failures.length === 0) workload.history.checkOrder()
}

function noteClocks({ clock }: Plan, world: World): void {
  for (const _host of world.hosts) {
    if (clock.skewMsMax > 1000) world.struck('clock-skew')
    if (clock.driftMax > 0) world.struck('clock-drift')
  }
}

/** What someone who looks for the reason wants to know. */
function describe(world: World, { history }: Workload): void {
  if (history.missing.length > 0) world.note(`missing: ${history.missing.slice(0, 20).join(', ')}`)
  for (const { number, process, isRemoved } of world.hosts) {
    const status = process?.member.status()
    world.note(`host ${number}: ${isRemoved ? 'removed' : ''} ${status?.notReadyReason ?? ''}`)
    for (const node of status?.nodes ?? []) world.note(`  ${JSON.stringify(node)}`)
    for (const group of status?.groups ?? []) world.note(`  ${JSON.stringify(group)}`)
  }
}
