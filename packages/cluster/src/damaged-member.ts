// A node whose data is damaged and cannot be spared (storage rule S8): setting it aside would leave
// a group without a majority, and with it what only this directory and lost ones have. It takes no
// part in any group, serves the entries that are intact to replicas that lack them, tells everybody
// in what state it is, and asks the others again and again whether they can go on without it. As
// soon as they can, its data is set aside, and it comes back blank.
import { HoldfastError } from '@holdfast/errors'
import { nobodyKnown } from './administration/access-calls.ts'
import { Counters } from './counters.ts'
import { type Damage, isExpendable, knownPeers } from './expendable.ts'
import type { Input, PeerHello, ProbeFailure } from './input.ts'
import { limits, times } from './limits.ts'
import type { GroupId, ReadResult } from './log-store.ts'
import type { Output } from './output.ts'
import { ByteWriter, join } from './peers/byte-writer.ts'
import { errorResult } from './peers/calls.ts'
import { readPeerFrame, startFrame, writePeerMessage } from './peers/peer-codec.ts'
import type { Call, CallResult, GroupReport } from './peers/peer-message.ts'
import { writeEntry } from './peers/raft-codec.ts'
import type { ClusterStatus, MemberCounters, NodeStatus } from './status.ts'

interface Served {
  readonly node: number
  readonly call: number
  readonly group: GroupId
  readonly index: number
}

/** What another node said last of the groups that it is in. */
interface Told {
  readonly atMs: number
  readonly groups: readonly GroupReport[]
}

export class DamagedMember {
  /** Nothing that it waits for is urgent. */
  readonly restMs: number = times.statusMs
  readonly #damage: Damage
  readonly #addresses: Pick<NodeStatus, 'client' | 'peer' | 'http'>
  readonly #counters = new Counters()
  readonly #links = new Map<number, PeerHello>()
  readonly #answers = new Map<number, PeerHello | ProbeFailure>()
  readonly #told = new Map<number, Told>()
  readonly #probes = new Map<number, number>()
  readonly #reads = new Map<number, Served>()
  #outputs: Output[] = []
  #nowMs = 0
  #wallMs = 0
  #askAtMs = -1
  #lastId = 0
  #isExpendable = false

  constructor(damage: Damage, addresses: Pick<NodeStatus, 'client' | 'peer' | 'http'>) {
    this.#damage = damage
    this.#addresses = addresses
  }

  /** The others can go on without this directory: it has asked to end, and may be set aside. */
  get isExpendable(): boolean {
    return this.#isExpendable
  }

  counters(): MemberCounters {
    return this.#counters.read()
  }

  step(inputs: readonly Input[]): readonly Output[] {
    for (const input of inputs) this.#take(input)
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  #take(input: Input): void {
    switch (input.type) {
      case 'tick':
        return this.#tick(input.nowMs, input.wallMs)
      case 'peer-up':
        this.#links.set(input.link, input.hello)
        return
      case 'peer-down':
        this.#links.delete(input.link)
        return
      case 'peer-frame':
        return this.#frame(input.link, input.bytes)
      case 'read-done':
        return this.#read(input.id, input.results)
      case 'probe-done':
        return this.#answered(input.id, input.result)
      case 'admin': {
        const { id, request } = input
        const isAnonymous = request.type === 'authenticate' && request.credentials === null
        const known = { type: 'identity', identity: nobodyKnown } as const
        const result = isAnonymous ? known : { error: this.#refusal().toWire() }
        this.#outputs.push({ type: 'admin-reply', id, result })
        return
      }
      case 'drain':
        this.#outputs.push({ type: 'exit', code: 0, reason: 'stopped as asked' })
        return
      default:
        // Clients are not served, offers of a place not taken, and nothing is written.
        return
    }
  }

  #refusal(): HoldfastError {
    const { directory, reason } = this.#damage
    return new HoldfastError('DATA_DAMAGED', { directory, reason })
  }

  #tick(nowMs: number, wallMs: number): void {
    this.#nowMs = nowMs
    this.#wallMs = wallMs
    const others = knownPeers(this.#damage)
    if (this.#askAtMs < 0) this.#outputs.push({ type: 'peers', peers: others })
    if (nowMs < this.#askAtMs) return
    this.#askAtMs = nowMs + times.callTimeoutMs / 2
    this.#probes.clear()
    if (others.length === 0) this.#judge()
    for (const { node, address } of others) {
      this.#lastId++
      this.#probes.set(this.#lastId, node)
      this.#outputs.push({ type: 'probe-peer', id: this.#lastId, address, adopt: null })
    }
  }

  #answered(id: number, result: PeerHello | ProbeFailure): void {
    const node = this.#probes.get(id)
    if (node === undefined) return
    this.#probes.delete(id)
    this.#answers.set(node, result)
    // Only answers of one round count together.
    if (this.#probes.size === 0) this.#judge()
  }

  #judge(): void {
    const answers = [...this.#answers.values()].flatMap((answer) => {
      return 'error' in answer ? [] : [answer]
    })
    const hellos = [...answers, ...this.#strangers()]
    if (this.#isExpendable || !isExpendable(this.#damage, hellos, this.#seen())) return
    this.#isExpendable = true
    const reason = 'the other nodes can go on without the damaged data of this one'
    this.#outputs.push({ type: 'exit', code: 0, reason })
  }

  /** Those whom the directory does not know, that have joined since, and tell what they have. */
  *#strangers(): IterableIterator<PeerHello> {
    const known = knownPeers(this.#damage)
    const latest = new Map([...this.#links.values()].map((hello) => [hello.node ?? 0, hello]))
    for (const [id, hello] of latest) {
      const { atMs } = this.#told.get(id) ?? {}
      const isTelling = atMs !== undefined && atMs >= this.#toldSinceMs
      if (isTelling && !known.some(({ node }) => node === id)) yield hello
    }
  }

  /** What was told before this does not count. */
  get #toldSinceMs(): number {
    return this.#nowMs - times.statusValidMs
  }

  #seen(): readonly GroupReport[] {
    const sinceMs = this.#toldSinceMs
    return [...this.#told.values()].flatMap(({ atMs, groups }) => (atMs < sinceMs ? [] : groups))
  }

  #frame(link: number, bytes: Uint8Array): void {
    const node = this.#links.get(link)?.node ?? null
    if (node === null) return
    try {
      for (const message of readPeerFrame(bytes).messages) {
        if (message.type === 'call') this.#call(node, message.id, message.call)
        if (message.type !== 'cast' || message.cast.type !== 'status') continue
        this.#told.set(node, { atMs: this.#nowMs, groups: message.cast.groups })
      }
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      this.#outputs.push({ type: 'peer-close', link })
    }
  }

  #call(node: number, call: number, { type, ...rest }: Call): void {
    if (type !== 'fetch-entry' || !('index' in rest) || !('group' in rest)) {
      return this.#reply(node, call, errorResult(this.#refusal()))
    }
    const { group, index } = rest
    const known = this.#damage.groups?.find((found) => found.group === group)
    // It may well be there, and is only not known to be committed.
    if (known === undefined || index > known.commit) {
      return this.#reply(node, call, errorResult(this.#refusal()))
    }
    this.#lastId++
    this.#reads.set(this.#lastId, { node, call, group, index })
    const range = { first: index, last: index }
    const bytesMax = limits.readBytesMax
    this.#outputs.push({ type: 'read-entries', id: this.#lastId, group, range, bytesMax })
  }

  #read(id: number, [result]: readonly ReadResult[]): void {
    const served = this.#reads.get(id)
    this.#reads.delete(id)
    if (served === undefined) return
    const { node, call, group, index } = served
    if (result?.type !== 'entry') return this.#reply(node, call, missing(group, index))
    const writer = new ByteWriter()
    writeEntry(writer, result.entry)
    this.#reply(node, call, { type: 'entry', entry: join(writer.take()) })
  }

  #reply(node: number, id: number, result: CallResult): void {
    const writer = startFrame(this.#wallMs)
    writePeerMessage(writer, { type: 'result', id, result })
    const chunks = writer.take()
    this.#outputs.push({ type: 'peer-send', node, lane: 'gateway', chunks, after: null })
  }

  status(): ClusterStatus {
    const { identity, reason, directory } = this.#damage
    const { clusterId, node, incarnation } = identity
    const self: NodeStatus = { id: node, incarnation, state: 'damaged', ...this.#addresses }
    const others = knownPeers(this.#damage).map(({ node: id, address }) =>
      describe(id, address, this.#answers.get(id))
    )
    const advice = `holdfast recover --data ${directory} --accept-loss`
    return {
      clusterId,
      self: node,
      nodes: [self, ...others].sort((a, b) => a.id - b.id),
      groups: [],
      ready: false,
      notReadyReason: `the data of this node is damaged: ${reason}`,
      warnings: [
        `The data of node ${node} is damaged (${reason}), and a group has no majority without it.`,
        'It does not vote, and waits for the other nodes. If they are lost for good, stop it and ' +
          `run '${advice}', which tells what is lost.`
      ]
    }
  }
}

function missing(group: GroupId, index: number): CallResult {
  return errorResult(new HoldfastError('ENTRY_DAMAGED', { group, index }))
}

function describe(
  id: number,
  address: string,
  answer: PeerHello | ProbeFailure | undefined
): NodeStatus {
  if (answer === undefined || 'error' in answer || answer.node !== id) {
    return { id, incarnation: 0, state: 'down', client: '', peer: address, http: '' }
  }
  const { incarnation, client, peer, http, isDamaged } = answer
  const state = isDamaged === true ? 'damaged' : 'up'
  return { id, incarnation: incarnation ?? 0, state, client, peer, http }
}
