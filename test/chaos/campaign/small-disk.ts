// A disk that can be filled: an ext4 file system in a file, mounted for one run. A filler file
// takes what is left, and gives it back. Real file system, real ENOSPC, real syncs.
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

const mib = 1_024 * 1_024
const fillersMax = 5

export class SmallDisk {
  /** Where it is mounted. */
  readonly directory: string
  readonly #image: string
  /** Whoever is ended before the end leaves no mount. */
  readonly #leave = (): void => this.unmount()

  private constructor(directory: string, image: string) {
    this.directory = directory
    this.#image = image
    process.once('exit', this.#leave)
  }

  /** @throws Error where mounts or loop devices are not allowed */
  static mount(parent: string, bytes: number): SmallDisk {
    mkdirSync(parent, { recursive: true })
    const [image, directory] = [join(parent, 'disk.ext4'), join(parent, 'disk')]
    closeSync(openSync(image, 'w'))
    truncateSync(image, bytes)
    run('mkfs.ext4', ['-q', '-F', '-m', '0', image])
    mkdirSync(directory)
    try {
      run('mount', ['-o', 'loop', image, directory])
    } catch (error) {
      rmSync(image)
      throw error
    }
    return new SmallDisk(directory, image)
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.directory)
    return bavail * bsize
  }

  /** Leaves about so many bytes, or what the broker takes meanwhile, which uses it up as well. */
  fill(leftBytes: number): void {
    for (let filler = 1; filler <= fillersMax; filler += 1) {
      const bytes = Math.floor((this.freeBytes - leftBytes) / mib) * mib
      if (bytes <= 0) return
      // It fails if the broker was faster; what is free then is taken by the next one.
      spawnSync('fallocate', ['-l', String(bytes), `${this.#filler}-${filler}`])
    }
  }

  free(): void {
    for (let filler = 1; filler <= fillersMax; filler += 1) {
      rmSync(`${this.#filler}-${filler}`, { force: true })
    }
  }

  unmount(): void {
    process.off('exit', this.#leave)
    run('umount', ['-l', this.directory])
    rmSync(this.#image, { force: true })
  }

  get #filler(): string {
    return join(this.directory, 'filler')
  }
}

function run(program: string, flags: readonly string[]): void {
  execFileSync(program, flags, { stdio: ['ignore', 'pipe', 'pipe'] })
}
