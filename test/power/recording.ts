// Reads what the disk shim recorded of one data directory: the changes of names, and for each file
// what of it is durable. The lines are described in shim/recording.c.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of a file that were there before, kept by the shim in its file of copies. */
export interface OldBytes {
  /** Where in the journal; a sync covers what is before its own position. */
  readonly position: number
  readonly offset: number
  readonly length: number
  readonly copyAt: number
}

export interface Truncation extends OldBytes {
  /** How much of the file was durable before. */
  readonly durableBefore: number
}

/** What is known of the bytes of one file. */
export interface FileState {
  /** All below is durable, but for what follows. */
  durableBytes: number
  overwrites: OldBytes[]
  truncations: Truncation[]
  /** Where a sync failed: from, to. What it should have written may be there or not. */
  readonly doubtful: (readonly [from: number, to: number])[]
}

/** A change of a name, in a way that tells from the directory whether it took place. */
export type NameChange = { readonly position: number; readonly directory: string } & (
  | { readonly type: 'create' | 'link'; readonly inode: number; readonly path: string }
  | { readonly type: 'make' | 'remove'; readonly path: string }
  | { readonly type: 'unlink'; readonly path: string; readonly saved: string }
  | {
      readonly type: 'rename'
      readonly inode: number
      readonly from: string
      readonly to: string
      /** Where that is kept which `to` was before. */
      readonly saved: string | null
    }
)

export interface Recording {
  readonly files: ReadonlyMap<number, FileState>
  readonly changes: readonly NameChange[]
  /** By directory: changes of its names before this position were synced with it. */
  readonly directorySyncs: ReadonlyMap<string, number>
  /**
   * Changes before this position were made durable by any sync, as file systems do that keep one
   * journal of all names: a sync of a file that grew, or of a directory, commits what is before it.
   */
  readonly journalSync: number
  readonly syncs: number
}

export function directoryOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}

class Reader {
  readonly files: Map<number, FileState> = new Map()
  readonly changes: NameChange[] = []
  readonly directorySyncs: Map<string, number> = new Map()
  journalSync = 0
  syncs = 0

  read(line: string, position: number): void {
    const [kind, ...words] = line.split('\t')
    if (kind === 'D') {
      const [path = '', upTo] = words
      this.directorySyncs.set(path, Number(upTo))
      this.journalSync = Math.max(this.journalSync, Number(upTo))
    } else if (kind === 'M' || kind === 'X') {
      const path = words[0] ?? ''
      const type = kind === 'M' ? 'make' : 'remove'
      this.changes.push({ type, path, directory: directoryOf(path), position })
    } else if (kind === 'C' || kind === 'L' || kind === 'R' || kind === 'U') {
      this.#readName(kind, words, position)
    } else {
      this.#readBytes(kind ?? '', words.map(Number), position)
    }
  }

  #readName(kind: 'C' | 'L' | 'R' | 'U', words: readonly string[], position: number): void {
    const [number, path = '', third = '', fourth] = words
    const inode = Number(number)
    const directory = directoryOf(kind === 'R' ? third : path)
    if (kind === 'C' || kind === 'L') {
      const type = kind === 'C' ? 'create' : 'link'
      this.changes.push({ type, inode, path, directory, position })
      if (kind === 'C') this.files.set(inode, fresh(0))
    } else if (kind === 'U') {
      this.changes.push({ type: 'unlink', path, saved: third, directory, position })
    } else {
      const saved = fourth === '-' || fourth === undefined ? null : fourth
      const names = { from: path, to: third, saved }
      this.changes.push({ type: 'rename', inode, ...names, directory, position })
    }
  }

  #readBytes(kind: string, numbers: readonly number[], position: number): void {
    const [inode = 0, second = 0, third = 0, fourth = 0] = numbers
    const isKnown = this.files.has(inode)
    const file = this.files.get(inode) ?? fresh(kind === 'A' ? second : 0)
    if (!isKnown) this.files.set(inode, file)
    if (kind === 'S') this.#synced(file, second, third)
    else if (kind === 'E') file.doubtful.push([file.durableBytes, second])
    else if (kind === 'O') {
      file.overwrites.push({ position, offset: second, length: third, copyAt: fourth })
    } else if (kind === 'T') {
      // A file that is cut before it was seen: all of it was durable.
      const durableBefore = isKnown ? file.durableBytes : third
      const old = { position, offset: second, length: third - second, copyAt: fourth }
      file.truncations.push({ ...old, durableBefore })
      file.durableBytes = Math.min(durableBefore, second)
    } else if (kind !== 'A') throw new Error(`an unknown line in a recording: ${kind}`)
  }

  #synced(file: FileState, size: number, upTo: number): void {
    if (size !== file.durableBytes) this.journalSync = Math.max(this.journalSync, upTo)
    file.durableBytes = size
    file.overwrites = file.overwrites.filter((old) => old.position >= upTo)
    file.truncations = file.truncations.filter((old) => old.position >= upTo)
    this.syncs += 1
  }
}

function fresh(durableBytes: number): FileState {
  return { durableBytes, overwrites: [], truncations: [], doubtful: [] }
}

/** Reads the records of one node. A last line that a kill has cut short is left out. */
export function readRecording(records: string): Recording {
  const reader = new Reader()
  const path = join(records, 'journal')
  const text = existsSync(path) ? readFileSync(path, 'latin1') : ''
  for (let at = 0; ; ) {
    const end = text.indexOf('\n', at)
    if (end < 0) break
    reader.read(Buffer.from(text.slice(at, end), 'latin1').toString('utf8'), at)
    at = end + 1
  }
  return reader
}
