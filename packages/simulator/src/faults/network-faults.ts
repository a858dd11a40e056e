// Faults of the network: what lies between hosts is cut, slow, narrow, or stands still.
import type { Host } from '../world/host.ts'
import { clientsPlace } from '../world/paths.ts'
import type { World } from '../world/world.ts'
import type { FaultKind } from './kinds.ts'
import { type Strike, spread, type Target } from './target.ts'

type Side = (host: Host) => number

type NetworkFault =
  | Extract<FaultKind, `partition-${string}` | `path-${string}`>
  | 'link-reset'
  | 'raft-clog'
  | 'client-reset'
  | 'client-cut'

const cutMsMin = 200
const cutMsMax = 8000
/** How long links come and go, and from one time to the next. */
const flickerMsMin = 300
const flickerMsMax = 3000
const flickerGapMs = [40, 300] as const
/** What a leader has granted has run out. */
const leaseMs = 2300
/** So long another leads that whoever hears it has asked it for a lease. */
const momentMs = 400
/** Its lease has run out, and what waited for that is answered. */
const leaselessMs = 3000

/** Cuts whatever leads from one side to another; side -1 reaches all. Returns what mends it. */
export function part(world: World, sideOf: Side, isOneWay = false): () => void {
  const undo: (() => void)[] = []
  for (const from of world.hosts) {
    for (const to of world.hosts) {
      const [fromSide, toSide] = [sideOf(from), sideOf(to)]
      if (fromSide === toSide || fromSide < 0 || toSide < 0) continue
      if (isOneWay && fromSide > toSide) continue
      undo.push(world.network.cut(from.number, to.number))
    }
  }
  return () => {
    for (const mend of undo) mend()
    world.network.release()
  }
}

interface PartOptions {
  readonly isOneWay?: boolean
  readonly msMin?: number
}

function partFor(target: Target, sideOf: Side, options: PartOptions = {}): boolean {
  const { world, duration } = target
  const { isOneWay = false, msMin = cutMsMin } = options
  if (world.hosts.length < 2) return false
  const mend = part(world, sideOf, isOneWay)
  world.schedule.after(spread(duration, msMin, cutMsMax), mend)
  return true
}

function between(host: Host, other: Host): Side {
  return (each) => (each === host ? 0 : each === other ? 1 : -1)
}

/** As it says itself; of two that do, one is right. */
function metadataLeader(world: World): Host | undefined {
  return world.hosts.find(({ process }) => {
    const groups = process?.member.status().groups ?? []
    const leader = groups.find(({ kind }) => kind === 'metadata')?.leader
    return leader != null && leader === process?.identity?.node
  })
}

function lead(host: Host, by: Host): void {
  const to = by.process?.identity?.node
  const done = (): void => undefined
  if (to !== undefined) host.process?.admin({ type: 'transfer', group: 0, to }, done)
}

/**
 * Another leads for a moment and gives leases: the first, when it leads again, may take what it
 * knew of a host that it does not hear for all there is to know.
 */
function leadByTurns({ world, random, host, isOver }: Target, leader: Host): void {
  const others = world.memberHosts.filter((each) => each !== leader && each !== host)
  const next = random.pickAny(others)
  if (next === undefined || isOver() || metadataLeader(world) !== leader) return
  lead(leader, next)
  world.schedule.after(momentMs, () => {
    if (!isOver() && metadataLeader(world) === next) lead(next, leader)
  })
}

function halves({ world, random }: Target): Side {
  const order = random.shuffle(world.hosts)
  return (host) => (order.indexOf(host) < order.length / 2 ? 0 : 1)
}

/** Cut off and back, each for a while, until the time is over. */
function flap({ world, host, duration, amount, isOver }: Target): boolean {
  const endMs = world.schedule.nowMs + spread(duration, 1000, cutMsMax)
  const periodMs = spread(amount, 100, 900)
  const flip = (): void => {
    if (world.schedule.nowMs >= endMs || isOver()) return
    const mend = part(world, (candidate) => (candidate === host ? 0 : 1))
    world.schedule.after(periodMs, () => {
      mend()
      world.schedule.after(periodMs, flip)
    })
  }
  flip()
  return true
}

/**
 * Links that lead away from a host break again and again, and are back in a moment: of the answers
 * that are on their way the one is lost, and the next is not.
 */
function flicker({ world, host, random, duration, isOver }: Target): void {
  const endMs = world.schedule.nowMs + spread(duration * 2, flickerMsMin, flickerMsMax)
  const breakAgain = (): void => {
    if (world.schedule.nowMs >= endMs || isOver()) return
    world.network.links.breakSome((from) => from === host && random.chance(0.5))
    world.schedule.after(random.integer(...flickerGapMs), breakAgain)
  }
  breakAgain()
}

const slow: Strike = ({ world, host, other, duration, amount }) => {
  const path = world.network.paths.path(host.number, other.number)
  path.slowMs = spread(amount, 10, 200)
  world.schedule.after(spread(duration, 500, 10_000), () => {
    path.slowMs = 0
  })
  return true
}

const narrow: Strike = ({ world, host, duration, amount }) => {
  const paths = world.hosts
    .filter((other) => other !== host)
    .map((other) => world.network.paths.path(host.number, other.number))
  for (const path of paths) path.bytesPerMs = spread(amount, 20, 200)
  world.schedule.after(spread(duration, 500, 10_000), () => {
    for (const path of paths) path.bytesPerMs = 0
  })
  return true
}

export const networkFaults: Readonly<Record<NetworkFault, Strike>> = {
  'link-reset': (target) => {
    const { world, random, amount, duration } = target
    world.network.links.breakSome(() => random.chance(amount))
    if (duration < 0.5) flicker(target)
    return true
  },
  'path-slow': slow,
  'path-clog': ({ world, host, other, duration }) => {
    const path = world.network.paths.path(host.number, other.number)
    path.clogUntilMs = world.schedule.nowMs + spread(duration, 100, 5000)
    return true
  },
  'path-narrow': narrow,
  'raft-clog': ({ world, host, duration }) => {
    const { paths } = world.network
    const untilMs = world.schedule.nowMs + spread(duration, 50, 2000)
    for (const from of world.hosts) {
      if (from !== host) paths.path(from.number, host.number).raftClogUntilMs = untilMs
    }
    return true
  },
  'partition-half': (target) => partFor(target, halves(target)),
  'partition-uniform': (target) => {
    const sides = new Map(target.world.hosts.map((host) => [host, target.random.integer(0, 1)]))
    return partFor(target, (host) => sides.get(host) ?? 0)
  },
  'partition-isolate': (target) => partFor(target, (host) => (host === target.host ? 0 : 1)),
  'partition-pair': (target) => {
    const { host, other } = target
    return partFor(target, between(host, other))
  },
  'partition-leader': (target) => {
    const leader = metadataLeader(target.world)
    const host = target.host === leader ? target.other : target.host
    if (leader === undefined || host === leader) return false
    const isBetweenTurns = target.amount < 0.5
    const restMs = isBetweenTurns ? leaselessMs : 0
    if (isBetweenTurns) {
      target.world.schedule.after(leaseMs, () => leadByTurns({ ...target, host }, leader))
    }
    return partFor(target, between(host, leader), { msMin: leaselessMs + restMs })
  },
  'partition-one-way': (target) => {
    const isDeaf = target.amount < 0.5
    return partFor(target, (host) => ((host === target.host) === isDeaf ? 1 : 0), {
      isOneWay: true
    })
  },
  'partition-bridge': (target) => {
    const sideOf = halves(target)
    return partFor(target, (host) => (host === target.host ? -1 : sideOf(host)))
  },
  'partition-flapping': flap,
  'client-reset': ({ world, host }) => {
    world.network.clients.resetAll(host)
    return true
  },
  'client-cut': ({ world, host, duration, amount }) => {
    const undo = [world.network.cut(clientsPlace, host.number)]
    // Half of the time only what clients send is lost.
    if (amount < 0.5) undo.push(world.network.cut(host.number, clientsPlace))
    world.schedule.after(spread(duration, cutMsMin, cutMsMax), () => {
      for (const mend of undo) mend()
      world.network.release()
    })
    return true
  }
}
