// Visits every state that three replicas can reach within bounds: whatever order messages come in,
// whichever are lost, whoever times out or crashes, whenever a disk is done. What one replica makes
// of an input is worked out once, however many states of the whole it occurs in; states that differ
// in the names of replicas only are one.
import type { Message } from '../../src/message.ts'
import { fingerprintOf, messageText, type Rename } from './fingerprint.ts'
import { violationOf } from './invariants.ts'
import { type Input, LocalReplica, voters } from './local-replica.ts'
import { ascending, hashOf, Numbers, renames } from './numbering.ts'

/** How much may happen in one history. */
export interface Bounds {
  readonly timeouts: number
  readonly crashes: number
  readonly proposals: number
  readonly beats: number
  /** Messages on their way at once; any of them may be lost at any time. */
  readonly messages: number
  readonly hasSymmetry: boolean
  /** The replicas break a rule, which must be found. */
  readonly speaksEarly: boolean
}

export interface Found {
  readonly states: number
  readonly transitions: number
  readonly depth: number
  /** States that one replica can be in. */
  readonly localStates: number
  /** Histories that were not followed because too much was on its way. */
  readonly cut: number
  readonly isComplete: boolean
  readonly violation: { readonly what: string; readonly history: readonly string[] } | null
}

const spendable = ['timeout', 'crash', 'propose', 'beat'] as const
type Spendable = (typeof spendable)[number]

interface LocalState {
  readonly parent: number
  readonly input: Input | null
  readonly replica: number
  /** Its number under each renaming. */
  readonly shapes: readonly number[]
  readonly can: ReadonlySet<string>
}

interface GlobalState {
  readonly locals: readonly number[]
  readonly messages: readonly number[]
  readonly spent: readonly number[]
  readonly parent: GlobalState | null
  /** What led here, and at which replica; null at the beginning. */
  readonly step: { readonly at: number; readonly input: Input } | null
}

export class Explorer {
  readonly #bounds: Bounds
  readonly #renames: readonly Rename[]
  readonly #texts = new Numbers()
  readonly #locals: LocalState[] = []
  readonly #localByShape = new Map<number, number>()
  readonly #messages: { readonly message: Message; readonly shapes: readonly number[] }[] = []
  readonly #messageByShape = new Map<number, number>()
  /** By local state and input: the state after it, and what was sent. */
  readonly #moves = new Map<string, { readonly to: number; readonly sent: readonly number[] }>()
  readonly #replicas = new Map<number, LocalReplica>()
  /** Hashes of states. */
  readonly #seen = new Set<number>()
  #transitions = 0
  #cut = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
    this.#renames = bounds.hasSymmetry ? renames : renames.slice(0, 1)
  }

  #make(id: number): LocalReplica {
    return new LocalReplica(id, this.#bounds.speaksEarly)
  }

  /** Stops early, incomplete, when `isOver` says so. */
  run(isOver: (states: number) => boolean = () => false): Found {
    const locals = voters.map((id) => this.#internLocal(this.#make(id), id))
    const first: GlobalState = {
      locals,
      messages: [],
      spent: [0, 0, 0, 0],
      parent: null,
      step: null
    }
    let level: GlobalState[] = []
    this.#visit(first, level)
    for (let depth = 0; level.length > 0; depth += 1) {
      const next: GlobalState[] = []
      for (const state of level) {
        const what = this.#violation(state)
        if (what !== null) return this.#found(depth, false, { what, history: historyOf(state) })
        if (isOver(this.#seen.size)) return this.#found(depth, false, null)
        this.#expand(state, next)
      }
      level = next
      if (level.length === 0) return this.#found(depth, true, null)
    }
    return this.#found(0, true, null)
  }

  #found(depth: number, isComplete: boolean, violation: Found['violation']): Found {
    const { size: states } = this.#seen
    const localStates = this.#locals.length
    const [transitions, cut] = [this.#transitions, this.#cut]
    return { states, transitions, depth, localStates, cut, isComplete, violation }
  }

  #violation({ locals, messages }: GlobalState): string | null {
    const replicas = locals.map((local) => this.#replicaOf(local))
    return violationOf(
      replicas,
      messages.flatMap((number) => this.#messages[number]?.message ?? [])
    )
  }

  #expand(state: GlobalState, next: GlobalState[]): void {
    for (let at = 0; at < voters.length; at += 1) {
      const local = this.#locals[state.locals[at] ?? 0]
      if (local?.can.has('persist')) this.#move(state, at, { type: 'persist' }, null, null, next)
      for (const type of spendable) {
        if (!local?.can.has(type) || !this.#mayAfford(state, type)) continue
        this.#move(state, at, { type }, null, type, next)
      }
    }
    let before = -1
    for (const number of state.messages) {
      const message = this.#messages[number]?.message
      if (number === before || message === undefined) continue
      before = number
      this.#lose(state, number, next)
      this.#move(state, message.to - 1, { type: 'deliver', message }, number, null, next)
    }
  }

  #mayAfford({ spent }: GlobalState, type: Spendable): boolean {
    const { timeouts, crashes, proposals, beats } = this.#bounds
    const limits = [timeouts, crashes, proposals, beats]
    const at = spendable.indexOf(type)
    return (spent[at] ?? 0) < (limits[at] ?? 0)
  }

  #move(
    state: GlobalState,
    at: number,
    input: Input,
    taken: number | null,
    cost: Spendable | null,
    next: GlobalState[]
  ): void {
    this.#transitions += 1
    const { to, sent } = this.#moveLocal(state.locals[at] ?? 0, input, taken)
    const rest = [...state.messages]
    if (taken !== null) rest.splice(rest.indexOf(taken), 1)
    const messages = [...rest, ...sent].sort((a, b) => a - b)
    if (messages.length > this.#bounds.messages) {
      this.#cut += 1
      return
    }
    const locals =
      state.locals.with?.(at, to) ?? state.locals.map((old, i) => (i === at ? to : old))
    const spent = state.spent.map((count, i) =>
      cost !== null && i === spendable.indexOf(cost) ? count + 1 : count
    )
    this.#visit({ locals, messages, spent, parent: state, step: { at, input } }, next)
  }

  #lose(state: GlobalState, number: number, next: GlobalState[]): void {
    this.#transitions += 1
    const messages = [...state.messages]
    messages.splice(messages.indexOf(number), 1)
    this.#visit({ ...state, messages }, next)
  }

  #visit(state: GlobalState, next: GlobalState[]): void {
    let key = Number.POSITIVE_INFINITY
    for (let at = 0; at < this.#renames.length; at += 1) {
      const shapes = state.locals.map((local) => this.#locals[local]?.shapes[at] ?? 0)
      const messages = state.messages.map((number) => this.#messages[number]?.shapes[at] ?? 0)
      shapes.sort(ascending)
      messages.sort(ascending)
      key = Math.min(key, hashOf([...shapes, ...state.spent, ...messages]))
    }
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    next.push(state)
  }

  #moveLocal(
    from: number,
    input: Input,
    message: number | null
  ): { readonly to: number; readonly sent: readonly number[] } {
    const key = `${from} ${message ?? input.type}`
    const known = this.#moves.get(key)
    if (known !== undefined) return known
    const replica = this.#replay(from)
    const messages = replica.apply(input)
    const sent = messages.map((each) => this.#internMessage(each))
    const to = this.#internLocal(replica, replica.id, from, input)
    const move = { to, sent }
    this.#moves.set(key, move)
    return move
  }

  #internMessage(message: Message): number {
    const shapes = this.#renames.map((rename) => this.#texts.of(messageText(message, rename)))
    const shape = shapes[0] ?? 0
    let number = this.#messageByShape.get(shape)
    if (number === undefined) {
      number = this.#messages.push({ message, shapes }) - 1
      this.#messageByShape.set(shape, number)
    }
    return number
  }

  #internLocal(
    local: LocalReplica,
    replica: number,
    parent: number = -1,
    input: Input | null = null
  ): number {
    const shapes = this.#renames.map((rename) => this.#texts.of(fingerprintOf(local, rename)))
    const shape = shapes[0] ?? 0
    let number = this.#localByShape.get(shape)
    if (number === undefined) {
      const types = ['persist', ...spendable] as const
      const can = new Set<string>(types.filter((type) => local.can(type)))
      number = this.#locals.push({ parent, input, replica, shapes, can }) - 1
      this.#localByShape.set(shape, number)
      this.#replicas.set(number, local)
    }
    return number
  }

  /** The replica as it is in this state, to be read only. */
  #replicaOf(number: number): LocalReplica {
    const known = this.#replicas.get(number)
    if (known !== undefined) return known
    const replica = this.#replay(number)
    this.#replicas.set(number, replica)
    return replica
  }

  /** A replica in this state that may be changed: a state cannot be copied, but repeated. */
  #replay(number: number): LocalReplica {
    const inputs: Input[] = []
    let at = number
    for (let local = this.#locals[at]; local?.input != null; local = this.#locals[at]) {
      inputs.push(local.input)
      at = local.parent
    }
    const replica = this.#make(this.#locals[at]?.replica ?? 0)
    for (const input of inputs.reverse()) replica.apply(input)
    return replica
  }
}

function historyOf(state: GlobalState): string[] {
  const steps: string[] = []
  for (let from: GlobalState | null = state; from !== null; from = from.parent) {
    if (from.step === null) break
    const { at, input } = from.step
    const what = input.type === 'deliver' ? messageText(input.message, (id) => id) : input.type
    steps.push(`${at + 1}: ${what}`)
  }
  return steps.reverse()
}
