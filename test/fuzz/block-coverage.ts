// Which blocks of our own code have run, from V8's own counters (inspector protocol,
// `Profiler.startPreciseCoverage` without call counts): they need no instrumented copy of the code,
// and cost a few per cent. Reading them takes a millisecond or two, so it is done after a batch of
// inputs and not after each.
import { Session } from 'node:inspector'

interface CoverageRange {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface FunctionCoverage {
  readonly ranges: readonly CoverageRange[]
}

interface ScriptCoverage {
  readonly scriptId: string
  readonly url: string
  readonly functions: readonly FunctionCoverage[]
}

/** What has run since the reading before, by function. */
export type CoverageReading = readonly (readonly [id: string, ranges: readonly CoverageRange[]])[]

/**
 * Compiled sources of packages, and the library that takes WebSockets apart for us; the tests' own
 * code and that of others do not count.
 */
const ownCode: RegExp = /\/packages\/[a-z]+\/dist\/src\/|\/node_modules\/ws\/lib\//

export class BlockCoverage {
  readonly #session = new Session()
  /** By function: a byte for each character of its source, 1 where it has run. */
  readonly #covered = new Map<string, Uint8Array>()
  /** Readings of functions that are known to bring nothing new. */
  readonly #known = new Set<string>()
  #characters = 0

  readonly #interest: RegExp

  /** `interest` is what URLs of scripts must match. */
  constructor(interest: RegExp = ownCode) {
    this.#interest = interest
  }

  /** To be called before the code that matters is loaded. */
  start(): void {
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: false, detailed: true })
  }

  stop(): void {
    this.#session.disconnect()
  }

  /** Begins anew: everything is new again. */
  forget(): void {
    this.read()
    this.#covered.clear()
    this.#known.clear()
    this.#characters = 0
  }

  /** Characters of the code of interest that have run: whole blocks at a time. */
  get characters(): number {
    return this.#characters
  }

  /** What has run since the last call. */
  read(): CoverageReading {
    const { result } = this.#post('Profiler.takePreciseCoverage') as {
      readonly result: readonly ScriptCoverage[]
    }
    const reading: [string, readonly CoverageRange[]][] = []
    for (const { scriptId, url, functions } of result) {
      if (!this.#interest.test(url)) continue
      for (const { ranges } of functions) {
        const [whole] = ranges
        if (whole === undefined || whole.count === 0) continue
        reading.push([`${scriptId}:${whole.startOffset}`, ranges])
      }
    }
    return reading
  }

  /** Whether a block is in the reading that has never been merged. */
  isNew(reading: CoverageReading): boolean {
    return reading.some(([id, ranges]) => this.#paint(id, ranges, false) > 0)
  }

  /** Remembers what a reading shows, and returns the number of characters that are new. */
  merge(reading: CoverageReading): number {
    let added = 0
    for (const [id, ranges] of reading) added += this.#paint(id, ranges, true)
    this.#characters += added
    return added
  }

  /** Characters that ran for the first time. */
  #paint(id: string, ranges: readonly CoverageRange[], isKept: boolean): number {
    const signature = `${id}/${ranges.map((r) => `${r.startOffset}-${r.count}`).join()}`
    if (this.#known.has(signature)) return 0
    const [whole] = ranges
    if (whole === undefined) return 0
    const ran = new Uint8Array(whole.endOffset - whole.startOffset)
    // Outer ranges come first, and inner ones say otherwise.
    for (const { startOffset, endOffset, count } of ranges) {
      ran.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset)
    }
    const covered = this.#covered.get(id) ?? new Uint8Array(ran.length)
    let added = 0
    for (let at = 0; at < ran.length; at += 1) if (ran[at] === 1 && covered[at] === 0) added += 1
    if (!isKept) return added
    for (let at = 0; at < ran.length; at += 1) if (ran[at] === 1) covered[at] = 1
    this.#covered.set(id, covered)
    this.#known.add(signature)
    return added
  }

  #post(method: string, params: object = {}): unknown {
    let answer: unknown
    this.#session.post(method, params, (error, result) => {
      if (error !== null) throw error
      answer = result
    })
    return answer
  }
}
