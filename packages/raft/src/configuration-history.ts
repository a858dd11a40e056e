// Configurations by the index of the entry that brought them. A replica always uses the latest one
// in its log, committed or not (Raft §6); truncating the log rolls it back, so it is derived from
// the log and never kept apart from it.
import { assert } from '@holdfast/errors'
import type { Configuration } from './entry.ts'

export interface ConfigurationAt {
  /** Entry that brought it; zero or the snapshot's index for the first. */
  readonly index: number
  readonly configuration: Configuration
}

export class ConfigurationHistory {
  /** Ascending by index, never empty. The first holds from its index on. */
  #list: ConfigurationAt[]

  constructor(base: ConfigurationAt) {
    this.#list = [base]
  }

  /** The effective configuration: the latest in the log. */
  get latest(): Configuration {
    return this.latestAt.configuration
  }

  get latestAt(): ConfigurationAt {
    const last = this.#list[this.#list.length - 1]
    assert(last !== undefined, 'a history has at least one configuration')
    return last
  }

  /** The configuration in force at an index that has not been forgotten. */
  at(index: number): ConfigurationAt {
    const found = this.#list.findLast((item) => item.index <= index)
    assert(found !== undefined, 'the configuration at this index has not been forgotten')
    return found
  }

  /**
   * Every configuration that may be in force on some replica: the one at `index` and all later
   * ones.
   */
  from(index: number): readonly ConfigurationAt[] {
    const first = this.#list.findLastIndex((item) => item.index <= index)
    return this.#list.slice(Math.max(0, first))
  }

  note(index: number, configuration: Configuration): void {
    assert(index > this.latestAt.index, 'configurations are noted in the order of the log')
    this.#list.push({ index, configuration })
  }

  /** Entries from `index` on are void. */
  truncateFrom(index: number): void {
    while (this.latestAt.index >= index) {
      assert(this.#list.length > 1, 'the first configuration is committed and cannot be truncated')
      this.#list.pop()
    }
  }

  /** Nobody asks for what was in force before `index` any more. */
  forgetBefore(index: number): void {
    const keep = this.#list.findLastIndex((item) => item.index <= index)
    if (keep > 0) this.#list.splice(0, keep)
  }

  reset(base: ConfigurationAt): void {
    this.#list = [base]
  }
}
