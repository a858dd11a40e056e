// Strikes at processes: kill -9 of one, of most, of all; SIGSTOP; a node whose data is gone.
import { setTimeout as delay } from 'node:timers/promises'
import type { PauseRange } from '../faults.ts'
import { recover, type Stage } from './stage.ts'

export const queuePrefix = 'chaos.'

export async function killLeader({ faults, random }: Stage): Promise<string> {
  const group = await faults.pickGroup(queuePrefix)
  // Most of the time a dead leader comes back soon, as under a supervisor.
  const pause = random.chance(0.2) ? { minMs: 2_000, maxMs: 5_000 } : { minMs: 100, maxMs: 1_500 }
  return `node ${await faults.killLeader(group, pause)}, leader of group ${group}`
}

export async function killFollower(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const leader = await faults.leaderOf(await faults.pickGroup(queuePrefix))
  const victim = random.pick(cluster.nodes.filter(({ id }) => id !== leader))
  await killTogether(stage, 'kill-follower', [victim.id])
  return `node ${victim.id}`
}

export async function killMajority(stage: Stage): Promise<string> {
  const { cluster, random } = stage
  const ids = cluster.nodes.map(({ id }) => id)
  const victims = random.shuffle(ids).slice(0, Math.floor(ids.length / 2) + 1)
  await killTogether(stage, 'kill-majority', victims)
  return `nodes ${victims.join(', ')} in the same moment`
}

export async function killAll(stage: Stage): Promise<string> {
  const ids = stage.cluster.nodes.map(({ id }) => id)
  await killTogether(stage, 'kill-all', ids)
  return `all ${ids.length} nodes in the same moment`
}

async function killTogether(stage: Stage, fault: string, ids: readonly number[]): Promise<void> {
  const { cluster, faults, random } = stage
  faults.note(fault, ids.length === 1 ? (ids[0] ?? null) : null)
  for (const id of ids) cluster.signal(id, 'SIGKILL')
  for (const id of ids) await cluster.kill(id)
  await delay(random.integer(100, 2_000))
  // Not at the same time, and in any order.
  for (const id of random.shuffle(ids)) {
    faults.note('restart', id)
    cluster.restart(id)
    await delay(random.integer(0, 300))
  }
  await recover(stage)
}

/** Stops a leader for a while: its connections stay, and say nothing. */
export async function pauseLeader(
  { faults, random }: Stage,
  { minMs, maxMs }: PauseRange
): Promise<string> {
  const group = await faults.pickGroup(queuePrefix)
  const pauseMs = random.integer(minMs, maxMs)
  const node = await faults.pauseLeader(group, pauseMs)
  return `node ${node}, leader of group ${group}, for ${pauseMs} ms`
}

/** A node loses its disk while the others go on. */
export async function wipe({ cluster, faults, random }: Stage): Promise<string> {
  const { id } = random.pick(cluster.nodes)
  const { after } = await faults.wipe(id)
  return `the data of node ${id}, which is incarnation ${after} now`
}

/** A node dies and comes back while another one sleeps: never more than one vote is missing. */
export async function killWhilePaused(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const group = await faults.pickGroup(queuePrefix)
  const sleeper = await faults.leaderOf(group)
  const victim = random.pick(cluster.nodes.filter(({ id }) => id !== sleeper))
  await faults.pauseLeader(group, 4_000, async () => {
    faults.note('kill-follower', victim.id)
    await cluster.kill(victim.id)
    await delay(random.integer(100, 1_000))
    faults.note('restart', victim.id)
    cluster.restart(victim.id)
  })
  await recover(stage)
  return `node ${victim.id} while node ${sleeper} slept`
}

/** For a node that ended of itself where it may: deletes nothing, starts it again. */
export async function revive({ cluster, faults }: Stage): Promise<readonly number[]> {
  const dead = cluster.nodes.filter(({ id }) => !cluster.isAlive(id)).map(({ id }) => id)
  for (const id of dead) {
    faults.note('restart', id)
    cluster.restart(id)
  }
  return dead
}
