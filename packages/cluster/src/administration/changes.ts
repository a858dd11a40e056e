// Changes of the metadata that clients ask for.
import {
  checkMetadataCommand,
  encodeMetadataCommand,
  type MetadataCommand,
  type MetadataResult
} from '@holdfast/broker'
import { HoldfastError, type WireError } from '@holdfast/errors'
import type { Core } from '../core.ts'
import { type Responder, refusal } from '../sessions/responder.ts'

/** A change of the metadata: committed, and in force on every node when it is answered. */
export function change(core: Core, command: MetadataCommand, to: Responder, result: unknown): void {
  try {
    checkMetadataCommand(command)
    encodeMetadataCommand(command)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    return to.refuse(error.toWire())
  }
  const answered = (answer: MetadataResult): void => {
    if ('error' in answer) to.refuse(answer.error)
    else to.done(result)
  }
  core.metadata.submit(command, answered, { isGone: () => to.isGone?.() === true })
}

interface BindRequest {
  readonly type: 'bind-queue' | 'unbind-queue' | 'bind-exchange' | 'unbind-exchange'
  readonly bindingKey: string
  readonly arguments: Extract<MetadataCommand, { type: 'bind' }>['arguments']
}

interface QueueBindRequest extends BindRequest {
  readonly type: 'bind-queue' | 'unbind-queue'
  readonly queue: string
  readonly exchange: string
}

interface ExchangeBindRequest extends BindRequest {
  readonly type: 'bind-exchange' | 'unbind-exchange'
  readonly destination: string
  readonly source: string
}

export function changeBinding(
  core: Core,
  vhost: string,
  request: QueueBindRequest | ExchangeBindRequest,
  to: Responder
): void {
  const type = request.type === 'bind-queue' || request.type === 'bind-exchange' ? 'bind' : 'unbind'
  const [source, destination] =
    'queue' in request
      ? [request.exchange, { type: 'queue', name: request.queue } as const]
      : [request.source, { type: 'exchange', name: request.destination } as const]
  const binding = { vhost, source, destination, bindingKey: request.bindingKey }
  const asker = to.client === undefined ? {} : { client: to.client }
  change(core, { type, ...binding, arguments: request.arguments, ...asker }, to, null)
}

/** Why nothing can be asked of this node yet; null if all can. */
export function notReady(core: Core): WireError | null {
  if (core.identity === null) {
    return refusal('UNAVAILABLE', { reason: 'this node is in no cluster yet' })
  }
  if (core.metadata.machine.clusterId !== null) return null
  return refusal('UNAVAILABLE', { reason: 'this node is still learning the metadata' })
}
