// A whole group under one seed: replicas with disks, and a network that loses, repeats, delays,
// reorders and divides. Every probability is drawn from the seed (swarm testing), so that each seed
// is another kind of weather. After every step the checkers look at the replica that took it.
import { assert } from '@holdfast/errors'
import { Random } from '@holdfast/testkit'
import {
  blankState,
  bootstrapState,
  type Entry,
  type Message,
  Raft,
  type RaftConfig,
  type RaftInitialState,
  type ReplicaId
} from '../src/index.ts'
import { Checkers } from './checkers.ts'
import { assertDurable, assertPromise, assertSpoken } from './disk-checks.ts'
import { checkContact, checkLeases } from './leader-checks.ts'
import { SimulatedDisk, type Write } from './simulated-disk.ts'
import { SimulatedNetwork, takeFor, type Weather } from './simulated-network.ts'
import { isPaused, newReplica, type Replica } from './simulated-replica.ts'

/** Who watches a group: makes its replicas, and hears what leaves them. */
export interface Watcher {
  makeRaft(config: RaftConfig, initial: RaftInitialState): Raft
  sent(message: Message): void
  /** A replica comes back blank: what it had is nobody's claim any more. */
  left(replica: ReplicaId): void
}

const nobody: Watcher = {
  makeRaft: (config, initial) => new Raft(config, initial),
  sent: () => undefined,
  left: () => undefined
}

export class SimulatedCluster {
  readonly random: Random
  readonly checkers: Checkers = new Checkers()
  readonly replicas: Map<ReplicaId, Replica> = new Map()
  readonly blocked: Set<string> = new Set()
  readonly config: Omit<RaftConfig, 'id'>
  weather: Weather
  readonly #watcher: Watcher
  tickCount = 0
  readsAnswered = 0
  installs = 0
  readonly #network: SimulatedNetwork
  #nextRead = 1

  constructor(seed: number, weather: Weather, watcher: Watcher = nobody) {
    this.random = new Random(seed)
    this.weather = weather
    this.#network = new SimulatedNetwork(this.random)
    this.#watcher = watcher
    this.config = {
      electionTimeoutTicks: 10,
      heartbeatIntervalTicks: 2,
      appendBytesMax: 1 + this.random.below(64),
      inflightRequestsMax: 1 + this.random.below(4),
      inflightBytesMax: 1 + this.random.below(128),
      uncommittedBytesMax: 64 + this.random.below(1024),
      broadcastCommit: this.random.chance(0.5),
      random: () => this.random.fraction()
    }
  }

  add(id: ReplicaId, isFirst: boolean): Replica {
    const initial: RaftInitialState = isFirst ? bootstrapState(id) : blankState()
    const raft = this.#watcher.makeRaft({ ...this.config, id }, initial)
    const replica = newReplica(id, new SimulatedDisk(initial), raft)
    this.replicas.set(id, replica)
    if (isFirst) this.run(replica, () => replica.raft.campaign())
    return replica
  }

  get up(): readonly Replica[] {
    return [...this.replicas.values()].filter((replica) => replica.isUp)
  }

  /** Those whose processes run and do not stand still. */
  get awake(): readonly Replica[] {
    return this.up.filter((replica) => !isPaused(replica))
  }

  /** The leader of the highest term. */
  get leader(): Replica | undefined {
    const leaders = this.up.filter(({ raft }) => raft.isLeader)
    return leaders.sort((left, right) => right.raft.term - left.raft.term)[0]
  }

  /** Does something to a replica, and carries out what follows from it. */
  run(replica: Replica, action: () => void): void {
    const wasLeader = replica.raft.isLeader
    action()
    this.checkers.observe(replica.raft)
    while (replica.raft.hasReady) this.#carryOut(replica)
    this.#apply(replica)
    this.checkers.observe(replica.raft)
    if (replica.raft.isLeader && !wasLeader) checkLeases(this)
  }

  #carryOut(replica: Replica): void {
    const { raft, disk } = replica
    const ready = raft.ready()
    for (const entry of ready.entries) {
      this.checkers.appended(entry, raft.termAt(entry.index - 1) ?? -1)
    }
    disk.submit({ type: 'ready', ready })
    for (const message of ready.messages) {
      assertPromise(replica, message)
      this.#send(message)
    }
    replica.loads.push(...ready.loads)
    replica.offer = ready.offeredSnapshot ?? replica.offer
    for (const read of ready.reads) {
      const floor = replica.reads.get(read.id)
      replica.reads.delete(read.id)
      if (read.index === null) continue
      this.readsAnswered++
      assert(floor !== undefined && read.index >= floor, 'a read sees what was committed before it')
    }
  }

  #apply({ raft }: Replica): void {
    for (let index = raft.appliedIndex + 1; index <= raft.applicableIndex; index++) {
      const entry = raft.entry(index)
      assert(entry !== null, 'an entry stays in memory until it is applied')
      this.checkers.applied(entry)
    }
    raft.applied(Math.max(raft.appliedIndex, raft.applicableIndex))
  }

  #send(message: Message): void {
    this.checkers.sent(message)
    this.#watcher.sent(message)
    this.#network.send(message, this.weather, this.tickCount)
  }

  tick(): void {
    this.tickCount++
    for (const replica of this.up) {
      if (isPaused(replica)) this.#wake(replica)
      else this.run(replica, () => replica.raft.tick())
    }
    checkLeases(this)
    checkContact(this)
  }

  /** The process of a replica stands still for a while, and its clock does not. */
  pause(replica: Replica, ticks: number): void {
    if (isPaused(replica)) return
    replica.pausedAtTick = this.tickCount
    replica.pausedUntilTick = this.tickCount + ticks
  }

  /** It learns first how long it slept, and only then what reached it meanwhile. */
  #wake(replica: Replica): void {
    if (this.tickCount < replica.pausedUntilTick) return
    replica.pausedUntilTick = 0
    replica.wokeAtTick = this.tickCount
    this.run(replica, () => replica.raft.standStill(this.tickCount - replica.pausedAtTick))
  }

  /** Delivers what is due, in an order of chance, and lets disks and loads go on. */
  settle(): void {
    const due = this.#network.takeDue(this.tickCount, ({ to }) => {
      const replica = this.replicas.get(to)
      return replica === undefined || !isPaused(replica)
    })
    while (due.length > 0) {
      const at = this.weather.delayTicksMax === 0 ? 0 : this.random.below(due.length)
      const [message] = due.splice(at, 1)
      if (message === undefined) break
      const isLate = this.replicas.get(message.to)?.wokeAtTick === this.tickCount
      const isGathered = this.random.chance(this.weather.gather) || isLate
      const gathered = isGathered ? takeFor(message.to, due) : []
      this.#deliver(message.to, [message, ...gathered])
    }
    for (const replica of this.up) {
      if (isPaused(replica)) continue
      const { disk } = replica
      while (disk.pendingCount > 0) {
        const { install, disk: ready } = this.weather
        if (!this.random.chance(disk.isInstallNext ? install : ready)) break
        this.#completeWrite(replica)
      }
      this.#serveLoads(replica)
      this.#serveOffer(replica)
    }
  }

  #deliver(to: ReplicaId, messages: readonly Message[]): void {
    const replica = this.replicas.get(to)
    if (replica === undefined || !replica.isUp) return
    const heard = messages.filter(({ from }) => !this.blocked.has(`${from}-${to}`))
    for (const { from } of heard) replica.heardTick.set(from, this.tickCount)
    this.run(replica, () => heard.forEach((message) => void replica.raft.step(message)))
  }

  #completeWrite(replica: Replica): void {
    const write = replica.disk.complete()
    if (write === undefined) return
    for (const message of SimulatedDisk.messagesOf(write)) {
      assertSpoken(replica, message)
      this.#send(message)
    }
    this.run(replica, () => finish(replica, write))
    assertDurable(replica)
    if (write.type === 'install') this.installs++
  }

  #serveLoads(replica: Replica): void {
    for (const load of replica.loads.splice(0)) {
      const entries: Entry[] = []
      for (let index = load.firstIndex; index <= load.lastIndex; index++) {
        const entry = replica.disk.entry(index)
        if (entry !== undefined && entries.length < 5) entries.push(entry)
      }
      const isLost = entries[0]?.index !== load.firstIndex || this.random.chance(0.02)
      this.run(replica, () => {
        if (isLost) replica.raft.loadFailed(load.replica)
        else replica.raft.supply(load.replica, entries)
      })
    }
  }

  /** Fetches what was offered, after a while, or fails to. */
  #serveOffer(replica: Replica): void {
    const { offer } = replica
    if (offer === null || !this.random.chance(this.weather.fetch)) return
    replica.offer = null
    this.run(replica, () => {
      const { raft } = replica
      if (this.random.chance(0.1)) raft.snapshotRefused(offer.from)
      else if (raft.beginInstall(offer.snapshot)) {
        const commit = Math.max(raft.hardState.commit, offer.snapshot.id.index)
        const hardState = { ...raft.hardState, commit }
        replica.disk.submit({ type: 'install', meta: offer.snapshot, hardState })
      }
    })
  }

  /** What a replica has acknowledged comes once more. */
  answersAgain(from: ReplicaId, to: ReplicaId): void {
    this.#network.answersAgain(from, to, this.tickCount)
  }

  requestRead(replica: Replica): void {
    const id = this.#nextRead++
    replica.reads.set(id, this.checkers.committedIndex)
    this.run(replica, () => replica.raft.requestRead(id))
  }

  crash(replica: Replica): void {
    replica.isUp = false
    replica.pausedUntilTick = 0
    replica.heardTick.clear()
    replica.disk.crash(this.random.below(replica.disk.pendingCount + 1))
    replica.loads = []
    replica.offer = null
    replica.reads.clear()
  }

  /**
   * It was removed, gave up all it had but what it promised, and may be taken in again under the
   * same id. It leaves on the word of a leader of no earlier term.
   */
  leave(replica: Replica, leader: Replica): void {
    const { term, vote, commit } = replica.raft.hardState
    const isLater = leader.raft.term > term
    this.crash(replica)
    replica.disk = new SimulatedDisk(blankState())
    replica.disk.hardState = {
      term: leader.raft.term,
      vote: isLater ? null : vote,
      commit: Math.max(commit, leader.raft.commitIndex)
    }
    this.checkers.left(replica.id)
    this.#watcher.left(replica.id)
    this.restart(replica)
  }

  restart(replica: Replica): void {
    replica.raft = this.#watcher.makeRaft(
      { ...this.config, id: replica.id },
      replica.disk.recover()
    )
    replica.isUp = true
    this.checkers.restarted(replica.id, replica.disk.hardState)
    this.run(replica, () => {})
  }
}

function finish(replica: Replica, write: Write): void {
  if (write.type === 'install') replica.raft.installed(write.meta)
  else replica.raft.persisted(write.ready.number)
}
