// LevelDB value → the changes it stands for: the other half of record-encoder.ts, used by replay.
// Everything is verified, bodies included.
import { unreachable } from '@holdfast/errors'
import { ByteReader, Unreadable } from './byte-reader.ts'
import type { Change } from './change.ts'
import type { Checksum } from './checksum.ts'
import {
  readConfiguration,
  readEntryId,
  readHardState,
  readIdentity,
  readNumbers,
  readOffer,
  readRanges
} from './field-codec.ts'
import {
  headerBytes,
  type Location,
  type RecordHeader,
  readSectionData,
  readSectionHead,
  type SectionHead,
  sectionHeadBytes
} from './section.ts'

/** Visits the verified sections of a record. @throws Unreadable */
export function forEachSection(
  value: Uint8Array,
  header: RecordHeader,
  checksum: Checksum,
  visit: (head: SectionHead, data: Uint8Array, position: number) => void
): void {
  let position = headerBytes
  for (let at = 0; at < header.sections; at += 1) {
    const head = readSectionHead(value, position, checksum)
    visit(head, readSectionData(value, position, head, checksum), position)
    position += sectionHeadBytes + head.length
  }
  if (position !== value.length) throw new Unreadable('sections do not fill their record')
}

/** @throws Unreadable */
export function decodeCommitRecord(
  value: Uint8Array,
  header: RecordHeader,
  checksum: Checksum
): readonly Change[] {
  const changes: Change[] = []
  forEachSection(value, header, checksum, (head, data, position) => {
    const { length } = head
    const location = { sequence: header.sequence, position, length, checksum: head.checksum }
    changes.push(decodeChange(head, data, location))
  })
  return changes
}

function decodeChange(head: SectionHead, data: Uint8Array, location: Location): Change {
  const { kind, group } = head
  switch (kind) {
    case 'entry':
    case 'staged-entry':
    case 'repaired-entry':
      return { type: kind, group, index: head.index, term: head.term, location }
    case 'blob':
    case 'staged-blob':
      return { type: kind, group, id: head.index, location }
    case 'manifest':
      return { type: kind, group, location }
    case 'removed-group':
      return { type: kind, group }
    case 'peers':
      return { type: kind, peers: new Uint8Array(data) }
    case 'group':
    case 'snapshot':
    case 'stage':
    case 'install':
    case 'identity': {
      const reader = new ByteReader(data)
      const change = decodeFields(kind, group, reader)
      reader.end()
      return change
    }
    case 'chunk':
    case 'checkpoint':
      throw new Unreadable(`a commit record holds a section of kind ${kind}`)
    default:
      return unreachable(kind)
  }
}

function decodeFields(
  kind: 'group' | 'snapshot' | 'stage' | 'install' | 'identity',
  group: number,
  reader: ByteReader
): Change {
  switch (kind) {
    case 'group': {
      const hardState = reader.u8() === 0 ? null : readHardState(reader)
      const truncateFrom = reader.u64()
      return {
        type: kind,
        group,
        hardState,
        truncateFrom: truncateFrom === 0 ? null : truncateFrom
      }
    }
    case 'snapshot': {
      const id = readEntryId(reader)
      const configuration = readConfiguration(reader)
      const blobs = readNumbers(reader)
      const freed = readRanges(reader)
      return { type: kind, group, id, configuration, blobs, freed, keepFrom: reader.u64() }
    }
    case 'stage':
      return { type: kind, group, ...readOffer(reader) }
    case 'install': {
      const id = readEntryId(reader)
      const configuration = readConfiguration(reader)
      const hardState = readHardState(reader)
      const blobs = readNumbers(reader)
      return {
        type: kind,
        group,
        id,
        configuration,
        hardState,
        blobs,
        retained: readRanges(reader)
      }
    }
    case 'identity':
      return { type: kind, identity: readIdentity(reader) }
    default:
      return unreachable(kind)
  }
}
