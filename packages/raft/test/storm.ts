// A whole group under one seed: loss, repetition, reordering, partitions, crashes that lose what
// was not durable, transfers, changes of membership, snapshots. Safety is checked after each step;
// then the weather clears, and the group must come to agree (liveness).
import { assert } from '@holdfast/errors'
import { Random } from '@holdfast/testkit'
import { members, type ReplicaId } from '../src/index.ts'
import { heal } from './healing.ts'
import { SimulatedCluster, type Watcher } from './simulated-cluster.ts'
import { calm } from './simulated-network.ts'
import { isPaused, type Replica } from './simulated-replica.ts'

const replicaIds: readonly ReplicaId[] = [1, 2, 3, 4, 5]
const stepsMax = 400
/** Ticks that a replica waits, once its leader does not name it any more. */
const leaveTicks = 16

export interface Tally {
  commits: number
  terms: number
  reads: number
  installs: number
  changes: number
}

class Storm {
  readonly cluster: SimulatedCluster
  readonly random: Random
  readonly #chances: readonly (readonly [number, () => void])[]
  changes = 0
  #serial = 0
  #stranded: ReplicaId | null = null

  constructor(seed: number, watcher?: Watcher) {
    this.random = new Random(seed * 7919 + 1)
    const { random } = this
    // In some, orders to campaign get lost, and leaders that give transfers up take naps, too.
    const isDrowsy = random.split('naps').chance(0.3)
    const loss = random.chance(0.5) ? random.fraction() * 0.3 : 0
    this.cluster = new SimulatedCluster(
      seed,
      {
        loss,
        orderLoss: isDrowsy ? 0.9 : loss,
        duplicate: random.chance(0.5) ? random.fraction() * 0.3 : 0,
        delayTicksMax: random.chance(0.6) ? random.below(16) : 0,
        replay: random.chance(0.3) ? random.fraction() * 0.2 : 0,
        gather: random.chance(0.5) ? random.fraction() : 0,
        disk: 0.3 + random.fraction() * 0.7,
        // So slow in some seeds that the log may have come on its own meanwhile.
        fetch: random.chance(0.3) ? 0.03 : 0.3,
        install: random.chance(0.3) ? 0.04 : 1
      },
      watcher
    )
    // In some seeds leaders stay and members change all the time, so that they come back, too.
    const isRestless = random.chance(0.2)
    const unrest = isRestless ? 0.05 : 1
    const upTo = (most: number): number => (random.chance(0.7) ? random.fraction() * most : 0)
    this.#chances = [
      // Where little is proposed, whoever was cut off may win an election when it is back.
      [random.chance(0.2) ? 0.04 : 0.5 + upTo(0.5), () => this.propose()],
      [unrest * upTo(random.chance(0.3) ? 0.3 : 0.05), () => this.#crash()],
      [0.1 + upTo(0.3), () => this.#restart()],
      [upTo(0.3), () => this.#transfer()],
      [isRestless ? 0.04 : upTo(0.1), () => this.#change()],
      [upTo(0.15), () => this.#snapshot()],
      [upTo(0.3), () => this.#forget()],
      [upTo(0.3), () => this.#read()],
      [unrest * upTo(0.1), () => this.#partition()],
      [unrest * upTo(random.chance(0.3) ? 0.15 : 0.02), () => this.#strand()],
      [random.chance(0.15) ? 0.6 : 0, () => this.#dethrone()],
      [0.02 + upTo(0.1), () => this.#unblock()],
      [unrest * upTo(0.02), () => this.#leaderGone()],
      [upTo(0.05), () => this.#linkLost()],
      [unrest * upTo(0.01), () => this.#anyone((replica) => replica.raft.campaign())],
      [upTo(0.1), () => this.#anyone((replica) => replica.raft.hasten())],
      [unrest * upTo(0.05), () => this.#pause()],
      [isDrowsy ? 0.1 : 0, () => this.#nap()]
    ]
  }

  birth(): void {
    const { cluster } = this
    const { weather } = cluster
    cluster.weather = calm
    cluster.add(1, true)
    for (const id of replicaIds.slice(1)) cluster.add(id, false)
    cluster.settle()
    const voters = replicaIds.slice(0, 1 + this.random.below(5))
    const first = cluster.leader
    assert(first !== undefined, 'a group of one leads itself')
    cluster.run(first, () => first.raft.proposeConfiguration({ voters, learners: [] }))
    for (let round = 0; round < 10; round++) this.#round()
    assert(first.raft.committedConfiguration.voters.length === voters.length, 'the group has grown')
    cluster.weather = weather
  }

  #round(): void {
    this.cluster.tick()
    this.cluster.settle()
  }

  run(): void {
    for (let step = 0; step < stepsMax; step++) {
      for (const [chance, action] of this.#chances) if (this.random.chance(chance)) action()
      if (this.random.chance(0.5)) this.cluster.tick()
      this.#leave()
      this.cluster.settle()
    }
  }

  #anyone(action: (replica: Replica) => void): void {
    const replica = this.random.pickAny(this.cluster.awake)
    if (replica !== undefined) this.cluster.run(replica, () => action(replica))
  }

  #leader(action: (replica: Replica) => void): void {
    const leaders = this.cluster.awake.filter(({ raft }) => raft.isLeader)
    const replica = this.random.pickAny(leaders)
    if (replica !== undefined) this.cluster.run(replica, () => action(replica))
  }

  propose(): void {
    this.#leader((replica) => {
      for (let count = this.random.below(4); count >= 0; count--) this.#proposeTo(replica)
    })
  }

  #proposeTo({ raft }: Replica): void {
    const data = new Uint8Array(this.random.below(40)).fill(this.#serial++ % 251)
    const id = raft.propose(data)
    assert(id === null || id.index === raft.lastId.index, 'a proposal is the last entry')
  }

  /** Half of the time it hits a leader, and often for so long that there will be another. */
  #pause(): void {
    const { awake } = this.cluster
    const leaders = awake.filter(({ raft }) => raft.isLeader)
    const replica = this.random.pickAny(this.random.chance(0.5) ? leaders : awake)
    if (replica !== undefined) this.cluster.pause(replica, 1 + this.random.below(60))
  }

  /** So short that the leader stays; in the end it has stood still for long, in one term. */
  #nap(): void {
    this.#leader((leader) => this.cluster.pause(leader, 1 + this.random.below(4)))
  }

  /**
   * Who has been no member for long gives up its log, and may be taken in again. As with real
   * nodes, the leader has led all that time: no vote of its term can be asked for any more.
   */
  #leave(): void {
    const { cluster } = this
    const { leader, tickCount } = cluster
    if (leader === undefined) return
    const { configuration, committedConfiguration } = leader.raft
    for (const replica of cluster.awake) {
      const isInside = [configuration, committedConfiguration].some((each) =>
        members(each).includes(replica.id)
      )
      const isOld = leader.leadsSinceTick < tickCount - leaveTicks
      if (isInside) replica.outsideSinceTick = null
      else replica.outsideSinceTick ??= tickCount
      const { outsideSinceTick: since } = replica
      if (!isOld || since === null || since > tickCount - leaveTicks) continue
      if (replica.raft.term > leader.raft.term || replica.raft.lastId.index === 0) continue
      cluster.leave(replica, leader)
      replica.outsideSinceTick = null
    }
  }

  #crash(replica = this.random.pickAny(this.cluster.up)): void {
    if (replica !== undefined) this.cluster.crash(replica)
  }

  #restart(): void {
    const down = [...this.cluster.replicas.values()].filter(({ isUp }) => !isUp)
    const replica = this.random.pickAny(down)
    if (replica !== undefined) this.cluster.restart(replica)
  }

  #transfer(): void {
    this.#leader(({ raft }) => raft.transfer(this.random.pick(replicaIds)))
  }

  #change(): void {
    this.#leader(({ id: leader, raft }) => {
      const before = members(raft.configuration)
      const shuffled = replicaIds.map((id) => ({ id, at: this.random.fraction() }))
      const ids = shuffled.sort((left, right) => left.at - right.at).map(({ id }) => id)
      const count = 1 + this.random.below(5)
      const target = { voters: ids.slice(0, count), learners: ids.slice(count, count + 1) }
      if (raft.proposeConfiguration(target) === null) return
      this.changes++
      // Of who comes back, old answers may be under way.
      for (const id of ids) if (!before.includes(id)) this.cluster.answersAgain(id, leader)
    })
  }

  #snapshot(): void {
    this.#anyone(({ raft, disk }) => {
      const index = Math.min(raft.appliedIndex, disk.lastIndex)
      if (index <= (raft.snapshotId?.index ?? 0) || disk.pendingCount > 0) return
      const term = raft.termAt(index) ?? 0
      const configuration = raft.configurationAt(index)
      const meta = { id: { index, term }, configuration, manifest: new Uint8Array(0) }
      const firstIndex = Math.max(raft.firstIndex, index + 1 - this.random.below(5))
      disk.compact(meta, firstIndex)
      raft.snapshotTaken(meta)
      raft.compact(firstIndex)
    })
  }

  #forget(): void {
    this.#anyone(({ raft }) => raft.forgetBodies(raft.appliedIndex - this.random.below(3)))
  }

  #read(): void {
    const replica = this.random.pickAny(this.cluster.awake)
    if (replica !== undefined) this.cluster.requestRead(replica)
  }

  #partition(): void {
    const side = new Set(replicaIds.filter(() => this.random.chance(0.5)))
    const isOneWay = this.random.chance(0.3)
    for (const from of replicaIds) {
      for (const to of replicaIds) {
        const isAcross = side.has(from) !== side.has(to)
        if (isAcross && !(isOneWay && side.has(from))) this.cluster.blocked.add(`${from}-${to}`)
      }
    }
  }

  #unblock(): void {
    this.cluster.blocked.clear()
    if (this.#stranded !== null) this.#isolate(this.#stranded)
  }

  #isolate(id: ReplicaId): void {
    for (const other of replicaIds) this.cluster.blocked.add(`${id}-${other}`).add(`${other}-${id}`)
  }

  /**
   * A leader that nobody hears takes proposals: its log is longer than those that replace it. It is
   * back when its successor is cut off, and may then be the only one that asks for votes.
   */
  #strand(): void {
    const { leader } = this.cluster
    if (leader === undefined || leader.id === this.#stranded || isPaused(leader)) return
    const count = this.#stranded === null ? this.random.below(30) : this.random.below(4)
    this.#stranded = this.#stranded === null || this.random.chance(0.5) ? leader.id : null
    this.#unblock()
    if (this.#stranded === null) return this.#crash(leader)
    this.cluster.run(leader, () => {
      for (let left = count; left > 0; left--) this.#proposeTo(leader)
    })
  }

  /** Leaders that fall or fall asleep in the moment of their election leave a little of each. */
  #dethrone(): void {
    const { leader, tickCount } = this.cluster
    if (leader === undefined || isPaused(leader) || leader.leadsSinceTick < tickCount - 2) return
    if (this.random.chance(0.5)) this.#crash(leader)
    else this.cluster.pause(leader, 20 + this.random.below(60))
  }

  /** Only what is true may be said: the leader that the replica knows is down. */
  #leaderGone(): void {
    const leader = this.cluster.leader
    if (leader === undefined) return
    this.cluster.crash(leader)
    for (const replica of this.cluster.awake) {
      if (replica.raft.leader !== leader.id) continue
      this.cluster.run(replica, () => replica.raft.leaderGone())
    }
  }

  #linkLost(): void {
    this.#leader(({ raft }) => raft.reportUnreachable(this.random.pick(replicaIds)))
  }
}

/** @throws AssertionError if something is not as it must be */
export function runStorm(seed: number, watcher?: Watcher): Tally {
  const storm = new Storm(seed, watcher)
  storm.birth()
  storm.run()
  heal(storm.cluster, () => storm.propose())
  const { cluster } = storm
  return {
    commits: cluster.checkers.committedIndex,
    terms: cluster.leader?.raft.term ?? 0,
    reads: cluster.readsAnswered,
    installs: cluster.installs,
    changes: storm.changes
  }
}
