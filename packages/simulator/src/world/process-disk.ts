// What a process reads and writes: it takes its time, may find damage, may fail, and of the write
// that a crash interrupts nobody knows whether it is there.
import type { CommitRecord, Output, ReadResult } from '@holdfast/cluster'
import { assert, unreachable } from '@holdfast/errors'
import type { Random } from '@holdfast/testkit'
import type { FaultyDisk } from './faulty-disk.ts'
import type { Host } from './host.ts'
import type { Process } from './process.ts'

type Read = Extract<Output, { type: `read-${string}` }>

/** While a disk stalls. */
const lookMs = 250

const damaged: ReadResult = { type: 'damaged' }

export class ProcessDisk {
  readonly #process: Process
  readonly #host: Host
  readonly #disk: FaultyDisk
  readonly #random: Random
  readonly #written: (record: CommitRecord) => void
  #writing: CommitRecord | null = null
  #durable: number

  constructor(process: Process, durable: number, written: (record: CommitRecord) => void) {
    this.#process = process
    this.#host = process.host
    this.#disk = process.host.disk
    this.#random = process.host.world.random.split(`disk of process ${process.epoch}`)
    this.#durable = durable
    this.#written = written
  }

  write(record: CommitRecord): void {
    const { world } = this.#host
    assert(this.#writing === null, 'one write is in flight at a time')
    assert(record.id > this.#durable, 'ids of commit records grow')
    this.#writing = record
    if (this.#host.springs('write')) return
    const { slowChance, slowMsMax, writeMsMax } = world.disk
    const isSlow = this.#random.chance(slowChance)
    if (isSlow) world.struck('write-slow')
    const slowMs = isSlow ? this.#random.integer(20, slowMsMax) : 0
    this.#later(this.#random.integer(1, writeMsMax) + slowMs, () => this.#finish(record))
  }

  #finish(record: CommitRecord): void {
    const host = this.#host
    if (host.isDiskFull || host.failsWrite) {
      host.failsWrite = false
      // Storage rule S2: nobody knows what is on the disk, and the process ends.
      return host.fail('a write failed')
    }
    this.#apply(record)
    this.#writing = null
    this.#durable = record.id
    if (!host.springs('written')) this.#written(record)
  }

  /** The process ends. The kernel may have had the write already; a part of one is none. */
  interrupt(): void {
    if (this.#writing === null) return
    const { world } = this.#host
    const isKept = this.#random.chance(world.disk.keptChance)
    if (isKept) this.#apply(this.#writing)
    if (isKept) world.struck('write-kept')
    else world.struck(this.#random.chance(0.5) ? 'write-torn' : 'write-lost')
  }

  #apply(record: CommitRecord): void {
    const { observers } = this.#host.world
    for (const observer of observers) observer.writing?.(this.#host, record)
    this.#disk.apply(record)
    for (const observer of observers) observer.durable?.(this.#host, record)
  }

  read(output: Read): void {
    const { id, group } = output
    switch (output.type) {
      case 'read-entries':
        return this.#answer(id, () => {
          return this.#look(this.#disk.readEntries(group, output.range, output.bytesMax))
        })
      case 'read-blobs':
        return this.#answer(id, () => this.#look(this.#disk.readBlobs(group, output.ids)))
      case 'read-staged':
        return this.#answer(id, () => this.#disk.readStaged(group, output.offer, output.ids))
      case 'read-retained': {
        const entries = this.#disk.retained(group, output.from, output.countMax)
        return this.#process.input({ type: 'retained-done', id, entries })
      }
      case 'read-held': {
        const entries = this.#disk.held(group, output.indexes)
        return this.#process.input({ type: 'retained-done', id, entries })
      }
      default:
        return unreachable(output)
    }
  }

  #answer(id: number, read: () => readonly ReadResult[]): void {
    this.#later(this.#random.integer(0, this.#host.world.disk.readMsMax), () => {
      this.#process.input({ type: 'read-done', id, results: read() })
    })
  }

  /** A read may find damage where the next one finds none, or fail as a whole. */
  #look(results: readonly ReadResult[]): readonly ReadResult[] {
    const { world } = this.#host
    const { readDamageChance, readErrorChance } = world.disk
    if (this.#random.chance(readErrorChance)) {
      world.struck('read-failed')
      return results.map(() => damaged)
    }
    return results.map((result) => {
      if (!this.#random.chance(readDamageChance)) return result
      world.struck('read-damaged')
      return damaged
    })
  }

  /** What would take `usualMs` takes as long as the disk is slow, and until it stalls no more. */
  #later(usualMs: number, run: () => void): void {
    const { world, diskFactor, diskStallUntilMs } = this.#host
    const stalledMs = diskStallUntilMs - world.schedule.nowMs
    // A stall may end before its time.
    if (stalledMs > 0) {
      world.schedule.after(Math.min(stalledMs, lookMs), () => this.#later(usualMs, run))
      return
    }
    world.schedule.after(usualMs * diskFactor, () => {
      if (this.#process.isAlive) run()
    })
  }
}
