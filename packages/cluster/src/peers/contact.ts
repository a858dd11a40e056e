// Whether the cluster may be at work without this node. Its clients cannot see that it is cut off,
// and it can do nothing for them: they are sent to other nodes, which take what they repeat. That
// is worth it only where a majority may be found elsewhere: nodes that are known to have ended,
// because nothing listens where they were, lead nobody.
import { isQuorum } from '@holdfast/raft'
import { nodeOf } from '../consensus/replica-id.ts'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { times } from '../limits.ts'

export class Contact {
  readonly #core: Core
  /** Ticks in which this process was not held up: who could not listen has heard nothing. */
  #ticks = 0
  /** Tick in which each node was heard last; from the start on where it never was. */
  readonly #heardTick = new Map<number, number>()
  readonly #gone = new Set<number>()
  #isCutOff = false

  constructor(core: Core) {
    this.#core = core
  }

  /** Voters that are silent, and not known to have ended, are a majority. */
  get isCutOff(): boolean {
    return this.#isCutOff
  }

  heard(node: number): void {
    this.#heardTick.set(node, this.#ticks)
    this.#gone.delete(node)
  }

  /** Whether the node was heard of late. */
  isHeard(node: number): boolean {
    const heardTick = this.#heardTick.get(node)
    return heardTick !== undefined && this.#ticks - heardTick < times.contactTicks
  }

  /** Whether the node has ended, or else has sent its clients away by now. */
  isLost(node: number): boolean {
    const silentTicks = this.#ticks - (this.#heardTick.get(node) ?? 0)
    return silentTicks >= (this.#gone.has(node) ? times.contactTicks : times.lostTicks)
  }

  /** The process of a node has ended. */
  gone(node: number): void {
    this.#gone.add(node)
  }

  tick(ticks: number): void {
    this.#ticks += Math.min(ticks, times.awakeTicksMax)
    const wasCutOff = this.#isCutOff
    this.#isCutOff = this.#isMajoritySilent()
    if (this.#isCutOff === wasCutOff) return
    const what = this.#isCutOff ? 'hears no majority; its clients go elsewhere' : 'hears the others'
    log(this.#core, 'info', what)
    if (this.#isCutOff) this.#core.sessions.sendAway()
  }

  #isMajoritySilent(): boolean {
    const { group } = this.#core.metadata
    const self = this.#core.identity?.node
    if (group === null) return false
    return isQuorum(group.raft.configuration, (replica) => {
      const node = nodeOf(replica)
      const silentTicks = this.#ticks - (this.#heardTick.get(node) ?? 0)
      return node !== self && !this.#gone.has(node) && silentTicks >= times.contactTicks
    })
  }
}
