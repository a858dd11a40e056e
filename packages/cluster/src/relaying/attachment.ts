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

/** The attempts of one consumer. */
export class Attachments {
  /** Null: there is no leader that it could be attached with, as far as is known here. */
  current: Attachment | null = null
  /** What still comes for it is not looked at: the next one makes up for it. */
  #former: Attachment | null = null
  readonly #core: Pick<Core, 'gatewayRelay'>

  constructor(core: Pick<Core, 'gatewayRelay'>) {
    this.#core = core
  }

  /** The current one has failed, or is at its end. */
  lost(): void {
    this.#forget(this.#former)
    this.#former = this.current
    this.current = null
  }

  /** There is none any more. Of those there were, the last one, in which a leader may believe. */
  take(): Attachment | null {
    const last = this.current ?? this.#former
    this.#forget(this.#former)
    this.#forget(this.current)
    this.#former = null
    this.current = null
    return last
  }

  #forget(attachment: Attachment | null): void {
    if (attachment !== null) this.#core.gatewayRelay.forget(attachment.id)
  }
}

/** Tells the leader how much the consumer may hold from here on, if it does not know. */
export function tellPrefetch(core: Core, attachment: Attachment, prefetch: number): void {
  if (attachment.prefetch === prefetch) return
  attachment.prefetch = prefetch
  const { node, id } = attachment
  tell(core, node, { type: 'relay-prefetch', attachment: id, prefetch })
}
