// A word of the relay to another node, or to this one without detour.
import type { Core } from '../core.ts'
import type { Deliver } from '../peers/peer-codec.ts'
import type { Cast } from '../peers/peer-message.ts'

type RelayCast = Extract<
  Cast,
  { type: 'relay-settle' | 'relay-settled' | 'relay-taken' | 'relay-prefetch' | 'relay-ended' }
>

export function tell(core: Core, node: number, message: RelayCast | Deliver): void {
  if (node === core.identity?.node) hear(core, node, message)
  else if (message.type === 'deliver') core.peers.send(node, message)
  else core.peers.send(node, { type: 'cast', cast: message })
}

/** What node `from` tells this one. */
export function hear(core: Core, from: number, message: RelayCast | Deliver): void {
  const { leaderRelay, gatewayRelay, replies } = core
  switch (message.type) {
    case 'deliver':
      return gatewayRelay.deliver(from, message.run)
    case 'relay-settle':
      return leaderRelay.settle(from, message)
    case 'relay-settled':
      return gatewayRelay.settled(message.settleSequence)
    case 'relay-taken':
      // No attachment: replies.
      if (message.attachment === 0) return replies.taken(from, message.bytes)
      return leaderRelay.taken(from, message.attachment, message.bytes)
    case 'relay-prefetch':
      return leaderRelay.setPrefetch(from, message.attachment, message.prefetch)
    case 'relay-ended':
      return gatewayRelay.ended(message.attachment, message.error)
  }
}
