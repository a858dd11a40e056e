// What a person is told of a connection that breaks while a command runs: the SDK finds another
// node by itself, and without a word a wait looks like a queue without messages.
import type { SdkStatus } from '../sdk.ts'
import type { Terminal } from '../terminal.ts'

/** Tells of the loss of a node, and of the one that takes its place. */
export function tellOutages(terminal: Terminal): (status: SdkStatus) => void {
  let isLost = false
  return ({ type, error, node }) => {
    if (type === 'disconnected') {
      isLost = true
      terminal.complain(`holdfast: ${error?.message}; looking for another node`)
    } else if (type === 'connected' && isLost) {
      isLost = false
      terminal.complain(`holdfast: connected to node ${node}`)
    }
  }
}
