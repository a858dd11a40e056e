// Faults of disks: slow, full, failing, and such as lose what is on them. Those that lose something
// ask the atlas first.
import type { Host } from '../world/host.ts'
import type { FaultKind } from './kinds.ts'
import { type Strike, spread } from './target.ts'

type DiskFault =
  | Extract<FaultKind, `disk-${string}`>
  | 'write-error'
  | 'entry-rot'
  | 'blob-rot'
  | 'log-hole'

const mebibyte = 2 ** 20

/** A crash at once, and a start soon: what is wrong with the disk is found then. */
function bounce(host: Host, draw: number): void {
  host.crash()
  host.restart(spread(draw, 10, 3000))
}

/** The groups of which a host holds anything, ascending. */
function groupsOf(host: Host): number[] {
  return [...host.disk.groups.keys()].sort((a, b) => a - b)
}

const rotEntries: Strike = ({ atlas, host, random, amount }) => {
  const groups = groupsOf(host)
  if (groups.length === 0 || !atlas.impair(host)) return false
  // What is above the snapshot is needed to start: such damage costs the whole directory.
  const isHarsh = amount > 0.8
  let count = 0
  for (const group of random.shuffle(groups).slice(0, random.integer(1, groups.length))) {
    const applied = host.disk.groups.get(group)?.meta?.id.index ?? 0
    const part = random.fraction()
    const isChosen = (index: number): boolean =>
      (isHarsh || index <= applied) && random.chance(part)
    count += host.disk.rotEntries(group, isChosen)
  }
  return count > 0
}

export const diskFaults: Readonly<Record<DiskFault, Strike>> = {
  'disk-slow': ({ world, host, duration, amount }) => {
    host.diskFactor = spread(amount, 2, 20)
    world.schedule.after(spread(duration, 500, 10_000), () => {
      host.diskFactor = 1
    })
    return true
  },
  'disk-stall': ({ world, host, duration }) => {
    // Squared: short stalls are more usual than long ones.
    host.diskStallUntilMs = world.schedule.nowMs + spread(duration ** 2, 500, 30_000)
    return true
  },
  'write-error': ({ host }) => {
    host.failsWrite = true
    return host.isRunning
  },
  'disk-full': ({ world, host, duration }) => {
    host.isDiskFull = true
    world.schedule.after(spread(duration, 300, 5000), () => {
      host.isDiskFull = false
    })
    return true
  },
  'disk-low': ({ world, host, duration, amount, isOver }) => {
    host.setFreeBytes(spread(amount, 100, 500) * mebibyte)
    world.schedule.after(spread(duration, 300, 5000), () => {
      // By then it has room anyway, or what comes after the storm has taken that for itself.
      if (!isOver()) host.setFreeBytes(10 ** 11)
    })
    return true
  },
  'entry-rot': rotEntries,
  'blob-rot': ({ atlas, host, amount, duration }) => {
    const groups = groupsOf(host)
    const group = groups[Math.floor(duration * groups.length)]
    if (group === undefined || !atlas.impair(host)) return false
    return host.disk.rotBlob(group, amount)
  },
  'disk-loss': ({ atlas, host, duration }) => {
    if (!atlas.impair(host)) return false
    host.wipe()
    host.restart(spread(duration, 10, 3000))
    return true
  },
  // The tail witness tells an earlier copy from what was there (storage rule S7).
  'disk-old-copy': ({ atlas, host, duration }) => {
    if (!atlas.impair(host)) return false
    host.disk.makeHole()
    bounce(host, duration)
    return true
  },
  'log-hole': ({ atlas, host }) => {
    if (!atlas.impair(host)) return false
    host.disk.makeHole()
    return true
  }
}
