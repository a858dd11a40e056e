// What queues and messages of a random workload are told to be.
import type { Properties } from '@holdfast/record'
import type { Random } from '@holdfast/testkit'
import { type LengthLimit, overflows, type QueueSettings } from '../src/index.ts'

export function someSettings(random: Random): QueueSettings {
  const expiresMs = random.chance(0.5) ? 1 + random.below(400) : 0
  const messageTtlMs = random.chance(0.6) ? random.below(600) : null
  const [autoDelete, singleActive] = [random.chance(0.4), random.chance(0.4)]
  const routingKey = random.chance(0.5) ? 'dead' : null
  const exchange = random.pick(['', 'dlx'])
  const deadLetter = random.chance(0.6) ? { exchange, routingKey } : null
  const lengthLimit = random.chance(0.6) ? someLengthLimit(random) : null
  const maxPriority = random.pick([0, 0, 1, 5, 255])
  const deliveryLimit = random.chance(0.5) ? random.below(4) : null
  const limits = { lengthLimit, deliveryLimit, maxPriority }
  return { autoDelete, expiresMs, messageTtlMs, singleActive, deadLetter, ...limits }
}

function someLengthLimit(random: Random): LengthLimit {
  const messages = random.chance(0.7) ? random.below(12) : null
  const bytes = messages === null || random.chance(0.3) ? random.below(80) : null
  return { messages, bytes, overflow: random.pick(overflows) }
}

export function someProperties(random: Random): Properties {
  const priority = random.pick([0, 1, 2, 5, 6, 255])
  if (random.chance(0.3)) return { messageId: `m${random.below(1000)}` }
  if (random.chance(0.5)) return { priority }
  return { priority, type: 't', expiration: `${random.below(800)}` }
}
