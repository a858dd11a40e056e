// What the msgpack parts of a peer's frame must look like. A peer has proven that it knows the join
// token, but it may be of another version, or broken: what has not the shape that its type says is
// refused here, before any part of the member sees it, and costs the link, not the process.
import { decodeCommandSection, encodeCommandSection, type ShardCommand } from '@holdfast/broker'
import { HoldfastError } from '@holdfast/errors'
import type { ForwardOutcome } from './peer-codec.ts'
import type { Call, CallResult, Cast } from './peer-message.ts'

type Check = (value: unknown) => boolean
type Shapes = Readonly<Record<string, Check>>

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null
  return isObject && !Array.isArray(value) && !(value instanceof Uint8Array)
}

const natural: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
/** 32 bits, signed. */
const integer: Check = (value) => typeof value === 'number' && (value | 0) === value
const text: Check = (value) => typeof value === 'string'
const truth: Check = (value) => typeof value === 'boolean'
const bytes: Check = (value) => value instanceof Uint8Array

function orNull(check: Check): Check {
  return (value) => value === null || check(value)
}

/** For fields that nodes of before do not have. */
function orAbsent(check: Check): Check {
  return (value) => value === undefined || check(value)
}

function list(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check)
}

/** The fields named are as they must be; others are not looked at. */
function shape(fields: Shapes): Check {
  const entries = Object.entries(fields)
  return (value) => isMap(value) && entries.every(([name, check]) => check(value[name]))
}

/** One of several types, each with fields of its own. */
function oneOf(shapes: Shapes): Check {
  return (value) => {
    const type = isMap(value) ? value['type'] : undefined
    if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) return false
    return shapes[type]?.(value) === true
  }
}

const naturals = list(natural)
const details: Check = (value) =>
  isMap(value) && Object.values(value).every((item) => ['string', 'number'].includes(typeof item))
const wireError = shape({ id: natural, code: text, message: text, details })

/** Whether the codec of commands, which is strict, gives back what it was given. */
const shardCommand: Check = (value) => {
  try {
    decodeCommandSection(encodeCommandSection(value as ShardCommand), 0)
    return true
  } catch {
    // Whatever the codec stumbles over, this is no command.
    return false
  }
}

const adminRequest = oneOf({
  'add-node': shape({ peer: text }),
  'remove-node': shape({ node: natural }),
  operation: shape({ id: text }),
  'list-operations': shape({})
})

const operation = shape({
  id: text,
  kind: text,
  node: orNull(natural),
  state: text,
  progress: shape({ done: natural, total: natural, sentence: text }),
  error: orNull(shape({ code: text, message: text }))
})

const adminReply = oneOf({
  operation: shape({ operation }),
  operations: shape({ operations: list(operation) }),
  done: shape({})
})

const relayed: Shapes = {
  group: natural,
  queue: natural,
  consumer: shape({ session: text, tag: text }),
  attachment: natural
}

/** `command` of a metadata call is judged by the codec of commands when it is proposed. */
const call = oneOf({
  metadata: shape({ command: isMap }),
  shard: shape({ group: natural, command: shardCommand }),
  reconfigure: shape({
    group: natural,
    from: shape({ voters: naturals, learners: naturals }),
    voters: naturals,
    learners: naturals
  }),
  transfer: shape({ group: natural, to: natural }),
  inspect: shape({ group: natural, queue: natural }),
  admin: shape({ request: adminRequest }),
  'snapshot-open': shape({ group: natural, index: natural, term: natural }),
  'snapshot-blobs': shape({ group: natural, index: natural, ids: naturals }),
  'snapshot-retained': shape({ group: natural, index: natural, from: natural }),
  'snapshot-entries': shape({ group: natural, index: natural, indexes: naturals }),
  'relay-attach': shape({
    ...relayed,
    prefetch: natural,
    exclusive: truth,
    priority: integer,
    resume: orNull(naturals),
    isIdle: truth
  }),
  'relay-get': shape(relayed),
  'relay-stop': shape({ attachment: natural }),
  'relay-detach': shape({ attachment: natural }),
  'relay-roll': shape({ group: natural }),
  'fetch-entry': shape({ group: natural, index: natural }),
  'compare-entries': shape({ group: natural, entries: bytes })
})

/** Of the metadata machine, `{ reply }` or `{ error }`; of a shard's, a reply with a type. */
const machineReply: Check = (value) => {
  if (!isMap(value)) return false
  if ('error' in value) return wireError(value['error'])
  if ('reply' in value) return shape({ type: text })(value['reply'])
  const lists = ['missing', 'stale'].every((name) => !(name in value) || naturals(value[name]))
  const isRefusal = value['type'] === 'refused'
  return lists && text(value['type']) && (!isRefusal || shape({ code: text, details })(value))
}

const result = oneOf({
  error: shape({ error: wireError }),
  done: shape({}),
  reply: shape({ reply: machineReply }),
  counts: shape({
    counts: shape({
      ready: natural,
      unsettled: natural,
      consumers: natural,
      bytes: natural,
      deadLetters: natural
    })
  }),
  got: shape({ isFound: truth, ready: natural }),
  admin: shape({ reply: adminReply }),
  entry: shape({ entry: bytes }),
  differing: shape({ indexes: naturals }),
  'snapshot-opened': shape({ blobs: naturals }),
  'snapshot-blobs': shape({ blobs: list(shape({ id: natural, bytes })) }),
  'snapshot-retained': shape({ entries: bytes, next: orNull(natural) }),
  'snapshot-entries': shape({ entries: bytes })
})

const report = shape({
  group: natural,
  leader: orNull(natural),
  term: natural,
  voters: naturals,
  outgoing: naturals,
  learners: naturals,
  commit: natural,
  applied: natural,
  caughtUp: orNull(naturals),
  lacking: orAbsent(naturals),
  regressed: orAbsent(naturals)
})

const cast = oneOf({
  'lease-renew': shape({ sequence: natural, applied: natural, term: natural }),
  'lease-grant': shape({ sequence: natural, term: natural }),
  status: shape({ groups: list(report), isDraining: orAbsent(truth) }),
  'machine-digest': shape({
    version: natural,
    group: natural,
    replica: natural,
    index: natural,
    digest: text
  }),
  'relay-settle': shape({
    attachment: natural,
    settleSequence: natural,
    outcome: (value) => ['accepted', 'released', 'rejected', 'unseen'].includes(String(value)),
    ranges: naturals
  }),
  'relay-settled': shape({ settleSequence: natural, isDone: truth }),
  'relay-taken': shape({ attachment: natural, bytes: natural }),
  'relay-prefetch': shape({ attachment: natural, prefetch: natural }),
  'relay-ended': shape({ attachment: natural, error: wireError }),
  removed: shape({})
})

const outcomes = list(
  oneOf({
    accepted: shape({ first: natural, last: natural }),
    missing: shape({ number: natural, queues: naturals }),
    refused: shape({ number: natural, code: text, details }),
    again: shape({ from: natural })
  })
)

function expect<Type>(value: unknown, check: Check, what: string): Type {
  if (check(value)) return value as Type
  throw new HoldfastError('FRAME_INVALID', { reason: `${what} has not the shape it must have` })
}

/** All four: @throws FRAME_INVALID */
export function readCall(value: unknown): Call {
  return expect(value, call, 'a call')
}

export function readCallResult(value: unknown): CallResult {
  return expect(value, result, 'the result of a call')
}

export function readCast(value: unknown): Cast {
  return expect(value, cast, 'a cast')
}

export function readOutcomes(value: unknown): readonly ForwardOutcome[] {
  return expect(value, outcomes, 'a list of outcomes')
}
