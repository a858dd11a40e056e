// One life of a node's process in the simulated world: the real member, driven as
// server/src/driver.ts does it. Inputs gather and are handed over once a turn, time first; one
// write is in flight; what names a record waits until it is durable.
import { crc32 } from 'node:zlib'
import type {
  AdminReply,
  AdminRequest,
  CommitRecord,
  Input,
  NodeIdentity,
  Output,
  PeerHello
} from '@holdfast/cluster'
import { Member } from '@holdfast/cluster'
import { unreachable, type WireError } from '@holdfast/errors'
import type { Host } from './host.ts'
import { join } from './join.ts'
import { isPassword } from './passwords.ts'
import { ProcessDisk } from './process-disk.ts'
import { step } from './tripwire.ts'

type PeerSend = Extract<Output, { type: 'peer-send' }>
type ClientSend = Extract<Output, { type: 'client-send' }>
type AdminResult = AdminReply | { readonly error: WireError }

/** How long a password takes to be verified. */
const verifyMs = 50

const totalBytes = 10 ** 12
/** Nothing to speak of. */
const plentyBytes = 10 ** 11

export class Process {
  readonly host: Host
  readonly epoch: number
  readonly member: Member
  isAlive = true
  isPaused = false
  peers: readonly { readonly node: number; readonly address: string }[] = []
  identity: NodeIdentity | null
  #inputs: Input[] = []
  #isScheduled = false
  #isDue = false
  /** Number of the last turn: a rest ends with the turn that follows it. */
  #turns = 0
  #durable: number
  #held: PeerSend[] = []
  readonly #calls = new Map<number, (result: AdminResult) => void>()
  #lastCall = 0
  readonly #adopted: (() => void)[] = []
  readonly #disk: ProcessDisk
  /** Hashes and passwords that were right. */
  readonly #rightLately = new Set<string>()

  constructor(host: Host, bootstrap: boolean) {
    const { world } = host
    this.host = host
    this.epoch = world.nextEpoch()
    const recovered = host.disk.recover()
    this.#durable = recovered.lastRecord
    this.#disk = new ProcessDisk(this, recovered.lastRecord, (record) => this.#written(record))
    this.identity = recovered.identity
    const random = world.random.split(`process ${this.epoch}`)
    const { address } = host
    this.member = new Member(
      {
        processEpoch: this.#memberEpoch,
        startedMs: host.clock.wallMs(world.schedule.nowMs),
        addresses: { client: address, peer: address, http: address },
        bootstrap: bootstrap ? { clusterId: 'c'.repeat(32) } : null,
        random: () => random.fraction(),
        checksum: (bytes) => crc32(bytes),
        tuning: world.plan.tuning,
        audit: world.audit.ofProcess(this.epoch)
      },
      recovered
    )
    for (const observer of world.observers) observer.started?.(this)
    if (host.freeBytes < plentyBytes) this.measureDisk()
    this.#schedule()
  }

  /** As far from that of any other process as if it were random, as it is in earnest. */
  get #memberEpoch(): number {
    return this.epoch * (2 ** 32 + 1)
  }

  hello(): PeerHello {
    const { address, disk } = this.host
    const { clusterId = null, node = null, incarnation = null } = this.identity ?? {}
    const own = { client: address, peer: address, http: address }
    return {
      clusterId,
      node,
      incarnation,
      storeId: disk.storeId,
      processEpoch: this.#memberEpoch,
      ...own
    }
  }

  end(): void {
    const { world } = this.host
    this.isAlive = false
    this.#disk.interrupt()
    world.network.ended(this)
    for (const observer of world.observers) observer.ended?.(this)
  }

  resume(): void {
    this.isPaused = false
    if (this.#isDue) this.#schedule()
  }

  input(input: Input): void {
    if (!this.isAlive) return
    this.#inputs.push(input)
    this.#schedule()
  }

  admin(request: AdminRequest, answer: (result: AdminResult) => void): void {
    this.#lastCall += 1
    this.#calls.set(this.#lastCall, answer)
    this.input({ type: 'admin', id: this.#lastCall, request })
  }

  measureDisk(): void {
    this.input({ type: 'disk', freeBytes: this.host.freeBytes, totalBytes })
  }

  #rest(): void {
    const { world, clock } = this.host
    const turn = this.#turns
    world.schedule.after(Math.ceil(this.member.restMs / clock.rate), () => {
      if (this.isAlive && this.#turns === turn) this.#schedule()
    })
  }

  /** What takes time is the same here for all. */
  #verify({ id, password, hash, effort }: Extract<Output, { type: 'verify-password' }>): void {
    const isRight = hash !== null && isPassword(password, hash)
    const login = `${hash?.hash} ${password}`
    const answer = (isRight: boolean): void => {
      this.input({ type: 'password-verified', id, isRight })
    }
    if (effort === 'recall') return answer(this.#rightLately.has(login))
    if (isRight) this.#rightLately.add(login)
    this.host.world.schedule.after(verifyMs, () => answer(isRight))
  }

  #schedule(): void {
    this.#isDue = true
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.host.world.schedule.after(this.host.turnDelayMs, () => {
      this.#isScheduled = false
      if (this.isAlive && !this.isPaused) this.#turn()
    })
  }

  #turn(): void {
    const { world, clock } = this.host
    const { nowMs } = world.schedule
    const times = { nowMs: clock.monotonicMs(nowMs), wallMs: clock.wallMs(nowMs) }
    const time: Input = { type: 'tick', ...times }
    const inputs = [time, ...this.#inputs]
    this.#inputs = []
    this.#isDue = false
    this.#turns += 1
    world.trace.steps += 1
    world.trace.number(nowMs)
    world.trace.number(this.epoch * 1024 + inputs.length)
    const outputs = step(() => this.member.step(inputs))
    for (const observer of world.observers) observer.stepped?.(this, inputs, outputs)
    for (const output of outputs) {
      if (this.host.springs('output')) return
      this.#carry(output)
      if (!this.isAlive) return
    }
    this.#rest()
  }

  #carry(output: Output): void {
    const { world } = this.host
    switch (output.type) {
      case 'write':
        return this.#disk.write(output.record)
      case 'read-entries':
      case 'read-blobs':
      case 'read-retained':
      case 'read-staged':
      case 'read-held':
        return this.#disk.read(output)
      case 'peer-send':
        if (output.after !== null && (output.after > this.#durable || this.#holds(output))) {
          this.#held.push(output)
        } else this.#send(output)
        return
      case 'client-send':
        return this.#sendClient(output)
      case 'client-pause':
      case 'client-resume':
        // None of its clients publishes as much.
        return
      case 'client-close':
        return world.network.clients.close(this, output.connection)
      case 'peers':
        this.peers = output.peers
        return
      case 'peer-close':
        return world.network.links.close(this, output.link)
      case 'probe-peer':
        return world.network.probe(this, output.id, output.address, output.adopt)
      case 'admin-reply': {
        const answer = this.#calls.get(output.id)
        this.#calls.delete(output.id)
        return answer?.(output.result)
      }
      case 'verify-password':
        return this.#verify(output)
      case 'log':
        return world.logged(this, output)
      case 'condemn':
        this.host.disk.makeHole()
        return this.#exit(0, output.reason)
      case 'exit':
        return this.#exit(output.code, output.reason)
      default:
        return unreachable(output)
    }
  }

  #holds({ node, lane }: PeerSend): boolean {
    return this.#held.some((other) => other.node === node && other.lane === lane)
  }

  #send(output: PeerSend): void {
    const { network, trace, observers } = this.host.world
    const bytes = join(output.chunks)
    trace.bytes(bytes)
    for (const observer of observers) observer.left?.(this, output)
    network.links.send(this, output.node, output.lane, bytes)
  }

  #sendClient(output: ClientSend): void {
    const { network, trace, observers } = this.host.world
    const bytes = join(output.chunks)
    trace.bytes(bytes)
    for (const observer of observers) observer.left?.(this, output)
    network.clients.toClient(this, output.connection, bytes)
  }

  /** From the head only, which keeps the order of each destination. */
  #written(record: CommitRecord): void {
    this.#durable = record.id
    if (record.identity !== null) this.#identified(record.identity)
    const held = this.#held
    const firstLater = held.findIndex(({ after }) => (after ?? 0) > record.id)
    this.#held = firstLater < 0 ? [] : held.slice(firstLater)
    for (const output of firstLater < 0 ? held : held.slice(0, firstLater)) this.#send(output)
    this.input({ type: 'written', id: record.id })
  }

  #identified(identity: NodeIdentity): void {
    this.identity = identity
    for (const done of this.#adopted.splice(0)) done()
  }

  /** A cluster offers this process a place; `done` once it is durable. */
  adopt(offer: Extract<Input, { type: 'adopted' }>['offer'], done: () => void): void {
    this.#adopted.push(done)
    this.input({ type: 'adopted', offer })
  }

  #exit(code: 0 | 70, reason: string): void {
    const { host } = this
    if (code !== 0 && !host.world.mayHalt)
      host.world.fail(`host ${host.number} ended with ${code}: ${reason}`)
    if (reason.includes('removed')) host.isRemoved = true
    host.fail(reason)
  }
}
