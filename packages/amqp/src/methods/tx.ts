// AMQP 0-9-1 tx: publishes and settlements of the channel are held until commit, and then happen
// together. A rollback drops the publishes, and what was settled waits again, not redelivered.
import type { Channel } from '../channel.ts'
import type { MethodOf } from '../method-codec.ts'
import { AmqpError } from '../replies.ts'
import { Transaction } from '../transaction.ts'
import { returnMessage } from './publish.ts'

type TransactionMethod = MethodOf<'tx.select'> | MethodOf<'tx.commit'> | MethodOf<'tx.rollback'>

export function handleTransaction(channel: Channel, { type }: TransactionMethod): void {
  if (type === 'tx.select') return select(channel)
  const { transaction } = channel
  if (transaction === null) {
    const explanation = `${type} on a channel without transactions; send tx.select first`
    throw new AmqpError('PRECONDITION_FAILED', explanation)
  }
  const { request, deliveries } = transaction.take()
  if (type === 'tx.rollback') {
    channel.unsettled.restore(deliveries)
    return channel.write({ type: 'tx.rollback-ok' })
  }
  channel.request<'commit'>(request, ({ unroutable }) => {
    for (const place of unroutable) {
      const batch = request.publishes[place]
      if (batch !== undefined) returnMessage(channel, batch, 0)
    }
    channel.noteSettled(deliveries)
    channel.write({ type: 'tx.commit-ok' })
  })
}

function select(channel: Channel): void {
  if (channel.confirms !== null) {
    throw new AmqpError('PRECONDITION_FAILED', 'cannot switch from confirm to tx mode')
  }
  channel.transaction ??= new Transaction()
  channel.afterPublishes(() => channel.write({ type: 'tx.select-ok' }))
}
