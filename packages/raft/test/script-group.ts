// A group that a script moves by hand: each command does one thing to one replica, and says what
// came of it. Nothing is delivered or written unless a script says `stabilize`, `deliver` or
// `persist`.
//
//   replicas 3 [blank 1] [batch 1] [quiet]   voters 1…3 of an agreed configuration, then blank
//                                    ones; quiet: a commit index alone is not broadcast
//   campaign 1 | tick 1 10 | leader-gone 2 | hasten 1 | propose 1 a b | transfer 1 2 | read 1 7
//   change 1 voters 1 2 learners 3   propose a configuration
//   step                             every replica: take readies, write, deliver one round
//   stabilize [1 2]                  step until nothing moves, among these replicas only
//   take 1 | persist 1 [once] | deliver 1   ready without writing; finish its writes (or the oldest
//                                    only); step its messages
//   drop [to 3] [type append-request] | duplicate | crash 1 | restart 1 | cut 1 | heal
//   snapshot 1 [keep 2] | forget 1 | unreachable 1 2 | refuse 1 | install 1
//   status | log 1 | progress 1
import { assert } from '@holdfast/errors'
import {
  blankState,
  describeId,
  describeMessage,
  type Entry,
  encodeConfiguration,
  type Message,
  Raft,
  type RaftConfig,
  type RaftInitialState,
  type ReplicaId
} from '../src/index.ts'
import {
  beginInstall,
  bytesOf,
  describeProposal,
  logLines,
  type Member,
  option,
  progressLines,
  statusLine,
  takeSnapshot
} from './script-member.ts'
import { SimulatedDisk } from './simulated-disk.ts'

export class ScriptGroup {
  readonly #members = new Map<ReplicaId, Member>()
  #network: Message[] = []
  #out: string[] = []
  #batch = 1024
  #isQuiet = false

  run(command: string): string {
    this.#out = []
    const [name = '', ...words] = command.split(/\s+/)
    this.#execute(name, words)
    return this.#out.join('\n')
  }

  #execute(name: string, words: readonly string[]): void {
    const numbers = words.map(Number)
    const [first = 0, second = 0] = numbers

    switch (name) {
      case 'replicas':
        this.#isQuiet = words.includes('quiet')
        this.#create(first, option(words, 'blank') ?? 0, option(words, 'batch'))
        return
      case 'step':
        this.#round(this.#ids([]))
        return
      case 'stabilize': {
        let rounds = 0
        while (this.#round(this.#ids(numbers))) assert(++rounds < 100, 'a script comes to rest')
        return
      }
      case 'drop':
      case 'duplicate':
        this.#tamper(name, words)
        return
      case 'heal':
        for (const member of this.#members.values()) member.isCut = false
        return
      case 'status':
        this.#out.push(...[...this.#members.values()].map(statusLine))
        return
      default:
        this.#act(this.#member(first), name, words.slice(1), second)
        return
    }
  }

  #act(member: Member, name: string, words: readonly string[], number: number): void {
    const { raft, disk } = member
    switch (name) {
      case 'campaign':
        raft.campaign()
        return
      case 'tick':
        for (let count = words.length === 0 ? 1 : number; count > 0; count--) raft.tick()
        return
      case 'leader-gone':
        return raft.leaderGone()
      case 'hasten':
        return raft.hasten()
      case 'propose':
        for (const word of words) this.#out.push(describeProposal(raft.propose(bytesOf(word))))
        return
      case 'change': {
        const at = words.includes('learners') ? words.indexOf('learners') : words.length
        const voters = words.slice(1, at).map(Number)
        const learners = words.slice(at + 1).map(Number)
        this.#out.push(describeProposal(raft.proposeConfiguration({ voters, learners })))
        return
      }
      case 'transfer':
        this.#out.push(raft.transfer(number) ? 'begun' : 'refused')
        return
      case 'read':
        raft.requestRead(number)
        return
      case 'take':
        this.#take(member)
        return
      case 'persist':
        this.#persist(member, words.includes('once') ? 1 : 100)
        this.#apply(member)
        return
      case 'deliver':
        this.#deliver(member)
        return
      case 'crash':
        disk.crash(0)
        member.isUp = false
        member.offer = null
        return
      case 'restart':
        member.raft = new Raft(this.#config(member.id), disk.recover())
        member.isUp = true
        return
      case 'cut':
        member.isCut = true
        return
      case 'snapshot':
        this.#out.push(takeSnapshot(member, option(words, 'keep') ?? 0))
        return
      case 'forget':
        raft.forgetBodies(raft.appliedIndex)
        return
      case 'unreachable':
        raft.reportUnreachable(number)
        return
      case 'install':
        this.#out.push(beginInstall(member))
        return
      case 'refuse':
        raft.snapshotRefused(member.offer?.from ?? 0)
        return
      case 'log':
        this.#out.push(...logLines(member))
        return
      case 'progress':
        this.#out.push(...progressLines(member))
        return
      default:
        assert(false, `no command ${name}`)
    }
  }

  #config(id: ReplicaId): RaftConfig {
    return {
      id,
      electionTimeoutTicks: 10,
      heartbeatIntervalTicks: 2,
      appendBytesMax: this.#batch,
      inflightRequestsMax: 4,
      inflightBytesMax: 1024,
      uncommittedBytesMax: 4096,
      broadcastCommit: !this.#isQuiet,
      random: () => (id - 1) / 10
    }
  }

  /** Voters begin with an agreed configuration at index 1, as if it had been committed long ago. */
  #create(count: number, blank: number, batch: number | undefined): void {
    this.#batch = batch ?? this.#batch
    const voters = Array.from({ length: count }, (_, at) => at + 1)
    const data = encodeConfiguration({ voters, outgoing: [], learners: [] })
    const entry: Entry = { index: 1, term: 1, type: 'configuration', data }
    const grown: RaftInitialState = {
      ...blankState(),
      hardState: { term: 1, vote: null, commit: 1 },
      terms: [{ firstIndex: 1, term: 1 }],
      lastIndex: 1,
      entries: [entry]
    }
    for (let id = 1; id <= count + blank; id++) {
      const initial = id <= count ? grown : blankState()
      const disk = new SimulatedDisk(initial)
      disk.hardState = initial.hardState
      disk.entries = [...initial.entries]
      const raft = new Raft(this.#config(id), initial)
      const member = { id, disk, raft, isUp: true, isCut: false, loads: [], offer: null }
      this.#members.set(id, member)
      // No lease of earlier leaders matters to a script.
      for (let tick = 0; tick < 10 && id <= count; tick++) raft.tick()
      this.#apply(member)
    }
  }

  #member(id: number): Member {
    const member = this.#members.get(id)
    assert(member !== undefined, `there is no replica ${id}`)
    return member
  }

  #ids(chosen: readonly number[]): readonly number[] {
    return chosen.length > 0 ? chosen : [...this.#members.keys()]
  }

  /** One round among some replicas; false if nothing moved. */
  #round(ids: readonly number[]): boolean {
    let isMoved = false
    for (const id of ids) {
      const member = this.#member(id)
      if (!member.isUp) continue
      isMoved = this.#take(member) || isMoved
      isMoved = this.#persist(member, 100) || isMoved
      this.#apply(member)
    }
    for (const id of ids) isMoved = this.#deliver(this.#member(id)) || isMoved
    return isMoved
  }

  #take(member: Member): boolean {
    const { raft, disk } = member
    if (!member.isUp || !raft.hasReady) return false
    const ready = raft.ready()
    disk.submit({ type: 'ready', ready })
    for (const message of ready.messages) this.#send(message)
    for (const read of ready.reads) this.#out.push(`${raft.id} read ${read.id}: ${read.index}`)
    member.loads.push(...ready.loads)
    for (const load of member.loads.splice(0)) {
      const entries = disk.entries.filter(
        ({ index }) => index >= load.firstIndex && index <= load.lastIndex
      )
      this.#out.push(`${raft.id} loads ${load.firstIndex}…${load.lastIndex} for ${load.replica}`)
      raft.supply(load.replica, entries)
    }
    if (ready.offeredSnapshot !== null) {
      member.offer = ready.offeredSnapshot
      const { from, snapshot } = ready.offeredSnapshot
      this.#out.push(`${raft.id} is offered ${describeId(snapshot.id)} by ${from}`)
    }
    return true
  }

  #send(message: Message): void {
    this.#out.push(describeMessage(message))
    this.#network.push(message)
  }

  #persist(member: Member, writesMax: number): boolean {
    let isMoved = false
    for (let count = 0; count < writesMax; count++) {
      const write = member.disk.complete()
      if (write === undefined) break
      isMoved = true
      for (const message of SimulatedDisk.messagesOf(write)) this.#send(message)
      if (write.type === 'ready') member.raft.persisted(write.ready.number)
      else member.raft.installed(write.meta)
    }
    return isMoved
  }

  #apply({ raft }: Member): void {
    if (raft.applicableIndex <= raft.appliedIndex) return
    this.#out.push(`${raft.id} applies ${raft.appliedIndex + 1}…${raft.applicableIndex}`)
    raft.applied(raft.applicableIndex)
  }

  #deliver(member: Member): boolean {
    const mine = this.#network.filter((message) => message.to === member.id)
    this.#network = this.#network.filter((message) => message.to !== member.id)
    for (const message of mine) {
      const isCut = member.isCut || this.#member(message.from).isCut
      if (member.isUp && !isCut) member.raft.step(message)
    }
    this.#apply(member)
    return mine.length > 0
  }

  #tamper(name: 'drop' | 'duplicate', words: readonly string[]): void {
    const to = option(words, 'to')
    const at = words.indexOf('type')
    const type = at === -1 ? undefined : words[at + 1]
    const isMeant = (message: Message): boolean =>
      (to === undefined || message.to === to) && (type === undefined || message.type === type)
    const meant = this.#network.filter(isMeant)
    for (const message of meant) this.#out.push(`${name} ${describeMessage(message)}`)
    if (name === 'duplicate') this.#network.push(...meant)
    else this.#network = this.#network.filter((message) => !isMeant(message))
  }
}
