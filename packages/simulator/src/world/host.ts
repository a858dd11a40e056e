// A machine of the simulated world: an address, a disk that outlives processes, clocks of its own,
// and at most one process at a time.
import { MemoryDisk } from '@holdfast/cluster/contract'
import { Process } from './process.ts'
import type { World } from './world.ts'

export class Host {
  readonly world: World
  readonly number: number
  disk: MemoryDisk
  process: Process | null = null
  /** How much slower than usual its disk is. */
  diskFactor = 1
  /** Difference of its wall clock from the world's. */
  wallSkewMs: number
  /** It was removed from its cluster, was told, and ended. */
  isRemoved = false
  #disks = 0

  constructor(world: World, number: number, disk: MemoryDisk | null) {
    this.world = world
    this.number = number
    this.disk = disk ?? new MemoryDisk(this.#storeId())
    this.wallSkewMs = world.random.integer(-400, 400)
  }

  get address(): string {
    return `host-${this.number}:7000`
  }

  get isRunning(): boolean {
    return this.process !== null
  }

  #storeId(): string {
    this.#disks += 1
    return `${this.number}f${this.#disks}`.padStart(32, '0')
  }

  start(bootstrap: boolean = false): void {
    if (this.process !== null || this.isRemoved) return
    this.process = new Process(this, bootstrap)
  }

  /** The process ends without a word; a write under way reaches the disk or not. */
  crash(): void {
    this.process?.end()
    this.process = null
  }

  /** The disk is lost with all that is on it. */
  wipe(): void {
    this.crash()
    this.disk = new MemoryDisk(this.#storeId())
    for (const observer of this.world.observers) observer.wiped?.(this)
  }
}
