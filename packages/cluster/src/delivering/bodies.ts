// Bodies of log entries for deliveries: from the log's memory while they are fresh, else read back
// from the store, ahead of need, into a cache with a bound for the whole node. One that neither the
// store nor any replica has intact is lost; it is looked for now and then, should one be put back.
import type { Entry } from '@holdfast/raft'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'

/** `lost`: all replicas were asked again and again, and none has it intact. */
export type Body = Uint8Array | 'reading' | 'lost'

interface Lost {
  readonly group: GroupId
  readonly index: number
  readonly waiting: (() => void)[]
}

export class Bodies {
  readonly #core: Core
  /** In order of last use; the key is group and index. */
  readonly #cache = new Map<string, Uint8Array>()
  #cacheBytes = 0
  readonly #reading = new Map<string, (() => void)[]>()
  readonly #lost = new Map<string, Lost>()
  /**
   * How often no replica had an entry intact: reads can fail that succeed the next time. In order
   * of the last search, only of groups that this node leads.
   */
  readonly #suspected = new Map<string, number>()
  #isSearching = false

  constructor(core: Core) {
    this.#core = core
  }

  /**
   * The entry's data. While it is read, `arrived` is called once it may be there; when it is lost,
   * once it was found.
   */
  get(group: GroupId, index: number, arrived: () => void): Body {
    const entry = this.#core.groups.get(group)?.raft.entry(index)
    if (entry != null) return entry.data
    const key = `${group}:${index}`
    const cached = this.#cache.get(key)
    if (cached !== undefined) {
      this.#cache.delete(key)
      this.#cache.set(key, cached)
      return cached
    }
    const lost = this.#lost.get(key)
    if (lost !== undefined) {
      lost.waiting.push(arrived)
      return 'lost'
    }
    this.#read(group, index, key, arrived)
    return 'reading'
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
      else this.#missing(group, index, key, done)
    })
  }

  /** The store does not have it intact: another replica has (storage rule S8). */
  #missing(group: GroupId, index: number, key: string, done: readonly (() => void)[]): void {
    log(this.#core, 'error', 'an entry is damaged here; asking the other replicas', {
      group,
      index
    })
    this.#core.repair.fetch(group, index, (entry, isLost) => {
      if (entry !== null) this.#keep(group, entry)
      const searches = (this.#suspected.get(key) ?? 0) + (isLost ? 1 : 0)
      const isCertain = searches >= limits.lostSearches
      if (isCertain) this.#lose(key, { group, index, waiting: [] })
      else if (isLost && this.#isWanted(group, index)) this.#suspect(key, searches)
      // As long as somebody may have it, those behind wait with it, in their order.
      const delayMs = entry === null && !isCertain ? times.balanceMs : 0
      this.#core.timers.after(delayMs, () => {
        for (const run of done) run()
      })
    })
  }

  #suspect(key: string, searches: number): void {
    this.#suspected.delete(key)
    this.#suspected.set(key, searches)
    const [oldest] = this.#suspected.keys()
    const isFull = this.#suspected.size > limits.suspectedEntriesMax
    if (isFull && oldest !== undefined) this.#suspected.delete(oldest)
  }

  /** Who leads the group now searches anew. */
  leadershipChanged(group: GroupId): void {
    for (const key of this.#suspected.keys()) {
      if (key.startsWith(`${group}:`)) this.#suspected.delete(key)
    }
  }

  /** Whether there is anything to deliver of it here: who leads the group now looks for it. */
  #isWanted(group: GroupId, index: number): boolean {
    const { groups } = this.#core
    if (groups.get(group)?.isLeading !== true) return false
    return (groups.shardHost(group)?.machine.liveInEntry(index) ?? 0) > 0
  }

  #lose(key: string, lost: Lost): void {
    const { group, index } = lost
    this.#suspected.delete(key)
    log(this.#core, 'error', 'no replica has an entry intact; its messages wait', { group, index })
    this.#lost.set(key, lost)
    this.#core.counters.lostEntries = this.#lost.size
    this.#searchLater()
  }

  #searchLater(): void {
    if (this.#isSearching || this.#lost.size === 0) return
    this.#isSearching = true
    this.#core.timers.after(times.balanceMs, () => this.#search([...this.#lost]))
  }

  /** One after the other, however many there are. */
  #search(left: [string, Lost][]): void {
    const [key, lost] = left.pop() ?? []
    if (key === undefined || lost === undefined) {
      this.#isSearching = false
      return this.#searchLater()
    }
    const { group, index, waiting } = lost
    if (!this.#isWanted(group, index)) {
      this.#forget(key)
      this.#core.timers.after(0, () => this.#search(left))
      return
    }
    this.#look(group, index, (entry) => {
      if (entry !== null) {
        this.#forget(key)
        this.#keep(group, entry)
        for (const run of waiting) run()
      }
      this.#search(left)
    })
  }

  #look(group: GroupId, index: number, done: (entry: Entry | null) => void): void {
    const range = { first: index, last: index }
    this.#core.reads.entries(group, range, limits.readBytesMax, ([own]) => {
      if (own?.type === 'entry') return done(own.entry)
      this.#core.repair.fetch(group, index, done)
    })
  }

  #forget(key: string): void {
    this.#lost.delete(key)
    this.#core.counters.lostEntries = this.#lost.size
  }

  #keep(group: GroupId, entry: Entry): void {
    const key = `${group}:${entry.index}`
    this.#suspected.delete(key)
    if (!this.#cache.delete(key)) this.#cacheBytes += entry.data.length
    this.#cache.set(key, entry.data)
    for (const [oldest, data] of this.#cache) {
      if (this.#cacheBytes <= this.#core.tuning.readCacheBytesMax || this.#cache.size <= 1) break
      this.#cache.delete(oldest)
      this.#cacheBytes -= data.length
    }
  }
}
