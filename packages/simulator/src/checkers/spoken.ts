// What replicas of a group have said, word by word: what arrives must be one of it. The network
// loses, repeats and delays, and invents nothing; nor does a codec, whatever field it is about.
import { describeMessage, type Message, type ReplicaId } from '@holdfast/raft'

/** Messages of one term that are remembered; beyond it, what arrives in that term is not judged. */
const messagesMax = 200_000
/** Terms that are remembered: what is older moves nobody any more. */
const termsMax = 3

export class Spoken {
  /** Whose words are known at all. */
  readonly #speakers = new Set<ReplicaId>()
  /** By term; null: there were too many. */
  readonly #messages = new Map<number, Set<string> | null>()

  /** A replica has made a message. */
  said(message: Message): void {
    this.#speakers.add(message.from)
    const known = this.#messages.get(message.term)
    if (known === null) return
    if (known === undefined) this.#begin(message)
    else if (known.size < messagesMax) known.add(textOf(message))
    else this.#messages.set(message.term, null)
  }

  #begin(message: Message): void {
    this.#messages.set(message.term, new Set([textOf(message)]))
    const oldest = Math.max(...this.#messages.keys()) - termsMax
    for (const term of this.#messages.keys()) if (term <= oldest) this.#messages.delete(term)
  }

  /** What arrives and was never said; null if it was, or nobody can tell. */
  untold(message: Message): string | null {
    const known = this.#messages.get(message.term)
    if (known == null || !this.#speakers.has(message.from)) return null
    const text = textOf(message)
    return known.has(text) ? null : text
  }
}

/** Every field, but for the bytes of entries, which are compared where they are written. */
function textOf(message: Message): string {
  const text = describeMessage(message)
  switch (message.type) {
    case 'vote-request':
      return `${text} commit ${message.commit}`
    case 'append-request': {
      const { after, high, low } = message.digest ?? {}
      return `${text} session ${message.session} digest ${after} ${high} ${low}`
    }
    case 'append-response':
      return `${text} session ${message.session} hint ${message.hint.index}/${message.hint.term}`
    case 'snapshot-request':
      return `${text} session ${message.session} manifest ${message.snapshot.manifest.length}`
    default:
      return text
  }
}
