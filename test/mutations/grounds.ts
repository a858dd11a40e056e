// The grounds on which a mutation is hunted, each a simulation of one seed: a whole cluster of
// members; one Raft group in weather worse than any network's, where no other layer makes good
// what its core does wrong; and one store on a LevelDB that has bad days. They are loaded late,
// after the mutation is in place.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { crc32 } from 'node:zlib'
import { repositoryRoot } from '@holdfast/testkit'

export interface Ground {
  readonly name: GroundName
  /** What broke first in this seed; null if all is well. */
  readonly run: (seed: number) => Promise<string | null>
}

interface ClusterSimulator {
  drawPlan(seed: number): object
  /** The same plan with a storm of at most `stormMsMax`. */
  briefly(plan: object, stormMsMax: number): object
  runPlan(plan: object): Promise<{ readonly failures: readonly string[] }>
}

interface StoreSimulator {
  runStoreStorm(seed: number): Promise<string | null>
}

/** Storms of a hunt are short, so that a seed is within 60 simulated seconds. */
const stormMsMax = 12_000

interface GroupSimulator {
  /** Throws where something is not as it must be. */
  runStorm(seed: number, watcher: Watcher): unknown
}

interface Watcher {
  makeRaft(config: Configured, initial: object): object
  sent(message: object): void
  left(replica: number): void
}

interface Configured {
  readonly id: number
}

interface Refinement {
  readonly ObservedRaft: new (
    config: Configured,
    initial: object,
    ledger: object,
    options: { readonly remains: object | null; readonly counts: Map<string, number> }
  ) => { readonly remains: object }
}

interface Ledgers {
  readonly GroupLedger: new (
    name: string,
    report: (check: string, detail: string) => void,
    checksum: (bytes: Uint8Array) => number
  ) => { sent(message: object): void }
}

async function load<Module>(built: string): Promise<Module> {
  return (await import(pathToFileURL(join(repositoryRoot, built)).href)) as Module
}

/** One group, every step of which is held against the actions of the specification. */
async function groupGround(): Promise<Ground> {
  const { runStorm } = await load<GroupSimulator>('packages/raft/dist/test/storm.js')
  const refinement = 'packages/simulator/dist/src/refinement/observed-raft.js'
  const { ObservedRaft } = await load<Refinement>(refinement)
  const { GroupLedger } = await load<Ledgers>(
    'packages/simulator/dist/src/checkers/group-ledger.js'
  )
  const run = async (seed: number): Promise<string | null> => {
    let found: string | null = null
    const report = (check: string, detail: string): void => {
      found ??= `${check}: ${detail}`
    }
    const ledger = new GroupLedger('group', report, (bytes) => crc32(bytes))
    const lives = new Map<number, { readonly remains: object }>()
    try {
      runStorm(seed, {
        sent: (message) => ledger.sent(message),
        left: (replica) => void lives.delete(replica),
        makeRaft: (config, initial) => {
          const remains = lives.get(config.id)?.remains ?? null
          const raft = new ObservedRaft(config, initial, ledger, { remains, counts: new Map() })
          lives.set(config.id, raft)
          return raft
        }
      })
    } catch (error) {
      // What a checker has seen before tells more than what broke in the end.
      if (found === null) throw error
    }
    return found
  }
  return { name: 'group', run }
}

async function clusterGround(): Promise<Ground> {
  const path = 'packages/simulator/dist/src/index.js'
  const { briefly, drawPlan, runPlan } = await load<ClusterSimulator>(path)
  const run = async (seed: number): Promise<string | null> => {
    const { failures } = await runPlan(briefly(drawPlan(seed), stormMsMax))
    return failures[0] ?? null
  }
  return { name: 'cluster', run }
}

async function storeGround(): Promise<Ground> {
  const path = 'packages/simulator/dist/src/store/store-storm.js'
  const { runStoreStorm } = await load<StoreSimulator>(path)
  return { name: 'store', run: runStoreStorm }
}

export type GroundName = 'group' | 'store' | 'cluster'

export function loadGround(name: string): Promise<Ground> {
  if (name === 'group') return groupGround()
  return name === 'store' ? storeGround() : clusterGround()
}

/** The first thing that breaks; an exception is one. Null: the seed finds nothing. */
export async function hunt({ name, run }: Ground, seed: number): Promise<string | null> {
  try {
    const failure = await run(seed)
    return failure === null ? null : `${name}: ${failure}`
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`
  }
}
