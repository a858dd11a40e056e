// Reads from the store: asked for as outputs, answered as inputs, matched by id.
import type { Core } from '../core.ts'
import type {
  GroupId,
  IndexRange,
  OfferedSnapshot,
  ReadResult,
  RetainedEntry
} from '../log-store.ts'

interface PendingRetained {
  readonly group: GroupId
  readonly done: (entries: readonly RetainedEntry[]) => void
}

export class StoreReads {
  readonly #core: Core
  readonly #pending = new Map<number, (results: readonly ReadResult[]) => void>()
  readonly #pendingRetained = new Map<number, PendingRetained>()
  #lastId = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** Consecutive entries from `range.first` on, as many as fit into `bytesMax`, at least one. */
  entries(
    group: GroupId,
    range: IndexRange,
    bytesMax: number,
    done: (results: readonly ReadResult[]) => void
  ): void {
    this.#lastId++
    this.#pending.set(this.#lastId, done)
    this.#core.outputs.push({ type: 'read-entries', id: this.#lastId, group, range, bytesMax })
  }

  blobs(
    group: GroupId,
    ids: readonly number[],
    done: (results: readonly ReadResult[]) => void
  ): void {
    this.#lastId++
    this.#pending.set(this.#lastId, done)
    this.#core.outputs.push({ type: 'read-blobs', id: this.#lastId, group, ids })
  }

  retained(
    group: GroupId,
    from: number,
    countMax: number,
    done: (entries: readonly RetainedEntry[]) => void
  ): void {
    this.#lastId++
    this.#pendingRetained.set(this.#lastId, { group, done })
    this.#core.outputs.push({ type: 'read-retained', id: this.#lastId, group, from, countMax })
  }

  staged(
    group: GroupId,
    offer: OfferedSnapshot,
    ids: readonly number[],
    done: (results: readonly ReadResult[]) => void
  ): void {
    this.#lastId++
    this.#pending.set(this.#lastId, done)
    this.#core.outputs.push({ type: 'read-staged', id: this.#lastId, group, offer, ids })
  }

  held(
    group: GroupId,
    indexes: readonly number[],
    done: (entries: readonly RetainedEntry[]) => void
  ): void {
    this.#lastId++
    this.#pendingRetained.set(this.#lastId, { group, done })
    this.#core.outputs.push({ type: 'read-held', id: this.#lastId, group, indexes })
  }

  done(id: number, results: readonly ReadResult[]): void {
    const done = this.#pending.get(id)
    this.#pending.delete(id)
    done?.(results)
  }

  retainedDone(id: number, entries: readonly RetainedEntry[]): void {
    const pending = this.#pendingRetained.get(id)
    this.#pendingRetained.delete(id)
    pending?.done(entries)
  }

  /**
   * The replica left its group: what its store had is no answer any more, least of all if that
   * is nothing.
   */
  forget(group: GroupId): void {
    for (const [id, pending] of this.#pendingRetained) {
      if (pending.group === group) this.#pendingRetained.delete(id)
    }
  }
}
