// One run: a cluster, a load, something done to the cluster meanwhile, then the drain and the
// verdict of the checker. The chaos test, the acceptance scripts and the short cluster tests differ
// only in their options and in what they do meanwhile.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ClusterOptions,
  ClusterProcess,
  Random,
  removeDirectory,
  repositoryRoot
} from '@holdfast/testkit'
import { Checker, type CheckerOptions } from './checker.ts'
import { countDiskStalls } from './disk-stalls.ts'
import { isEnding, isOfMachine } from './fault-names.ts'
import { Faults } from './faults.ts'
import { type Gap, GapMeter } from './gap-meter.ts'
import { HistoryWriter, readHistory } from './history.ts'
import { MembershipRegister } from './membership-register.ts'
import { type Stall, Stalls } from './stalls.ts'
import { type Outlived, SurvivingClients } from './surviving-clients.ts'
import { type Report, Violations } from './violations.ts'
import { type Progress, Workload, type WorkloadOptions } from './workload.ts'

export interface RunOptions {
  readonly name: string
  readonly seed: number
  readonly cluster?: Omit<ClusterOptions, 'data'>
  readonly load: Omit<WorkloadOptions, 'addresses' | 'nodes' | 'histories' | 'seed'>
  /** Default 600,000. */
  readonly publishTimeoutMs?: number
  /** How long nothing may be delivered before a drain is given up. Default 30,000. */
  readonly idleMs?: number
  /** Keeps data and histories although all was well. */
  readonly isKept?: boolean
  /** Where data and histories go; default: a new directory of the repository. */
  readonly directory?: string
  /** Looks at the cluster once it is drained, and notes what is wrong with it. */
  readonly audit?: (cluster: ClusterProcess) => Promise<void>
  /** What is found outside the history; judged with it. */
  readonly violations?: Violations
  /** Whether seconds without a confirm count; default true. */
  readonly isTimed?: boolean
  readonly log?: (sentence: string) => void
}

export interface RunContext {
  readonly cluster: ClusterProcess
  readonly load: Workload
  readonly faults: Faults
  readonly history: HistoryWriter
  readonly random: Random
  readonly log: (sentence: string) => void
}

export interface RunResult {
  readonly report: Report
  readonly gaps: readonly Gap[]
  readonly stalls: readonly Stall[]
  /** Longest time from the moment all was healed to the first confirm of a queue. */
  readonly recoveryMs: number
  /** What clients of single nodes had to keep, when others were killed. */
  readonly outlived: Outlived
  /** How often each fault stands in the history. */
  readonly faults: Readonly<Record<string, number>>
  readonly progress: Progress
  /** From the first publish to the end of the publishers. */
  readonly publishSeconds: number
  /** How often a node gave up what it led because its disk did not answer. */
  readonly diskStalls: number
  /** Whether the queues were empty at the end, as the admin API says. */
  readonly isDrained: boolean
  /** Where data and histories are, if they were kept. */
  readonly directory: string
}

/** Directory of a run below `.holdfast/` of the repository, on a real disk and not in memory. */
export function runDirectory(name: string): string {
  const parent = join(repositoryRoot, '.holdfast', 'runs')
  for (let number = 1; ; number += 1) {
    const directory = join(parent, `${name}-${process.pid}-${number}`)
    if (!existsSync(directory)) return directory
  }
}

export type Judgement = Pick<
  RunResult,
  'report' | 'gaps' | 'stalls' | 'recoveryMs' | 'faults' | 'outlived'
>

/** Judges histories on disk; also for those of an earlier run. */
export async function judge(
  paths: readonly string[],
  options: Pick<RunOptions, 'violations' | 'isTimed'> & Partial<CheckerOptions> = {}
): Promise<Judgement> {
  const violations = options.violations ?? new Violations()
  const checker = new Checker({ isStrict: options.isStrict ?? true, violations })
  const survivors = new SurvivingClients(violations)
  const meter = new GapMeter((fault) => !isEnding(fault) && !isOfMachine(fault))
  const stalls = new Stalls(options.isTimed ?? true)
  const register = new MembershipRegister()
  const faults: Record<string, number> = {}
  for await (const batch of readHistory(paths)) {
    for (const event of batch) {
      checker.push(event)
      survivors.push(event)
      meter.push(event)
      stalls.push(event)
      register.push(event)
      if (event.type === 'fault') faults[event.fault] = (faults[event.fault] ?? 0) + 1
    }
  }
  const found = stalls.finish(violations)
  const misfit = register.finish()
  if (misfit !== null) violations.add('stale-membership', misfit)
  const recoveryMs = stalls.longestRecoveryMs
  const { outlived } = survivors
  const gaps = meter.gaps()
  return { report: checker.finish(), gaps, stalls: found, recoveryMs, faults, outlived }
}

/** Histories in a directory of a run. */
export function historiesIn(directory: string): string[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.jsonl'))
  return files.sort().map((name) => join(directory, name))
}

/** Runs all; `act` is what happens meanwhile, and load goes on at least until it ends. */
export async function runLoad(
  options: RunOptions,
  act: (context: RunContext) => Promise<void>
): Promise<RunResult> {
  const directory = options.directory ?? runDirectory(options.name)
  const log = options.log ?? (() => {})
  const cluster = await ClusterProcess.start({ ...options.cluster, data: join(directory, 'data') })
  log(`cluster ready after ${Math.round(cluster.readyAfterMs)} ms at offset ${cluster.portOffset}`)
  const histories = join(directory, 'histories')
  let load: Workload | null = null
  let isWell = false
  try {
    const addresses = cluster.clientAddresses()
    const nodes = Object.fromEntries(cluster.nodes.map(({ id, client }) => [client, id]))
    const { seed } = options
    load = await Workload.start({ ...options.load, addresses, nodes, histories, seed })
    const faultHistory = new HistoryWriter(join(histories, 'faults.jsonl'))
    const random = new Random(seed)
    const faults = new Faults(cluster, random, faultHistory)
    const startMs = performance.now()
    await act({ cluster, load, faults, history: faultHistory, random, log })
    await load.publishAll(options.publishTimeoutMs ?? 600_000)
    const publishSeconds = (performance.now() - startMs) / 1_000
    log(`published after ${publishSeconds.toFixed(1)} s; draining`)
    const queues = (): ReturnType<typeof cluster.admin.queues> => cluster.admin.queues()
    const isDrained = await load.drain(queues, options.idleMs ?? 30_000)
    faultHistory.close()
    await options.audit?.(cluster)
    const isStrict = (options.load.consumersPerQueue ?? 1) === 1
    const judgement = await judge(historiesIn(histories), { ...options, isStrict })
    isWell = judgement.report.isSound && judgement.report.errors === 0 && isDrained
    const progress = load.progress()
    const diskStalls = countDiskStalls(join(directory, 'data'))
    return { ...judgement, progress, publishSeconds, diskStalls, isDrained, directory }
  } finally {
    load?.kill()
    await cluster.stop()
    if (isWell && options.isKept !== true) removeDirectory(directory)
    else log(`data, logs and histories are in ${directory}`)
  }
}
