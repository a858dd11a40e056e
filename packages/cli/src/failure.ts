// What a person is told when a command fails: what happened, and what to do next. The exit code
// tells programs: 1 refused or failed, 2 wrong usage, 70 a fault of the program itself.
import { HoldfastError } from '@holdfast/errors'
import { exitCodes } from '@holdfast/server/terminal'

/** A port that is another one of a node's answers, with what makes no sense here. */
const whereNodesAre =
  "Is a node running there? 'holdfast dev' starts a cluster. --client takes the client address " +
  "of a node, --node its http address: 'holdfast status' shows both."

const advice: Readonly<Record<string, string>> = {
  NODE_UNREACHABLE: whereNodesAre,
  FRAME_INVALID: whereNodesAre,
  FRAME_TOO_LARGE: whereNodesAre,
  CONNECTION_CLOSED: whereNodesAre,
  VHOST_NOT_FOUND: "PUT /v1/vhosts/NAME of the admin API creates a vhost; '/' is always there.",
  QUEUE_NOT_FOUND: "'holdfast queue list' shows the queues there are.",
  QUEUE_FULL: 'Consume from it, or purge it; its length limit is fixed when it is declared.',
  MESSAGE_UNROUTABLE:
    "Declare and bind a queue first; 'publish --declare' declares one of that name.",
  NODE_NOT_FOUND: "'holdfast node list' shows the nodes.",
  TLS_REQUIRED: 'Give --tls, or --ca FILE with the authority of the nodes.',
  TLS_HANDSHAKE_FAILED: 'docs/operating/tls.md says what can be wrong with certificates.',
  CERTIFICATE_REFUSED: 'Give --cert FILE and --key FILE that the node accepts.',
  JOIN_TOKEN_WRONG: 'Start that node with the --token of this cluster.',
  NODE_OF_ANOTHER_CLUSTER: 'A node belongs to one cluster for good: start it with a blank --data.',
  DATA_DIRECTORY_IN_USE: 'Stop that process first, or choose another --data.',
  DATA_DIRECTORY_NEWER: 'Use the version that wrote it, or a newer one.',
  DATA_DIRECTORY_OLDER: 'Drain it with the version that wrote it, or start with a blank --data.',
  DATA_UNRECOVERABLE: 'If other nodes have its data, start this one with a blank --data.',
  UNAVAILABLE: "'holdfast status' shows which groups have no leader.",
  PUBLISH_OUTCOME_UNKNOWN: "'holdfast status' shows whether a majority of nodes is up."
}

/** An operation of the cluster that failed: its code and its text, as the node tells them. */
export class OperationFailed extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export interface Failure {
  readonly lines: readonly string[]
  readonly exitCode: number
}

/** Turns whatever a command threw into lines for stderr. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof OperationFailed) return refusal(error.message, error.code)
  const coded = HoldfastError.from(error)
  if (coded.code === 'INTERNAL' && !(error instanceof HoldfastError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { lines: [`holdfast: ${text}`], exitCode: exitCodes.fault }
  }
  const hidden =
    coded.code === 'INTERNAL' && coded.cause instanceof Error ? coded.cause.message : ''
  return refusal(hidden === '' ? coded.message : hidden, coded.code)
}

function refusal(message: string, code: string): Failure {
  const lines = [`holdfast: ${message} [${code}]`]
  const next = advice[code]
  if (next !== undefined) lines.push(`  ${next}`)
  return { lines, exitCode: exitCodes.refused }
}
