// A scripted member, a store in memory that is slow or broken on demand, and ports that keep what
// they get.
import { createServer } from 'node:http'
import type {
  Chunks,
  ClusterStatus,
  CommitRecord,
  Input,
  LogStore,
  NodeIdentity,
  Output,
  ReadResult
} from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import type { ClientPort, PeerPort } from '../src/driver-ports.ts'
import type { LogFields } from '../src/logger.ts'
import type { HostedMember, HttpPort, MemberSettings, NodeParts } from '../src/node-parts.ts'
import type { ReservePort } from '../src/open-data.ts'

/** Resolves once `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('waited 20 s in vain')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

export class FakeStore implements LogStore {
  readonly recovered: LogStore['recovered']
  readonly writes: CommitRecord[] = []
  #ends: { resolve: () => void; reject: (error: Error) => void }[] = []
  /** True: a write resolves at once. */
  isFast = false
  /** What reads do, one after the other; then they resolve with `absent`. */
  reads: (() => Promise<readonly ReadResult[]>)[] = []
  isClosed = false

  constructor(identity: NodeIdentity | null = null) {
    const storeId = 'd'.repeat(32)
    this.recovered = { storeId, identity, peers: null, groups: [], lastRecord: 10 }
  }

  write(record: CommitRecord): Promise<void> {
    this.writes.push(record)
    if (this.isFast) return Promise.resolve()
    return new Promise((resolve, reject) => this.#ends.push({ resolve, reject }))
  }

  /** Ends the write that is in flight. */
  endWrite(error?: Error): void {
    const end = this.#ends.shift()
    if (error === undefined) end?.resolve()
    else end?.reject(error)
  }

  #read(): Promise<readonly ReadResult[]> {
    return this.reads.shift()?.() ?? Promise.resolve([{ type: 'absent' }])
  }

  readEntries(): Promise<readonly ReadResult[]> {
    return this.#read()
  }

  readBlobs(): Promise<readonly ReadResult[]> {
    return this.#read()
  }

  retained(): readonly [] {
    return []
  }

  readStaged(): Promise<readonly ReadResult[]> {
    return this.#read()
  }

  held(): readonly [] {
    return []
  }

  sizeBytes(): number {
    return 0
  }

  close(): Promise<void> {
    this.isClosed = true
    return Promise.resolve()
  }
}

export function recordOf(id: number, identity: NodeIdentity | null = null): CommitRecord {
  const none = { groups: [], blobs: [], snapshots: [], stages: [], installs: [], repairs: [] }
  return { id, ...none, removedGroups: [], identity, peers: null }
}

export const blankStatus: ClusterStatus = {
  clusterId: null,
  self: null,
  nodes: [],
  groups: [],
  ready: false,
  notReadyReason: 'blank',
  warnings: []
}

const nothing = (_input: Input): readonly Output[] => []

/** Answers each kind of input with what the test says. */
export class FakeMember implements HostedMember {
  readonly inputs: Input[] = []
  /** Number of inputs of each step. */
  readonly steps: number[] = []
  answer: (input: Input) => readonly Output[]
  restMs = 10_000

  constructor(answer: (input: Input) => readonly Output[] = nothing) {
    this.answer = answer
  }

  step(inputs: readonly Input[]): readonly Output[] {
    this.inputs.push(...inputs)
    this.steps.push(inputs.length)
    return inputs.flatMap((input) => this.answer(input))
  }

  status(): ClusterStatus {
    return blankStatus
  }

  counters(): never {
    throw new Error('not asked for in these tests')
  }

  of<Type extends Input['type']>(type: Type): Extract<Input, { type: Type }>[] {
    return this.inputs.filter(
      (input): input is Extract<Input, { type: Type }> => input.type === type
    )
  }
}

/** What left the driver, in order, as short texts. */
export class FakePorts implements PeerPort, ClientPort {
  readonly left: string[] = []
  flushes = 0

  // One `send` serves both ports: peers are named by lane as well.
  send(target: number, second: string | Chunks, third?: Chunks): boolean {
    if (typeof second === 'string')
      this.left.push(`peer ${target} ${second} ${textOf(third ?? [])}`)
    else this.left.push(`client ${target} ${textOf(second)}`)
    return true
  }

  flush(): void {
    this.flushes++
  }

  setPeers(peers: readonly { readonly node: number; readonly address: string }[]): void {
    this.left.push(`peers ${peers.map(({ node, address }) => `${node}@${address}`).join(' ')}`)
  }

  closeLink(link: number): void {
    this.left.push(`close link ${link}`)
  }

  probe(id: number, address: string): void {
    this.left.push(`probe ${id} ${address}`)
  }

  pause(connection: number): void {
    this.left.push(`pause client ${connection}`)
  }

  resume(connection: number): void {
    this.left.push(`resume client ${connection}`)
  }

  close(connection: number): void {
    this.left.push(`close client ${connection}`)
  }
}

function textOf(chunks: Chunks): string {
  return Buffer.concat([...chunks]).toString()
}

export class FakeLog {
  readonly lines: { level: string; message: string; fields: LogFields }[] = []
  readonly log = (level: string, message: string, fields: LogFields): void => {
    this.lines.push({ level, message, fields })
  }

  has(message: string): boolean {
    return this.lines.some((line) => line.message === message)
  }
}

export async function fakeHttp(): Promise<HttpPort> {
  const server = createServer((_, response) => response.end('fake'))
  return {
    server,
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host, port }, () => resolve('listening'))
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

export class FakeReserve implements ReservePort {
  freeBytes: number = 10 ** 12
  isReleased: boolean = false

  measure(): Promise<{ freeBytes: number; totalBytes: number }> {
    return Promise.resolve({ freeBytes: this.freeBytes, totalBytes: 10 ** 12 })
  }

  release(): Promise<void> {
    this.isReleased = true
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export interface FakeParts extends NodeParts {
  readonly store: FakeStore
  readonly member: FakeMember
  readonly settings: MemberSettings[]
  readonly reserve: FakeReserve
}

/** Parts of a node whose member drains as it should. */
export function fakeParts(
  store: FakeStore = new FakeStore(),
  member: FakeMember = new FakeMember()
): FakeParts {
  const settings: MemberSettings[] = []
  const reserve = new FakeReserve()
  const { answer } = member
  member.answer = (input) =>
    input.type === 'drain' ? [{ type: 'exit', code: 0, reason: 'drained' }] : answer(input)
  return {
    store,
    member,
    settings,
    reserve,
    storage: {
      open: () => Promise.resolve(store),
      salvage: () => Promise.resolve({ identity: null, peers: null, groups: null, store }),
      condemn: () => Promise.reject(new HoldfastError('INTERNAL')),
      quarantine: () => Promise.reject(new HoldfastError('INTERNAL')),
      reserve: () => reserve
    },
    createMember: (given) => {
      settings.push(given)
      return member
    },
    createHttp: () => fakeHttp(),
    refusal: (error) => Buffer.from(error.code)
  }
}
