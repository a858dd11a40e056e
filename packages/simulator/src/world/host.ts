// A machine of the simulated world: an address, a disk that outlives processes, clocks of its own,
// and at most one process at a time.
import type { Random } from '@holdfast/testkit'
import { FaultyDisk } from './faulty-disk.ts'
import { HostClock } from './host-clock.ts'
import { Process } from './process.ts'
import type { World } from './world.ts'

/** Where a process may be made to die: before or after what it names. */
export type Boundary = 'write' | 'written' | 'output' | 'start'

/** After an end that nobody asked for, a process is started again. */
const restartMs = 500

const plentyBytes = 10 ** 11

export class Host {
  readonly world: World
  readonly number: number
  readonly random: Random
  readonly clock: HostClock
  disk: FaultyDisk
  /** The join token that its processes are started with. */
  token = ''
  process: Process | null = null
  /** How much slower than usual its disk is. */
  diskFactor = 1
  /** Until then its disk completes nothing. */
  diskStallUntilMs = 0
  /** Every write fails. */
  isDiskFull = false
  /** The next write fails. */
  failsWrite = false
  freeBytes: number = plentyBytes
  /** How much later each step of its process comes. */
  turnDelayMs = 0
  /** It was removed from its cluster, was told, and ended. */
  isRemoved = false
  /** It is gone for good, and nothing answers at its address. */
  isLost = false
  /** Its processes stay dead until this is taken back. */
  isHeldDown = false
  #trap: { readonly at: Boundary; left: number } | null = null
  #disks = 0

  constructor(world: World, number: number, disk: FaultyDisk | null) {
    this.world = world
    this.number = number
    this.random = world.random.split(`host ${number}`)
    this.disk = disk ?? new FaultyDisk(this.#storeId())
    this.clock = new HostClock(world.plan.clock, this.random)
  }

  get address(): string {
    return `host-${this.number}:7000`
  }

  get isRunning(): boolean {
    return this.process !== null
  }

  /** It may be started again. */
  get isThere(): boolean {
    return !this.isRemoved && !this.isLost
  }

  #storeId(): string {
    this.#disks += 1
    return `${this.number}f${this.#disks}`.padStart(32, '0')
  }

  start(bootstrap: boolean = false): void {
    if (this.process !== null || !this.isThere || this.isHeldDown) return
    if (this.disk.mustBeSetAside) this.#blank('its directory is set aside')
    this.process = new Process(this, bootstrap)
    this.springs('start')
  }

  /** The process ends without a word; a write under way reaches the disk or not. */
  crash(): void {
    const { process } = this
    this.process = null
    process?.end()
  }

  /** The process ends by itself, and is started again. */
  fail(reason: string): void {
    this.world.note(`host ${this.number} ends: ${reason}`)
    this.crash()
    this.restart(restartMs)
  }

  restart(delayMs: number): void {
    this.world.schedule.after(delayMs, () => this.start())
  }

  /** The disk is lost with all that is on it. */
  wipe(): void {
    this.crash()
    this.#blank('it loses its disk')
  }

  /** Host and disk are gone for good. */
  lose(): void {
    this.crash()
    this.isLost = true
    this.#blank('it is gone')
  }

  #blank(why: string): void {
    this.world.note(`host ${this.number}: ${why}`)
    this.disk = new FaultyDisk(this.#storeId())
    for (const observer of this.world.observers) observer.wiped?.(this)
  }

  /** Its process is to die when it has come to `at` so many times. */
  setTrap(at: Boundary, count: number): void {
    this.#trap = { at, left: count }
  }

  /** Whether the process, which has come to `at`, died of it. */
  springs(at: Boundary): boolean {
    const trap = this.#trap
    if (trap === null || trap.at !== at || this.process === null) return false
    trap.left -= 1
    if (trap.left > 0) return false
    this.#trap = null
    this.fail(`it dies at a boundary: ${at}`)
    return true
  }

  /** The space that is left, as it is measured from time to time. */
  setFreeBytes(freeBytes: number): void {
    this.freeBytes = freeBytes
    this.process?.measureDisk()
  }

  /** All that is wrong with it and not with what it holds is mended. */
  mend(): void {
    this.diskFactor = 1
    this.diskStallUntilMs = 0
    this.isDiskFull = false
    this.failsWrite = false
    this.turnDelayMs = 0
    this.#trap = null
    this.clock.thaw()
    if (this.freeBytes !== plentyBytes) this.setFreeBytes(plentyBytes)
    this.process?.resume()
  }
}
