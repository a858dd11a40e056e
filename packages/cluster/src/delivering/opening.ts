// How a queue opens at a new leader. After an election nothing is handed out until the consumers
// that the log knows are back with what they hold, and the gateways have said so of others, or a
// grace has ended; then what nobody claimed is returned, flagged, by one committed command.
import { type QueueView, shardLimits } from '@holdfast/broker'
import { type Core, log } from '../core.ts'
import type { GroupId } from '../log-store.ts'
import { keyText } from './consumer.ts'
import { graceMs } from './grace.ts'
import type { HeldDeliveries } from './held-deliveries.ts'
import type { Roster } from './roster.ts'
import type { Commit } from './settling.ts'

/** `waiting`: consumers may still come back; `returning`: the unclaimed are on their way back. */
type Phase = 'waiting' | 'returning' | 'open'

/** The queue that opens. */
export interface OpeningQueue {
  readonly group: GroupId
  readonly queue: QueueView
  readonly roster: Roster
  readonly held: HeldDeliveries
  readonly commit: Commit
  readonly opened: () => void
}

export class Opening {
  readonly #core: Core
  readonly #opens: OpeningQueue
  readonly #sinceMs: number
  #phase: Phase = 'waiting'
  /** Nobody may be missing that the log knows, and yet somebody hold something. */
  #waitsOut = false

  constructor(core: Core, opens: OpeningQueue) {
    this.#core = core
    this.#opens = opens
    this.#sinceMs = core.clock.nowMs
  }

  get isWaiting(): boolean {
    return this.#phase === 'waiting'
  }

  /** Waits until the grace has ended, whoever is back before. */
  waitOut(): void {
    this.#waitsOut = true
  }

  get hasOpened(): boolean {
    return this.#phase === 'open'
  }

  /** Whether deliveries may be handed out. Begins to open the queue where nobody is missing. */
  get isOpen(): boolean {
    if (this.isWaiting) this.#try()
    return this.#phase === 'open'
  }

  #try(): void {
    const { group, queue, roster, held, commit } = this.#opens
    const attached = new Set(roster.consumers.map(({ key }) => keyText(key)))
    const missing = [...queue.consumers.values()].filter((key) => !attached.has(keyText(key)))
    // Whose attachment is on its way through the log would be ended by a command behind it.
    const isComing = missing.some((key) => this.#core.deliveries.expects(group, queue.id, key))
    const isRollOver = this.#core.rollCalls.isOver(group)
    const isWaited = missing.length > 0 || this.#waitsOut || !isRollOver
    const waitedMs = this.#core.clock.nowMs - this.#sinceMs
    if (isComing || (isWaited && waitedMs < graceMs(queue, missing.length))) return
    this.#phase = 'returning'
    if (missing.length > 0) {
      const fields = { group, vhost: queue.vhost, queue: queue.name, consumers: missing.length }
      log(this.#core, 'info', 'a queue opens without consumers that did not come back', fields)
    }
    for (const { session, tag } of missing) {
      const consumer = { session, tag }
      const end = { type: 'detach-consumer', queue: queue.id, consumer, release: [] } as const
      commit(end, () => undefined)
    }
    const head = queue.nextLive(1)
    if (head === null || head > queue.mark) return this.#open()
    this.#returnUnclaimed(partsOf(held.ranges()))
  }

  #returnUnclaimed([claimed = [], ...rest]: readonly (readonly number[])[]): void {
    const { queue, commit } = this.#opens
    commit({ type: 'return-unclaimed', queue: queue.id, claimed }, () => {
      if (rest.length > 0) this.#returnUnclaimed(rest)
      else this.#open()
    })
  }

  #open(): void {
    this.#phase = 'open'
    // What is due and might have been held was passed over.
    const { group, queue } = this.#opens
    this.#core.groups.shardHost(group)?.machine.tellDueAgain(queue.id)
    this.#opens.opened()
  }
}

/**
 * A command names a bounded number of ranges. What lies between more of them is returned in parts,
 * each of which leaves out what is below and above its own.
 */
export function partsOf(claimed: readonly number[]): readonly (readonly number[])[] {
  if (claimed.length <= 2 * shardLimits.rangesMax) return [claimed]
  const length = 2 * (shardLimits.rangesMax - 2)
  const parts: number[][] = []
  for (let at = 0; at < claimed.length; at += length) {
    const below = at === 0 ? [] : [1, claimed[at - 1] ?? 0]
    const own = claimed.slice(at, at + length)
    const isLast = at + length >= claimed.length
    const above = isLast ? [] : [(own.at(-1) ?? 0) + 1, Number.MAX_SAFE_INTEGER]
    parts.push([...below, ...own, ...above])
  }
  return parts
}
