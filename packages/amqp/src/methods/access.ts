// AMQP 0-8 access: old clients ask for a ticket before anything else, and send it with every method
// after that. It means nothing any more; permissions are those of the user.
import type { Channel } from '../channel.ts'

export function handleAccess(channel: Channel): void {
  channel.afterPublishes(() => channel.write({ type: 'access.request-ok', ticket: 1 }))
}
