// The birth of a group: one voter, whose log begins with the configuration that names it. Everyone
// else learns the configuration from the log, as they learn every later one.
import type { RaftInitialState } from './config.ts'
import { emptyConfiguration } from './configuration.ts'
import { encodeConfiguration } from './configuration-codec.ts'
import type { ReplicaId } from './entry.ts'

/**
 * Initial state of a group of one voter: a configuration entry at index 1, term 1. Nothing of it is
 * on disk; the first ready carries it. Call `campaign()` next.
 */
export function bootstrapState(replica: ReplicaId): RaftInitialState {
  const data = encodeConfiguration({ voters: [replica], outgoing: [], learners: [] })
  return {
    hardState: { term: 1, vote: null, commit: 0 },
    snapshot: null,
    configuration: emptyConfiguration,
    firstIndex: 1,
    terms: [{ firstIndex: 1, term: 1 }],
    lastIndex: 1,
    entries: [{ index: 1, term: 1, type: 'configuration', data }],
    applied: 0,
    isUnpersisted: true
  }
}
