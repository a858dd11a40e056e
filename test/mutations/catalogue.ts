// All mutations, roughly in the order of the catalogue of failure modes.
import { accessMutations } from './catalogue/access.ts'
import { amqpMutations } from './catalogue/amqp.ts'
import { authorityMutations } from './catalogue/authority.ts'
import { clientMutations } from './catalogue/clients.ts'
import { consensusMutations } from './catalogue/consensus.ts'
import { deadLetterMutations } from './catalogue/dead-letters.ts'
import { deliveryLimitMutations } from './catalogue/delivery-limits.ts'
import { diskMutations } from './catalogue/disks.ts'
import { electionMutations } from './catalogue/elections.ts'
import { expiryMutations } from './catalogue/expiry.ts'
import { lengthLimitMutations } from './catalogue/length-limits.ts'
import { lifetimeMutations } from './catalogue/lifetimes.ts'
import { logMutations } from './catalogue/logs.ts'
import { membershipMutations } from './catalogue/membership.ts'
import { ownerMutations } from './catalogue/owners.ts'
import { priorityMutations } from './catalogue/priorities.ts'
import { queueMutations } from './catalogue/queues.ts'
import { replicationMutations } from './catalogue/replication.ts'
import { routingMutations } from './catalogue/routing.ts'
import { snapshotMutations } from './catalogue/snapshots.ts'
import { stateMutations } from './catalogue/state.ts'
import { streamMutations } from './catalogue/streams.ts'
import { type Mutation, MutationError } from './mutation.ts'
import { readMutationFile } from './mutation-file.ts'

export const mutations: readonly Mutation[] = [
  ...electionMutations,
  ...replicationMutations,
  ...consensusMutations,
  ...authorityMutations,
  ...logMutations,
  ...snapshotMutations,
  ...membershipMutations,
  ...routingMutations,
  ...streamMutations,
  ...queueMutations,
  ...lifetimeMutations,
  ...expiryMutations,
  ...ownerMutations,
  ...accessMutations,
  ...deadLetterMutations,
  ...lengthLimitMutations,
  ...priorityMutations,
  ...deliveryLimitMutations,
  ...stateMutations,
  ...clientMutations,
  ...amqpMutations,
  ...diskMutations
]

/** By name; or from a file. `file#name` means one of several in a file. @throws MutationError */
export function findMutation(wanted: string): Mutation {
  const known = mutations.find(({ name }) => name === wanted)
  if (known !== undefined) return known
  const [path = '', name] = wanted.split('#')
  if (!/[./]/.test(path)) throw new MutationError(`there is no mutation '${wanted}'`)
  const inFile = readMutationFile(path)
  const found = name === undefined ? inFile[0] : inFile.find((other) => other.name === name)
  if (found === undefined) throw new MutationError(`there is no mutation '${name}' in ${path}`)
  return found
}
