// Faults of clients: they die, are slow, and hang up.
import type { FaultKind } from './kinds.ts'
import { type Strike, spread, type Target } from './target.ts'

type ClientFault = Extract<FaultKind, `publisher-${string}` | `consumer-${string}`> | 'hang-up'

/** A client as those who disturb it see it. */
export interface Disturbed {
  readonly role: 'publisher' | 'consumer' | 'operator'
  /** Dies with all that it knew, and another of its kind takes its place. */
  crash(): void
  /** Connects anew, knowing what it knew. */
  hangUp(): void
  /** Everything takes so many times as long. */
  slowDown(factor: number): void
}

function pick(target: Target, roles: readonly Disturbed['role'][]): Disturbed | undefined {
  const clients = target.world.clients.filter(({ role }) => roles.includes(role))
  return clients[Math.floor(target.amount * clients.length)]
}

function crash(role: Disturbed['role']): Strike {
  return (target) => {
    const client = pick(target, [role])
    client?.crash()
    return client !== undefined
  }
}

export const clientFaults: Readonly<Record<ClientFault, Strike>> = {
  'publisher-crash': crash('publisher'),
  'consumer-crash': crash('consumer'),
  'consumer-slow': (target) => {
    const client = pick(target, ['consumer'])
    client?.slowDown(10)
    const forMs = spread(target.duration, 500, 8000)
    target.world.schedule.after(forMs, () => client?.slowDown(1))
    return client !== undefined
  },
  'hang-up': (target) => {
    const client = pick(target, ['publisher', 'consumer', 'operator'])
    client?.hangUp()
    return client !== undefined
  }
}
