// A whole cluster in one process and one thread, driven by one seed: real members around simulated
// disks, clocks and links, and clients that speak the real protocol.
import { crc32 } from 'node:zlib'
import type { MemberOptions, Output } from '@holdfast/cluster'
import { Random } from '@holdfast/testkit'
import { ClusterAudit } from '../checkers/cluster-audit.ts'
import { Memories } from '../checkers/memory.ts'
import { SampledFrames } from '../checkers/sampled-frames.ts'
import type { Disturbed } from '../faults/client-faults.ts'
import type { AnyKind } from '../faults/kinds.ts'
import { calmDisk, calmNetwork, calmWorld } from '../plan/calm.ts'
import type { DiskPlan, WorldPlan } from '../plan/plan.ts'
import type { FaultyDisk } from './faulty-disk.ts'
import { Host } from './host.ts'
import { Network } from './network.ts'
import type { Observer } from './observer.ts'
import type { Process } from './process.ts'
import { Schedule } from './schedule.ts'
import { Trace } from './trace.ts'

/** Bounds of a member that a world sets lower than production does, so that what is rare is not. */
export type Tuning = NonNullable<MemberOptions['tuning']>

/** Lines that a world keeps which nobody traces: what came last says most. */
const linesMax = 4000

export class World {
  readonly random: Random
  readonly schedule: Schedule = new Schedule()
  readonly trace: Trace = new Trace()
  /** Looks at every step of every member; draws no chance, and changes nothing. */
  readonly audit: ClusterAudit = new ClusterAudit(
    (check, detail) => this.fail(`${check}: ${detail}`),
    (bytes) => crc32(bytes),
    () => this.schedule.nowMs
  )
  /** Looks at what members have in memory. */
  readonly memories: Memories = new Memories(this)
  readonly network: Network
  readonly hosts: Host[] = []
  /** Told of everything from the moment they are added. */
  readonly observers: Observer[] = [
    this.audit,
    this.memories,
    new SampledFrames((check, detail) => this.fail(`${check}: ${detail}`))
  ]
  readonly plan: WorldPlan
  /** How disks are at present. */
  disk: DiskPlan = calmDisk
  /** Clients that faults may befall. */
  readonly clients: Disturbed[] = []
  /** A replica may halt, and a process end: more was lost than the cluster survives. */
  mayHalt = false
  /** Every line is kept, not the last ones only. */
  isTraced = false
  /** How often each kind of fault has struck. */
  readonly strikes: Map<AnyKind, number> = new Map()
  /** How often each mark was reached. */
  readonly marks: Map<string, number> = new Map()
  /** What broke, in the order it was noticed. */
  readonly failures: string[] = []
  readonly lines: string[] = []
  #epochs = 0

  constructor(seed: number, plan: WorldPlan = calmWorld) {
    this.random = new Random(seed)
    this.plan = plan
    this.network = new Network(this)
  }

  /** How many times longer than usual clients rest from what they do again and again. */
  get leisure(): number {
    return this.plan.leisure ?? 1
  }

  get runningHosts(): Host[] {
    return this.hosts.filter((host) => host.isRunning)
  }

  /** Hosts that a client may know of: a blank one has no place yet. */
  get memberHosts(): Host[] {
    return this.runningHosts.filter(({ process }) => process?.identity != null)
  }

  addHost(disk: FaultyDisk | null = null): Host {
    const host = new Host(this, this.hosts.length + 1, disk)
    this.hosts.push(host)
    return host
  }

  hostAt(address: string): Host | undefined {
    return this.hosts.find((host) => host.address === address)
  }

  nextEpoch(): number {
    this.#epochs += 1
    return this.#epochs
  }

  fail(what: string): void {
    this.failures.push(`at ${this.schedule.nowMs} ms: ${what}`)
  }

  /** Networks and disks are as bad from now on as the plan says. */
  rage(): void {
    this.disk = this.plan.disk
    this.network.paths.plan = this.plan.network
  }

  /** Networks and disks are well from now on. */
  calm(): void {
    this.disk = calmDisk
    this.network.paths.plan = calmNetwork
    this.network.heal()
  }

  /** What clients see is marked by them; the rest by who watches (marks.ts). */
  reached(mark: string): void {
    this.marks.set(mark, (this.marks.get(mark) ?? 0) + 1)
  }

  struck(kind: AnyKind): void {
    this.strikes.set(kind, (this.strikes.get(kind) ?? 0) + 1)
  }

  note(what: string): void {
    this.lines.push(`${this.schedule.nowMs} ${what}`)
    if (!this.isTraced && this.lines.length > linesMax) this.lines.splice(0, linesMax / 2)
  }

  logged(process: Process, line: Extract<Output, { type: 'log' }>): void {
    const { host } = process
    if (line.message === 'a replica halted' && !this.mayHalt)
      this.fail(`host ${host.number}: ${line.fields['reason']}`)
    if (line.message === 'no replica has an entry intact; its messages wait')
      this.audit.bodyLost(Number(line.fields['group']))
    this.note(`host ${host.number}: ${line.message} ${JSON.stringify(line.fields)}`)
  }

  /** Lets time pass until `isDone`, or records a failure. */
  async until(
    limitMs: number,
    what: string | (() => string),
    isDone: () => boolean
  ): Promise<boolean> {
    const endMs = this.schedule.nowMs + limitMs
    while (!isDone()) {
      if (this.failures.length > 0) return false
      if (this.schedule.nowMs >= endMs) {
        const awaited = typeof what === 'string' ? what : what()
        this.fail(`not within ${limitMs} ms: ${awaited}`)
        return false
      }
      await this.schedule.run(50)
    }
    return true
  }

  /** What is left to do where everything should be done; null if nothing is. */
  get unrest(): string | null {
    return this.audit.unrest ?? this.memories.leftover
  }

  get isReady(): boolean {
    // A host that was not taken in, because an operator's call was lost, is in no cluster.
    const members = this.memberHosts
    const isReady = members.every(({ process }) => process?.member.status().ready === true)
    return members.length > 0 && isReady
  }

  /** Grows a cluster of `count` nodes from one, by operators' calls. */
  async form(count: number): Promise<boolean> {
    this.addHost().start(true)
    const ready = (): boolean => this.isReady
    if (!(await this.until(5000, 'the first node is ready', ready))) return false
    for (let i = 1; i < count; i += 1) {
      const host = this.addHost()
      host.start()
      let isAsked = false
      this.hosts[0]?.process?.admin({ type: 'add-node', peer: host.address }, (result) => {
        if ('error' in result) this.fail(`add-node: ${result.error.code}`)
        isAsked = true
      })
      if (!(await this.until(5000, 'a node is added', () => isAsked))) return false
    }
    return this.until(30_000, 'all nodes are placed', () => {
      const nodes = this.hosts[0]?.process?.member.status().nodes ?? []
      return nodes.length === count && this.isSettled && this.isReady
    })
  }

  /** Every group has as many voters as it should, and none that is gone. */
  get isSettled(): boolean {
    const [member] = this.memberHosts
    const status = member?.process?.member.status()
    if (status === undefined || status.groups.length === 0) return false
    const staying = status.nodes.filter(({ state }) => state === 'up')
    if (staying.length !== status.nodes.length) return false
    if (status.groups.length <= (this.plan.tuning.shardsAtBootstrap ?? 0)) return false
    return status.groups.every(({ kind, voters, leader }) => {
      const wanted = kind === 'metadata' ? Math.min(5, staying.length) : Math.min(3, staying.length)
      return leader !== null && voters.length === wanted
    })
  }
}
