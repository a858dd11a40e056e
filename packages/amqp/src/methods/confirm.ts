// RabbitMQ's confirm.select: from here on every publish of the channel is answered.
import type { Channel } from '../channel.ts'
import { Confirms } from '../confirms.ts'
import type { MethodOf } from '../method-codec.ts'
import { AmqpError } from '../replies.ts'

export function handleConfirm(channel: Channel, { nowait }: MethodOf<'confirm.select'>): void {
  if (channel.transaction !== null) {
    throw new AmqpError('PRECONDITION_FAILED', 'cannot switch from tx to confirm mode')
  }
  channel.confirms ??= new Confirms()
  if (!nowait) channel.afterPublishes(() => channel.write({ type: 'confirm.select-ok' }))
}
