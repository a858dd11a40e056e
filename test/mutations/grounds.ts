// The grounds on which a mutation is hunted, each a simulation of one seed: a whole cluster of
// members, and one Raft group in weather worse than any network's, where no other layer can make
// good what its core does wrong. They are loaded late, after the mutation is in place.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { repositoryRoot } from '@holdfast/testkit'

export interface Ground {
  readonly name: string
  /** What broke first in this seed; null if all is well. */
  readonly run: (seed: number) => string | null
}

interface Scenario {
  runScenario(
    seed: number,
    options: { nodes: number; stormMs: number; messages: number; membership: boolean }
  ): { readonly failures: readonly string[] }
}

interface Storm {
  runStorm(seed: number): unknown
}

async function load<Module>(built: string): Promise<Module> {
  return (await import(pathToFileURL(join(repositoryRoot, built)).href)) as Module
}

async function groupGround(): Promise<Ground> {
  const { runStorm } = await load<Storm>('packages/raft/dist/test/storm.js')
  return {
    name: 'group',
    run: (seed) => {
      runStorm(seed)
      return null
    }
  }
}

async function clusterGround(): Promise<Ground> {
  const { runScenario } = await load<Scenario>('packages/cluster/dist/test/world/scenario.js')
  return {
    name: 'cluster',
    run: (seed) => {
      const options = { nodes: 3 + (seed % 3), stormMs: 8000, messages: 120 }
      const { failures } = runScenario(seed, { ...options, membership: seed % 2 === 0 })
      return failures[0] ?? null
    }
  }
}

export async function loadGrounds(): Promise<readonly Ground[]> {
  return [await groupGround(), await clusterGround()]
}

/** The first thing that breaks on any ground; an exception is one. Null: the seed finds nothing. */
export function hunt(grounds: readonly Ground[], seed: number): string | null {
  for (const { name, run } of grounds) {
    try {
      const failure = run(seed)
      if (failure !== null) return `${name}: ${failure}`
    } catch (error) {
      return `${name}: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return null
}
