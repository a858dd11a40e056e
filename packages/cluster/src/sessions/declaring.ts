// Declaring a queue. Metadata decides whether it is a new one, or equal to what exists. One that
// may end by itself is then asked for in its shard: the answer is about a queue that was alive
// after the question, or about a new one, never about one that is on its way out. Nor is anybody
// refused for the sake of a connection that is no more.
import {
  checkMetadataCommand,
  encodeMetadataCommand,
  isSameOwner,
  type MetadataReply,
  type Options,
  type QueueOwner,
  type QueueSettings,
  readQueueOptions,
  rendezvousGroup,
  type SectionReply,
  serverNamed,
  settingsOf
} from '@holdfast/broker'
import { HoldfastError, type WireError } from '@holdfast/errors'
import { type Need, needs } from '../access/needs.ts'
import { noMetadataLeader } from '../administration/queue-calls.ts'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import { type Responder, refusal } from './responder.ts'
import type { Session } from './session.ts'

type QueueReply = Extract<MetadataReply, { type: 'queue' }>

interface Declaration {
  readonly core: Core
  readonly vhost: string
  readonly name: string
  readonly options: Options
  /** Of an exclusive one. */
  readonly owner: QueueOwner | null
  readonly to: Responder
  readonly deadlineMs: number
}

/** Answers with the name, which is made here where the client leaves it empty. */
export function declareQueue(
  core: Core,
  session: Session,
  name: string,
  options: Options,
  to: Responder
): void {
  const { rights } = session
  const { vhost } = rights
  attempt(to, () => {
    const named = name === '' ? withName(core, options) : { name, options }
    const starts = refusal('UNAVAILABLE', { reason: 'this node starts' })
    if (named === null) return to.refuse(starts)
    checkMetadataCommand({ type: 'declare-queue', vhost, group: 1, ...named })
    const isExclusive = readQueueOptions(options).exclusive
    const owner = isExclusive ? core.exclusiveQueues.ownerFor(session) : null
    if (isExclusive && owner === null) return to.refuse(starts)
    const deadlineMs = core.clock.nowMs + times.requestTimeoutMs
    const declaration = { core, vhost, ...named, owner, to, deadlineMs }
    // Whether the client may use a name of its own was looked at before.
    rights.require(name === '' ? needsOfMade(named) : [], to, () =>
      attempt(to, () => declare(declaration))
    )
  })
}

function needsOfMade({ name, options }: { name: string; options: Options }): readonly Need[] {
  const { deadLetter } = settingsOf(readQueueOptions(options))
  return needs.declareQueue(name, deadLetter?.exchange)
}

function attempt(to: Responder, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    to.refuse(error.toWire())
  }
}

function withName(core: Core, options: Options): { name: string; options: Options } | null {
  const { arguments: given } = options
  const prefix = (given as Options | undefined)?.['x-name-prefix']
  const name = core.queueNames.next(typeof prefix === 'string' ? prefix : undefined)
  return name === null ? null : { name, options: { ...options, [serverNamed]: true } }
}

function declare(declaration: Declaration): void {
  const { core, vhost, name, options, owner, to } = declaration
  const group = rendezvousGroup(vhost, name, core.metadata.machine.placement.shards)
  const plain = { type: 'declare-queue', vhost, name, options, group } as const
  const command = owner === null ? plain : { ...plain, owner }
  encodeMetadataCommand(command)
  const answered = (reply: QueueReply): void => {
    const settings = settingsOf(readQueueOptions(options))
    const { autoDelete, expiresMs } = settings
    if (reply.created || (!autoDelete && expiresMs === 0)) return to.done({ name })
    use(declaration, reply, settings)
  }
  core.metadata.submit(
    command,
    (answer) =>
      'error' in answer ? refused(declaration, answer.error) : answered(answer.reply as QueueReply),
    { isGone: () => to.isGone?.() === true, deadlineMs: declaration.deadlineMs }
  )
}

/** A queue whose connection is no more, or may be, is in the way for a while only. */
function refused(declaration: Declaration, error: WireError): void {
  const { core, vhost, name, owner, to } = declaration
  if (error.code !== 'QUEUE_LOCKED') return to.refuse(error)
  const { exclusiveQueues, fence, metadata } = core
  fence.wait((isCurrent) => {
    if (!isCurrent) return to.refuse(noMetadataLeader())
    const queue = metadata.machine.topology.queue(vhost, name)
    if (queue === null) return again(declaration, times.retryMs)
    if (queue.owner === null) return to.refuse(error)
    const isOwn = owner !== null && isSameOwner(queue.owner, owner)
    if (isOwn) return again(declaration, times.retryMs)
    // A client that asks on another connection than before has lost that one.
    const hasMoved = queue.owner.client === owner?.client
    if (hasMoved || exclusiveQueues.isOver(queue.owner)) {
      exclusiveQueues.delete(queue, () => again(declaration, times.retryMs))
    } else if (exclusiveQueues.isInDoubt(queue.owner)) again(declaration, times.retryMs)
    else to.refuse(error)
  })
}

/** The queue was there; its shard knows whether it is still. */
function use(
  declaration: Declaration,
  { group, queue }: QueueReply,
  { deadLetter }: QueueSettings
): void {
  const { core, vhost, name, to } = declaration
  core.shards.submit(group, { type: 'use-queue', queue }, (reply: SectionReply | null) => {
    if (reply?.type === 'done') return to.done({ name })
    // No answer, or the shard does not have it: it was deleted, or is to come.
    if (reply?.type !== 'closing') return again(declaration, times.retryMs)
    // It is over, and in the way of the next; its dead letters go before it, as its leader sees.
    if (deadLetter !== null) return again(declaration, times.retryMs)
    core.metadata.submit({ type: 'delete-queue', vhost, name, queue }, (answer) => {
      again(declaration, 'error' in answer ? times.retryMs : 0)
    })
  })
}

function again(declaration: Declaration, pauseMs: number): void {
  const { core, to, deadlineMs } = declaration
  if (to.isGone?.() === true) return
  if (core.clock.nowMs >= deadlineMs) {
    const reason = 'the shard of the queue did not answer in time'
    return to.refuse(refusal('UNAVAILABLE', { reason }))
  }
  if (pauseMs === 0) return declare(declaration)
  core.timers.after(pauseMs, () => {
    if (to.isGone?.() !== true) declare(declaration)
  })
}
