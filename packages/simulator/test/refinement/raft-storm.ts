// A group of watched replicas in bad weather, without machines or clients: thousands of steps a
// second, each held against the specification. Messages come in any order, twice or never; disks
// take their time; processes crash, or stand still; leaders hand over, or try in vain; members
// change; snapshots replace logs.
import {
  blankState,
  bootstrapState,
  type LoadRequest,
  type Message,
  type RaftConfig,
  type Ready
} from '@holdfast/raft'
import { Random } from '@holdfast/testkit'
import { GroupLedger } from '../../src/checkers/group-ledger.ts'
import { ObservedRaft } from '../../src/refinement/observed-raft.ts'
import type { ActionCounts } from '../../src/refinement/replica-watch.ts'
import { StormDisk, type Write } from './storm-disk.ts'

const ids = [1, 2, 3, 4, 5]
const inFlightMax = 60
/** A few election timeouts. */
const standStillTicksMax = 30

interface Replica {
  readonly id: number
  readonly disk: StormDisk
  raft: ObservedRaft
  pending: Write[]
  loads: LoadRequest[]
  offer: Ready['offeredSnapshot']
}

export class RaftStorm {
  readonly findings: string[] = []
  readonly counts: ActionCounts
  steps = 0
  readonly #random: Random
  readonly #ledger: GroupLedger
  readonly #config: Omit<RaftConfig, 'id'>
  readonly #replicas: Replica[]
  readonly #weights: readonly (readonly [number, (replica: Replica) => void])[]
  readonly #lossChance: number
  /** Of an order to campaign: where most are lost, leaders give transfers up and go on. */
  readonly #orderLossChance: number
  readonly #speeds: readonly number[]
  readonly #disorderChance: number
  #network: Message[] = []
  #read = 0
  /** Who is cut off from the others. */
  #apart: ReadonlySet<number> = new Set()

  constructor(seed: number, counts: ActionCounts) {
    const random = new Random(seed)
    this.#random = random
    this.counts = counts
    this.#ledger = new GroupLedger(
      `seed ${seed}`,
      (check, detail) => void this.findings.push(`${check}: ${detail}`),
      (bytes) => bytes.reduce((sum, byte) => sum * 31 + byte, bytes.length)
    )
    this.#speeds = ids.map(() => random.pick([1, 1, 1, 0.3, 0.1]))
    this.#lossChance = random.pick([0, 0.02, 0.1])
    this.#orderLossChance = random.pick([this.#lossChance, 0.9])
    this.#disorderChance = random.pick([0, 0.1, 0.4])
    this.#weights = this.#drawWeights()
    this.#config = {
      electionTimeoutTicks: 6,
      heartbeatIntervalTicks: 1,
      appendBytesMax: 1 + random.below(20),
      inflightRequestsMax: 1 + random.below(3),
      inflightBytesMax: 1 + random.below(60),
      uncommittedBytesMax: 100,
      broadcastCommit: random.chance(0.5),
      random: () => random.fraction()
    }
    this.#replicas = ids.map((id) => {
      const initial = id === 1 ? bootstrapState(id) : blankState()
      const parts = { pending: [], loads: [], offer: null }
      return { id, disk: new StormDisk(), raft: this.#open(id, initial, null), ...parts }
    })
  }

  #open(
    id: number,
    initial: ReturnType<typeof blankState>,
    remains: ObservedRaft['remains'] | null
  ): ObservedRaft {
    const { counts } = this
    return new ObservedRaft({ ...this.#config, id }, initial, this.#ledger, { remains, counts })
  }

  /** A calm beginning in which the group grows, then `steps` steps of weather. */
  run(steps: number): void {
    const [first] = this.#replicas
    first?.raft.campaign()
    for (let round = 0; round < 60 && this.findings.length === 0; round += 1) {
      for (const replica of this.#replicas) this.#do(replica, () => replica.raft.tick())
      if (round === 20) {
        const voters = ids.slice(0, 1 + this.#random.below(5))
        first?.raft.proposeConfiguration({ voters, learners: [] })
      }
      for (const replica of this.#replicas)
        while (replica.pending.length > 0) this.#persist(replica)
      for (const message of this.#network.splice(0)) this.#deliver(message)
    }
    for (; this.steps < steps && this.findings.length === 0; this.steps += 1) this.#step()
  }

  #step(): void {
    const replica = this.#random.pick(this.#replicas)
    let draw = this.#random.fraction() * this.#weights.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, act] of this.#weights) {
      draw -= weight
      if (draw < 0) return act(replica)
    }
  }

  /** How often each thing happens is drawn from the seed, so that each is another weather. */
  #drawWeights(): readonly (readonly [number, (replica: Replica) => void])[] {
    const random = this.#random
    const rarely = (): number => random.pick([0, 1, 3, 10])
    const calls: readonly (readonly [number, (replica: Replica) => unknown])[] = [
      [40 + random.below(300), (replica) => this.#tick(replica)],
      [rarely(), ({ raft }) => raft.standStill(1 + random.below(standStillTicksMax))],
      [rarely(), ({ raft }) => this.#change(raft)],
      [rarely(), (replica) => this.#snapshot(replica)],
      [10, (replica) => this.#serve(replica)],
      [rarely(), ({ raft }) => raft.reportUnreachable(random.pick(ids))],
      [rarely(), ({ raft }) => raft.forgetBodies(raft.appliedIndex)],
      [rarely(), ({ raft }) => raft.hasten()],
      [random.pick([0, 1, 3]), ({ raft }) => raft.leaderGone()],
      [rarely(), ({ raft }) => raft.requestRead(++this.#read)]
    ]
    return [
      [400 + random.below(400), () => this.#anyMessage()],
      [100 + random.below(300), (replica) => this.#persist(replica)],
      [random.pick([0, 2, 5, 10]), (replica) => this.#crash(replica)],
      [20 + random.below(100), () => this.#propose()],
      [random.pick([0, 2, 8]), () => this.#part()],
      [random.pick([0.5, 2]), () => this.#part([])],
      [rarely(), () => this.#handOver()],
      ...calls.map(([weight, act]) => {
        return [weight, (replica: Replica) => this.#do(replica, () => act(replica))] as const
      })
    ]
  }

  #do(replica: Replica, action: () => unknown): void {
    const { raft } = replica
    action()
    while (raft.hasReady) {
      const ready = raft.ready()
      replica.pending.push({ type: 'ready', ready })
      replica.loads.push(...ready.loads)
      replica.offer = ready.offeredSnapshot ?? replica.offer
      for (const message of ready.messages) this.#send(message)
    }
    for (let index = raft.appliedIndex + 1; index <= raft.applicableIndex; index += 1) {
      const entry = raft.entry(index)
      if (entry !== null) this.#ledger.applied(replica.id, entry)
    }
    raft.applied(Math.max(raft.appliedIndex, raft.applicableIndex))
  }

  #send(message: Message): void {
    this.#ledger.sent(message)
    this.#network.push(message)
    if (this.#network.length > inFlightMax) {
      this.#network.splice(this.#random.below(this.#network.length), 1)
    }
  }

  /** The oldest message, or any; it may be lost, or come again. */
  #anyMessage(): void {
    const random = this.#random
    const at = random.chance(this.#disorderChance) ? random.below(this.#network.length) : 0
    const message = this.#network[at]
    if (message === undefined) return
    if (!random.chance(this.#disorderChance / 4)) this.#network.splice(at, 1)
    const isOrder = message.type === 'timeout-now'
    const lossChance = isOrder ? this.#orderLossChance : this.#lossChance
    if (!random.chance(lossChance)) this.#deliver(message)
  }

  #deliver(message: Message): void {
    const replica = this.#replicas[message.to - 1]
    if (this.#apart.has(message.from) !== this.#apart.has(message.to)) return
    if (replica !== undefined) this.#do(replica, () => replica.raft.step(message))
  }

  #persist(replica: Replica): void {
    const write = replica.pending.shift()
    if (write === undefined) return
    replica.disk.apply(write)
    if (write.type === 'install') {
      this.#do(replica, () => replica.raft.installed(write.meta))
      return
    }
    for (const message of write.ready.messagesAfterPersist) this.#send(message)
    this.#do(replica, () => replica.raft.persisted(write.ready.number))
  }

  /** Some of what is under way reaches the disk, though nobody hears of it. */
  #crash(replica: Replica): void {
    const { remains } = replica.raft
    const kept = this.#random.below(replica.pending.length + 1)
    for (const write of replica.pending.slice(0, kept)) replica.disk.apply(write)
    replica.pending = []
    replica.loads = []
    replica.offer = null
    replica.raft = this.#open(replica.id, replica.disk.recover(), remains)
    this.#do(replica, () => undefined)
  }

  /** Clocks differ: what is a moment to one is an election timeout to others. */
  #tick({ id, raft }: Replica): void {
    if (this.#random.chance(this.#speeds[id - 1] ?? 1)) raft.tick()
  }

  /** Whoever thinks itself a leader gets something to do. */
  #propose(): void {
    const leader = this.#anyLeader()
    const data = this.#random.bytes(this.#random.below(6))
    if (leader === undefined) return
    this.#do(leader, () => leader.raft.propose(data))
    if (this.#random.chance(0.3)) this.#do(leader, () => leader.raft.requestRead(++this.#read))
  }

  #anyLeader(): Replica | undefined {
    return this.#random.pickAny(this.#replicas.filter(({ raft }) => raft.isLeader))
  }

  #handOver(): void {
    const leader = this.#anyLeader()
    const to = this.#random.pickAny(leader?.raft.configuration.voters ?? [])
    if (leader !== undefined && to !== undefined) this.#do(leader, () => leader.raft.transfer(to))
  }

  /** A leader and whoever is with it go on by themselves, or anybody. */
  #part(apart?: readonly number[]): void {
    const leader = this.#replicas.find(({ raft }) => raft.isLeader)?.id ?? 1
    const some = ids.filter((id) => id === leader || this.#random.chance(0.3))
    this.#apart = new Set(apart ?? some)
  }

  #change(raft: ObservedRaft): void {
    const shuffled = this.#random.shuffle(ids)
    const count = 1 + this.#random.below(5)
    const [voters, learners] = [shuffled.slice(0, count), shuffled.slice(count, count + 1)]
    raft.proposeConfiguration({ voters, learners })
  }

  #snapshot({ raft, disk, pending }: Replica): void {
    const index = Math.min(raft.appliedIndex, disk.firstIndex + disk.entries.length - 1)
    if (index <= (raft.snapshotId?.index ?? 0) || pending.length > 0) return
    const id = { index, term: raft.termAt(index) ?? 0 }
    const meta = {
      id,
      configuration: raft.configurationAt(index),
      manifest: new Uint8Array(0)
    }
    const firstIndex = Math.max(raft.firstIndex, index + 1 - this.#random.below(4))
    disk.snapshot = meta
    disk.entries.splice(0, firstIndex - disk.firstIndex)
    disk.firstIndex = firstIndex
    raft.snapshotTaken(meta)
    raft.compact(firstIndex)
  }

  /** Entries that a follower lacks are read; a snapshot that was offered is fetched, or not. */
  #serve(replica: Replica): void {
    const { raft, disk, offer } = replica
    for (const { replica: follower, firstIndex, lastIndex } of replica.loads.splice(0)) {
      const entries = disk.entries.filter(({ index }) => index >= firstIndex && index <= lastIndex)
      if (entries[0]?.index === firstIndex) raft.supply(follower, entries.slice(0, 5))
      else raft.loadFailed(follower)
    }
    if (offer === null) return
    replica.offer = null
    if (this.#random.chance(0.2)) raft.snapshotRefused(offer.from)
    else if (raft.beginInstall(offer.snapshot)) {
      const meta = offer.snapshot
      const hardState = { ...raft.hardState, commit: meta.id.index }
      replica.pending.push({ type: 'install', meta, hardState })
    }
  }
}
