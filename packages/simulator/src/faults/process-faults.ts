// Faults of processes and their clocks: death at any moment, stillness, slowness, and being asked
// to end.
import type { Boundary } from '../world/host.ts'
import type { FaultKind } from './kinds.ts'
import { type Strike, spread } from './target.ts'

type ProcessFault =
  | Extract<FaultKind, `crash${string}` | `pause${string}` | `clock-${string}`>
  | 'slow-processor'
  | 'drain'

const yearMs = 365 * 86_400_000
const minuteMs = 60_000

function trap(at: Boundary, countMax: number): Strike {
  return ({ host, amount }) => {
    host.setTrap(at, spread(amount, 1, countMax))
    return host.isRunning
  }
}

function pause(minMs: number, maxMs: number): Strike {
  return ({ world, host, duration }) => {
    const { process } = host
    if (process === null) return false
    world.note(`host ${host.number} stalls`)
    process.isPaused = true
    world.schedule.after(spread(duration, minMs, maxMs), () => process.resume())
    return true
  }
}

export const processFaults: Readonly<Record<ProcessFault, Strike>> = {
  crash: ({ world, host, duration }) => {
    if (!host.isRunning) return false
    world.note(`host ${host.number} is killed`)
    host.crash()
    host.restart(spread(duration ** 3, 10, 12_000))
    return true
  },
  'crash-all': ({ world, random }) => {
    world.note('the power fails')
    for (const host of world.hosts) host.crash()
    for (const host of world.hosts) host.restart(random.integer(10, 600))
    return true
  },
  'crash-at-write': trap('write', 20),
  'crash-after-write': trap('written', 20),
  'crash-between-outputs': trap('output', 60),
  'crash-twice': ({ host, amount }) => {
    if (!host.isRunning) return false
    host.crash()
    host.setTrap(amount < 0.5 ? 'start' : 'write', 1)
    host.restart(spread(amount, 10, 500))
    return true
  },
  pause: pause(50, 3000),
  'pause-long': pause(3000, 60_000),
  'slow-processor': ({ world, host, duration, amount }) => {
    host.turnDelayMs = spread(amount, 5, 150)
    world.schedule.after(spread(duration, 500, 8000), () => {
      host.turnDelayMs = 0
    })
    return true
  },
  drain: ({ host }) => {
    host.process?.input({ type: 'drain' })
    return host.isRunning
  },
  'clock-jump': ({ host, atlas, amount }) => {
    if (!atlas.misleadClock(host)) return false
    host.clock.jump(spread(amount, -10 * minuteMs, 10 * minuteMs))
    return true
  },
  'clock-year': ({ host, atlas, amount }) => {
    if (!atlas.misleadClock(host)) return false
    host.clock.jump(amount < 0.5 ? -yearMs : yearMs)
    return true
  },
  'clock-freeze': ({ world, host, duration }) => {
    host.clock.freeze(world.schedule.nowMs)
    world.schedule.after(spread(duration, 500, 10_000), () => host.clock.thaw())
    return true
  }
}
