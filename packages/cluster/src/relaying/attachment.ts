// A consumer of a client at the leader of its queue, as its gateway knows it: one attempt of many,
// since leaders and links change.
import type { Core } from '../core.ts'
import { tell } from './tell.ts'

export interface Attachment {
  readonly id: number
  readonly node: number
  isAnswered: boolean
  /** Delivered, and not told to be taken. */
  untakenBytes: number
  /** As its leader knows it. */
  prefetch: number
}

/** Tells the leader how much the consumer may hold from here on, if it does not know. */
export function tellPrefetch(core: Core, attachment: Attachment, prefetch: number): void {
  if (attachment.prefetch === prefetch) return
  attachment.prefetch = prefetch
  const { node, id } = attachment
  tell(core, node, { type: 'relay-prefetch', attachment: id, prefetch })
}
