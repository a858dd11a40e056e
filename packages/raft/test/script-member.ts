// One replica of a script's group, and how a script shows it: its log, its state, its progress.
import { assert } from '@holdfast/errors'
import {
  decodeConfiguration,
  describeConfiguration,
  describeId,
  type Entry,
  type EntryId,
  type LoadRequest,
  type Raft,
  type Ready,
  type ReplicaId
} from '../src/index.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

export interface Member {
  readonly id: ReplicaId
  readonly disk: SimulatedDisk
  raft: Raft
  isUp: boolean
  isCut: boolean
  loads: LoadRequest[]
  offer: Ready['offeredSnapshot']
}

/** `index/term content`, with the commit and the durable index marked. */
export function logLines({ raft, disk }: Member): readonly string[] {
  const lines: string[] = []
  for (let index = raft.firstIndex; index <= raft.lastId.index; index++) {
    const entry = raft.entry(index) ?? disk.entry(index)
    const commit = index === raft.commitIndex ? ' ← commit' : ''
    const durable = index === raft.durableIndex ? ' ← durable' : ''
    const content = entry ? contentOf(entry) : '?'
    lines.push(`${index}/${raft.termAt(index)} ${content}${commit}${durable}`)
  }
  return lines
}

export function statusLine({ raft, isUp }: Member): string {
  const ends = `last ${describeId(raft.lastId)} commit ${raft.commitIndex}`
  const { role, term, leader, configuration } = raft
  const who = isUp ? `${role} of ${leader ?? 'nobody'}` : 'down'
  return `${raft.id} ${who} term ${term} ${ends} ${describeConfiguration(configuration)}`
}

export function progressLines({ raft }: Member): readonly string[] {
  return raft.progress().map(({ replica, match, next, state, isVoter }) => {
    const kind = isVoter ? 'voter' : 'learner'
    return `${replica} ${kind} match ${match} next ${next} ${state}`
  })
}

/** The number after a word of a command. */
export function option(words: readonly string[], name: string): number | undefined {
  const at = words.indexOf(name)
  return at === -1 ? undefined : Number(words[at + 1])
}

export function bytesOf(word: string): Uint8Array {
  return Uint8Array.from(word, (character) => character.charCodeAt(0))
}

function contentOf(entry: Entry): string {
  if (entry.type === 'no-op') return 'no-op'
  if (entry.type === 'command') return String.fromCharCode(...entry.data)
  return describeConfiguration(decodeConfiguration(entry.data))
}

/** Takes a snapshot at the applied index, keeping some entries behind it. */
export function takeSnapshot({ raft, disk }: Member, keep: number): string {
  const index = raft.appliedIndex
  const configuration = raft.configurationAt(index)
  const id = { index, term: raft.termAt(index) ?? 0 }
  const meta = { id, configuration, manifest: new Uint8Array(0) }
  disk.compact(meta, index + 1 - keep)
  raft.snapshotTaken(meta)
  raft.compact(index + 1 - keep)
  return `${describeId(id)} ${describeConfiguration(configuration)}`
}

/** Hands the install of what was offered to the disk. */
export function beginInstall({ raft, disk, offer }: Member): string {
  assert(offer !== null, 'a snapshot is offered')
  if (!raft.beginInstall(offer.snapshot)) return 'of no use'
  const hardState = { ...raft.hardState, commit: offer.snapshot.id.index }
  disk.submit({ type: 'install', meta: offer.snapshot, hardState })
  return 'begun'
}

export function describeProposal(id: EntryId | null): string {
  return id === null ? 'refused' : describeId(id)
}
