// Bodies of log entries for deliveries: from the log's memory while they are fresh, else read back
// from the store, ahead of need, into a cache with a bound for the whole node.
import type { Entry } from '@holdfast/raft'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'

export class Bodies {
  readonly #core: Core
  /** In order of last use; the key is group and index. */
  readonly #cache = new Map<string, Uint8Array>()
  #cacheBytes = 0
  readonly #reading = new Map<string, (() => void)[]>()

  constructor(core: Core) {
    this.#core = core
  }

  /** The entry's data, or null: then `arrived` is called once it may be there. */
  get(group: GroupId, index: number, arrived: () => void): Uint8Array | null {
    const entry = this.#core.groups.get(group)?.raft.entry(index)
    if (entry != null) return entry.data
    const key = `${group}:${index}`
    const cached = this.#cache.get(key)
    if (cached !== undefined) {
      this.#cache.delete(key)
      this.#cache.set(key, cached)
      return cached
    }
    this.#read(group, index, key, arrived)
    return null
  }

  #read(group: GroupId, index: number, key: string, arrived: () => void): void {
    const waiting = this.#reading.get(key)
    if (waiting !== undefined) {
      waiting.push(arrived)
      return
    }
    this.#reading.set(key, [arrived])
    const last = this.#core.groups.get(group)?.raft.appliedIndex ?? index
    const range = { first: index, last: Math.max(index, last) }
    const bytesMax = Math.min(limits.readBytesMax, this.#core.tuning.readCacheBytesMax / 4)
    this.#core.reads.entries(group, range, bytesMax, (results) => {
      const done = this.#reading.get(key) ?? []
      this.#reading.delete(key)
      const entries: Entry[] = []
      for (const result of results) {
        if (result.type !== 'entry') break
        entries.push(result.entry)
      }
      // The one that is waited for comes last, so that what was read ahead makes room for it.
      for (const entry of entries.reverse()) this.#keep(group, entry)
      if (entries.length > 0) for (const run of done) run()
      else this.#missing(group, index, done)
    })
  }

  /** The store does not have it intact: another replica has (storage rule S8). */
  #missing(group: GroupId, index: number, done: readonly (() => void)[]): void {
    log(this.#core, 'error', 'an entry is damaged here; asking the other replicas', {
      group,
      index
    })
    this.#core.repair.fetch(group, index, (entry) => {
      if (entry !== null) this.#keep(group, entry)
      const delayMs = entry === null ? times.balanceMs : 0
      this.#core.timers.after(delayMs, () => {
        for (const run of done) run()
      })
    })
  }

  #keep(group: GroupId, entry: Entry): void {
    const key = `${group}:${entry.index}`
    if (!this.#cache.delete(key)) this.#cacheBytes += entry.data.length
    this.#cache.set(key, entry.data)
    for (const [oldest, data] of this.#cache) {
      if (this.#cacheBytes <= this.#core.tuning.readCacheBytesMax || this.#cache.size <= 1) break
      this.#cache.delete(oldest)
      this.#cacheBytes -= data.length
    }
  }
}
