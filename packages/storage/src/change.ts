// A commit record in the terms of the store: what changes, in the order in which it takes effect,
// with the place of each body instead of the body. The encoder makes the list for a write, the
// decoder for a replay; node-state.ts applies it, so that both lead to the same state.
import type { GroupId, IndexRange, NodeIdentity, OfferedSnapshot } from '@holdfast/cluster'
import type { Configuration, EntryId, EntryType, HardState } from '@holdfast/raft'
import type { Location } from './section.ts'

export type Change =
  | {
      readonly type: 'group'
      readonly group: GroupId
      readonly hardState: HardState | null
      readonly truncateFrom: number | null
    }
  | {
      readonly type: 'entry' | 'staged-entry'
      readonly group: GroupId
      readonly index: number
      readonly term: number
      readonly location: Location
    }
  | {
      readonly type: 'repaired-entry'
      readonly group: GroupId
      readonly index: number
      readonly term: number
      readonly location: Location
    }
  /** Of a snapshot; for the group's `snapshot` or `install` that follows. */
  | { readonly type: 'manifest'; readonly group: GroupId; readonly location: Location }
  | {
      readonly type: 'blob' | 'staged-blob'
      readonly group: GroupId
      readonly id: number
      readonly location: Location
    }
  | {
      readonly type: 'snapshot'
      readonly group: GroupId
      readonly id: EntryId
      readonly configuration: Configuration
      readonly blobs: readonly number[]
      readonly freed: readonly IndexRange[]
      readonly keepFrom: number
    }
  | (OfferedSnapshot & { readonly type: 'stage'; readonly group: GroupId })
  | {
      readonly type: 'install'
      readonly group: GroupId
      readonly id: EntryId
      readonly configuration: Configuration
      readonly hardState: HardState
      readonly blobs: readonly number[]
      readonly retained: readonly IndexRange[]
    }
  | { readonly type: 'removed-group'; readonly group: GroupId }
  | { readonly type: 'identity'; readonly identity: NodeIdentity }
  | { readonly type: 'peers'; readonly peers: Uint8Array }

const entryTypes: readonly EntryType[] = ['command', 'configuration', 'no-op']

export function entryTypeNumber(type: EntryType): number {
  return entryTypes.indexOf(type)
}

export function entryTypeOf(number: number): EntryType | undefined {
  return entryTypes[number]
}
