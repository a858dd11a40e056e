// What nodes say to each other, as marks.
import type { PeerFrame } from '@holdfast/cluster'
import type { Reached } from './marks.ts'

type PeerMessage = PeerFrame['messages'][number]
type RaftMessage = Extract<PeerMessage, { type: 'raft' }>['message']

function markRaft(message: RaftMessage, reached: Reached): void {
  switch (message.type) {
    case 'vote-request':
      if (message.transfer) reached('raft: vote asked for in a transfer')
      return reached(message.pre ? 'raft: pre-vote asked for' : 'raft: vote asked for')
    case 'vote-response': {
      const kind = message.pre ? 'pre-vote' : 'vote'
      return reached(`raft: ${kind} ${message.granted ? 'granted' : 'refused'}`)
    }
    case 'append-request':
      if (message.entries.length === 0) return reached('raft: append without entries')
      if (message.entries.some(({ term }) => term < message.term)) {
        reached('raft: append of older terms')
      }
      return reached(message.entries.length > 1 ? 'raft: append of several' : 'raft: append of one')
    case 'append-response':
      return reached(message.accepted ? 'raft: append accepted' : 'raft: append refused')
    case 'read-index-response':
      return reached(message.index === null ? 'raft: read index unknown' : 'raft: read index told')
    default:
      return reached(`raft: ${message.type}`)
  }
}

function markMessage(message: PeerMessage, reached: Reached): void {
  switch (message.type) {
    case 'raft':
      return markRaft(message.message, reached)
    case 'forward':
      reached(message.sections.length > 1 ? 'forward: several sections' : 'forward: one section')
      return
    case 'forward-result':
      for (const outcome of message.outcomes) {
        if (outcome.type === 'refused') reached(`forward: refused with ${outcome.code}`)
        else reached(`forward: ${outcome.type}`)
      }
      return
    case 'call':
      reached(`call: ${message.call.type}`)
      if (message.call.type === 'admin') reached(`call: admin ${message.call.request.type}`)
      return
    case 'result':
      if (message.result.type === 'error') reached(`result: ${message.result.error.code}`)
      else reached(`result: ${message.result.type}`)
      return
    case 'cast':
      return reached(`cast: ${message.cast.type}`)
  }
}

export function markFrame({ messages }: PeerFrame, reached: Reached): void {
  if (messages.length > 1) reached('frame: several messages')
  for (const message of messages) markMessage(message, reached)
}
