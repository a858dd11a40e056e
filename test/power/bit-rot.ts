// Bit rot: a few bits of one file of a data directory flip, while its node runs or is down. The
// kind of the file is drawn first, so that the small ones have their share.
import { closeSync, fstatSync, openSync, readdirSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '@holdfast/testkit'

export const rotKinds = ['log', 'table', 'manifest', 'current', 'own'] as const
export type RotKind = (typeof rotKinds)[number]

export interface Rot {
  readonly kind: RotKind
  readonly file: string
  /** Where bits flipped, in bytes from the beginning. */
  readonly places: readonly number[]
}

/** Tables hold most of the bytes of a disk, and damage in them is met late. */
const weights: Readonly<Record<RotKind, number>> = {
  log: 4,
  table: 10,
  manifest: 2,
  current: 1,
  own: 3
}

const patterns: Readonly<Record<RotKind, RegExp>> = {
  log: /^log\/\d+\.log$/,
  table: /^log\/\d+\.ldb$/,
  manifest: /^log\/MANIFEST-\d+$/,
  current: /^log\/CURRENT$/,
  // The log of LevelDB in words, and its lock, are read by nobody. A flip in the number of the
  // format may look like a newer format, with which a node rightly does not start.
  own: /^(?!log\/|format\.json$)/
}

/** A kind, drawn by its weight. */
export function drawKind(random: Random): RotKind {
  return random.pick(rotKinds.flatMap((kind) => Array.from({ length: weights[kind] }, () => kind)))
}

/** Files with something in them, by path below the directory. */
function filesOf(data: string): string[] {
  const found: string[] = []
  for (const entry of readdirSync(data, { withFileTypes: true })) {
    if (entry.isFile()) found.push(entry.name)
    if (!entry.isDirectory() || entry.name !== 'log') continue
    for (const name of readdirSync(join(data, 'log'))) found.push(`log/${name}`)
  }
  return found.sort()
}

function flip(path: string, random: Random): number[] {
  const file = openSync(path, 'r+')
  try {
    const { size } = fstatSync(file)
    if (size === 0) return []
    const places: number[] = []
    for (let count = random.integer(1, 8); count > 0; count -= 1) {
      const place = random.below(size)
      const byte = new Uint8Array(1)
      if (readSync(file, byte, 0, 1, place) === 0) continue
      byte[0] = (byte[0] ?? 0) ^ (1 << random.below(8))
      writeSync(file, byte, 0, 1, place)
      places.push(place)
    }
    return places
  } finally {
    closeSync(file)
  }
}

/** Flips 1 to 8 bits of one file. Null if there is none of that kind, or it is gone meanwhile. */
export function rot(data: string, kind: RotKind, random: Random): Rot | null {
  try {
    const files = filesOf(data).filter((name) => patterns[kind].test(name))
    const file = random.pickAny(files)
    if (file === undefined) return null
    const places = flip(join(data, file), random)
    return places.length === 0 ? null : { kind, file, places }
  } catch (error) {
    // LevelDB deletes files while it runs, and a directory may be set aside at this moment.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
