// Strikes at what a node needs from its machine: a disk with room that syncs, file descriptors,
// a clock.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ClusterNode, eventually } from '@holdfast/testkit'
import { FaultControl } from '../../power/fault-control.ts'
import { revive } from './process-strikes.ts'
import { recover, type Stage, smallDiskPlace } from './stage.ts'

const kib = 1_024
const yearMs = 365 * 24 * 3_600_000

/**
 * The disk of one node is full for some seconds. It may refuse, or end itself, as it likes; it may
 * not confirm what it has not written. Then there is room again, and it is started again.
 */
export async function fillDisk(stage: Stage): Promise<string> {
  const { cluster, disk, faults, random } = stage
  const node = cluster.nodes.find((one) => cluster.placeOf(one) === smallDiskPlace)
  if (disk === null || node === undefined) return 'nothing: no node lives on the small disk'
  const leftBytes = random.pick([0, 64 * kib, 4 * kib * kib])
  const ms = random.integer(2_000, 8_000)
  faults.note('disk-full', node.id)
  disk.fill(leftBytes)
  const freeBytes = disk.freeBytes
  await delay(ms)
  const hasEnded = !cluster.isAlive(node.id)
  disk.free()
  faults.note('disk-free', node.id)
  await revive(stage)
  await recover(stage)
  const outcome = hasEnded ? 'it ended' : 'it went on'
  return `node ${node.id} with ${freeBytes} bytes left for ${ms} ms; ${outcome}`
}

/** No new file, no new connection, for some seconds. A node may end itself. */
export async function limitDescriptors(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const node = random.pick(cluster.nodes)
  const ms = random.integer(1_000, 5_000)
  const open = readdirSync(`/proc/${node.pid}/fd`).length
  faults.note('descriptors', node.id)
  limit(node.pid, String(open + random.integer(0, 3)))
  await delay(ms)
  const hasEnded = !cluster.isAlive(node.id)
  if (!hasEnded) limit(node.pid, '')
  faults.note('descriptors-free', node.id)
  await revive(stage)
  await recover(stage)
  return `node ${node.id} with ${open} open for ${ms} ms; ${hasEnded ? 'it ended' : 'it went on'}`
}

/** The wall clock of a node steps, by a second or by a year, and some seconds later back again. */
export async function stepClock(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const node = random.pick(cluster.nodes)
  const shim = shimAt(stage, node)
  const stepMs = random.pick([1_000, 60_000, 3_600_000, yearMs]) * random.pick([-1, 1])
  const ms = random.integer(500, 4_000)
  faults.note('clock-step', node.id)
  shim.set({ clockOffsetMs: stepMs })
  await delay(ms)
  shim.clear()
  faults.note('clock-back', node.id)
  await recover(stage)
  return `node ${node.id} by ${stepMs / 1_000} s for ${ms} ms`
}

/** Every sync of a node takes longer for some seconds. */
export async function slowDisk(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const node = random.pick(cluster.nodes)
  const shim = shimAt(stage, node)
  const syncDelayMs = random.integer(5, 500)
  const ms = random.integer(1_000, 6_000)
  faults.note('disk-slow', node.id)
  shim.set({ syncDelayMs })
  await delay(ms)
  shim.clear()
  faults.note('disk-well', node.id)
  await recover(stage)
  return `node ${node.id}: ${syncDelayMs} ms more for a sync, for ${ms} ms`
}

/** One sync of a node fails with EIO. The node must end: nobody knows what is on its disk. */
export async function failSync(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const node = random.pick(cluster.nodes)
  const shim = shimAt(stage, node)
  faults.note('disk-fails', node.id)
  shim.set({ syncFailIn: random.integer(1, 20) })
  const hasEnded = (): boolean => !cluster.isAlive(node.id)
  await eventually(`end of node ${node.id} after a failed sync`, hasEnded, { timeoutMs: 30_000 })
  shim.clear()
  await revive(stage)
  await recover(stage)
  return `node ${node.id}, which ended`
}

function shimAt({ shimDirectory }: Stage, node: ClusterNode): FaultControl {
  if (shimDirectory === null) throw new Error('this strike needs the disk shim')
  return shimOf(shimDirectory, node)
}

/** The faults of the disk and the clock of a node. */
export function shimOf(shimDirectory: string, { data }: ClusterNode): FaultControl {
  return new FaultControl(join(shimDirectory, basename(data)))
}

/** Sets the soft limit; the hard one stays, and is what an empty text means. */
function limit(pid: number, soft: string): void {
  const flags = ['--pid', String(pid), `--nofile=${soft === '' ? hardLimit(pid) : soft}:`]
  execFileSync('prlimit', flags, { stdio: 'pipe' })
}

function hardLimit(pid: number): string {
  const flags = ['--pid', String(pid), '--nofile', '--output=HARD', '--noheadings']
  return execFileSync('prlimit', flags, { encoding: 'utf8' }).trim()
}
