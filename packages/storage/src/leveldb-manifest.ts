// Reads what a LevelDB manifest says about its files (leveldb db/version_edit.cc): which tables
// there must be, how large each is, and from which number on write-ahead logs count.
//
//   edit := (tag:varint field)*      1 comparator, 2 log number, 3 next file, 4 last sequence,
//   5 compact pointer, 6 deleted file, 7 new file, 9 previous log number
import { Unreadable } from './byte-reader.ts'
import { VarintReader } from './varint-reader.ts'

export interface Manifest {
  /** Size in bytes by file number. */
  readonly tables: ReadonlyMap<number, number>
  readonly logNumber: number
  readonly previousLogNumber: number
}

/** Collects edits in the order of the manifest. */
export class ManifestReader {
  readonly #tables = new Map<number, number>()
  #logNumber = 0
  #previousLogNumber = 0

  /** @throws Unreadable */
  add(edit: Uint8Array): void {
    const reader = new VarintReader(edit)
    while (!reader.isAtEnd) this.#field(reader, reader.number())
  }

  #field(reader: VarintReader, tag: number): void {
    switch (tag) {
      case 1:
        reader.skip(reader.number())
        return
      case 2:
        this.#logNumber = reader.number()
        return
      case 3:
      case 4:
        reader.number()
        return
      case 5:
        reader.number()
        reader.skip(reader.number())
        return
      case 6:
        reader.number()
        this.#tables.delete(reader.number())
        return
      case 7: {
        reader.number()
        const number = reader.number()
        this.#tables.set(number, reader.number())
        reader.skip(reader.number())
        reader.skip(reader.number())
        return
      }
      case 9:
        this.#previousLogNumber = reader.number()
        return
      default:
        throw new Unreadable(`the manifest has a field of unknown tag ${tag}`)
    }
  }

  result(): Manifest {
    return {
      tables: this.#tables,
      logNumber: this.#logNumber,
      previousLogNumber: this.#previousLogNumber
    }
  }
}
