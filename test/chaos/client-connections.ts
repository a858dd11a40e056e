// Writes to a history to which node a client is connected, and when it lost that connection: of
// those clients that tell it, which talk to one node at a time.
import type { SdkStatus } from '@holdfast/testkit'
import { type HistoryWriter, monotonicNs } from './history.ts'

/** What to tell the statuses of the connection of a process; `nodes` are ids by address. */
export function noteConnections(
  history: HistoryWriter,
  process: string,
  nodes: Readonly<Record<string, number>> = {}
): (status: SdkStatus) => void {
  return ({ type, address = '', reason = '' }) => {
    const at = monotonicNs()
    if (type === 'connecting') {
      history.append({ type, at, process, node: nodes[address] ?? 0 })
    }
    if (type === 'lost') history.append({ type, at, process, reason })
  }
}
