// Messages and states in one readable line each: for scripts, traces and logs. Stable, because the
// scripts in test/testdata compare with it.
import { unreachable } from '@holdfast/errors'
import type { Configuration, Entry, EntryId } from './entry.ts'
import type { Message } from './message.ts'

/** `index/term`. */
export function describeId(id: EntryId): string {
  return `${id.index}/${id.term}`
}

/** `(1 2 3)`, joint `(1 2 4)&(1 2 3)`, with learners `(1 2) learners (3)`. */
export function describeConfiguration(configuration: Configuration): string {
  const { voters, outgoing, learners } = configuration
  const joint = outgoing.length > 0 ? `&(${outgoing.join(' ')})` : ''
  const rest = learners.length > 0 ? ` learners (${learners.join(' ')})` : ''
  return `(${voters.join(' ')})${joint}${rest}`
}

function describeEntries(entries: readonly Entry[]): string {
  const marks = { command: '', configuration: 'c', 'no-op': 'n' }
  return `[${entries.map((entry) => `${describeId(entry)}${marks[entry.type]}`).join(' ')}]`
}

function describeContent(message: Message): string {
  switch (message.type) {
    case 'vote-request':
      return `last ${describeId(message.last)}${message.pre ? ' pre' : ''}${
        message.transfer ? ' transfer' : ''
      }`
    case 'vote-response':
      return `${message.granted ? 'granted' : 'refused'}${message.pre ? ' pre' : ''}`
    case 'append-request':
      return `after ${describeId(message.previous)} commit ${message.commit} ${describeEntries(
        message.entries
      )}`
    case 'append-response':
      if (message.accepted) return `accepted ${message.index}`
      return `refused ${message.index} hint ${describeId(message.hint)}`
    case 'heartbeat-request':
      return `commit ${message.commit} round ${message.round}`
    case 'heartbeat-response':
      return `round ${message.round}`
    case 'snapshot-request':
      return `${describeId(message.snapshot.id)} ${describeConfiguration(
        message.snapshot.configuration
      )}`
    case 'timeout-now':
      return ''
    case 'read-index-request':
      return `id ${message.id}`
    case 'read-index-response':
      return `id ${message.id} index ${message.index ?? 'none'}`
    default:
      return unreachable(message)
  }
}

/** `1→2 term 3 append-request after 4/2 commit 4 [5/3]`. */
export function describeMessage(message: Message): string {
  const content = describeContent(message)
  const head = `${message.from}→${message.to} term ${message.term} ${message.type}`
  return content === '' ? head : `${head} ${content}`
}
