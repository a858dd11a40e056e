// Who this directory is and whom it knew, a second time beside the log: should the log be damaged
// so that nothing of it can be read, the node can still ask the others what its damage would cost
// (storage rule S8). A note that is missing or broken says nothing.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeIdentity } from '@holdfast/cluster'
import { zlibChecksum } from './checksum.ts'
import { noteName, replaceFile } from './data-directory.ts'

export interface MemberNote {
  readonly identity: NodeIdentity
  /** As the store was told them; opaque. */
  readonly peers: Uint8Array | null
}

export async function writeMemberNote(directory: string, note: MemberNote): Promise<void> {
  const peers = note.peers === null ? null : Buffer.from(note.peers).toString('base64')
  const text = JSON.stringify({ identity: note.identity, peers })
  const checksum = zlibChecksum(Buffer.from(text))
  await replaceFile(join(directory, noteName), `${JSON.stringify({ text, checksum })}\n`)
}

export async function readMemberNote(directory: string): Promise<MemberNote | null> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(directory, noteName), 'utf8'))
    const { text, checksum } = parsed as { readonly text: string; readonly checksum: number }
    if (zlibChecksum(Buffer.from(text)) !== checksum) return null
    const note = JSON.parse(text) as { identity: NodeIdentity; peers: string | null }
    const peers = note.peers === null ? null : Buffer.from(note.peers, 'base64')
    return { identity: note.identity, peers }
  } catch {
    return null
  }
}
