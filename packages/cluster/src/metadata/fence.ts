// The fence before 'not found' and 'routed nowhere': this node asks the metadata leader how far the
// metadata is, and waits until it has applied that much itself (Raft read index, thesis §6.4). One
// fence is in flight at a time; who comes meanwhile waits for the next, because the one in flight
// may be older than what he must see.
import { auditedFence } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'

/** `isCurrent` false: there is no metadata leader to ask; the honest answer is 'unavailable'. */
export type OnFence = (isCurrent: boolean) => void

export class Fence {
  readonly #core: Core
  #running: OnFence[] = []
  #next: OnFence[] = []
  /** Begins at the epoch of this process: no answer to an earlier one is taken for its own. */
  #id: number
  /** First question of the fence in flight: an answer to any of its questions will do. */
  #firstId = 0
  #startedMs = 0
  /** The read index, once known; null while asking. */
  #index: number | null = null

  constructor(core: Core) {
    this.#core = core
    this.#id = core.options.processEpoch
  }

  wait(done: OnFence): void {
    this.#next.push(auditedFence(this.#core, done))
    if (this.#running.length === 0) this.#start()
  }

  #start(): void {
    this.#running = this.#next
    this.#next = []
    this.#startedMs = this.#core.clock.nowMs
    this.#firstId = this.#id + 1
    this.#ask()
  }

  #ask(): void {
    this.#id++
    this.#index = null
    this.#core.metadata.group?.raft.requestRead(this.#id)
  }

  /**
   * Raft answered a read; null means ask again. The answer may take longer than it takes to ask
   * again.
   */
  readIndex(id: number, index: number | null): void {
    if (id < this.#firstId || this.#running.length === 0 || index === null) return
    if (this.#index === null) this.#index = index
    this.flush()
  }

  /** At the end of a step: has the machine come far enough? */
  flush(): void {
    if (this.#index === null || this.#running.length === 0) return
    if (this.#core.metadata.appliedIndex >= this.#index) this.#end(true)
  }

  tick(): void {
    if (this.#running.length === 0) return
    const waitedMs = this.#core.clock.nowMs - this.#startedMs
    if (waitedMs >= times.callTimeoutMs) return this.#end(false)
    if (this.#index === null && waitedMs >= times.tickMs) this.#ask()
  }

  #end(isCurrent: boolean): void {
    const running = this.#running
    this.#running = []
    this.#index = null
    for (const done of running) done(isCurrent)
    if (this.#next.length > 0 && this.#running.length === 0) this.#start()
  }
}
