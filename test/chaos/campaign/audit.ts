// Whether all replicas of a group have become the same: every node is asked for the hashes of its
// machines once nothing happens any more, until all replicas of a group stand at one index.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type ClusterProcess, eventually } from '@holdfast/testkit'
import type { Violations } from '../violations.ts'

interface ReplicaHash {
  readonly group: number
  readonly applied: number
  readonly hash: string
}

const auditTimeoutMs = 30_000
const preload = new URL('./audit-preload.js', import.meta.url).href

/** The environment of every node: what was asked for, and what the audit needs. */
export function auditEnvironment(
  directory: string,
  asked: Readonly<Record<string, string>> = {}
): Readonly<Record<string, string>> {
  mkdirSync(directory, { recursive: true })
  const options = `${asked['NODE_OPTIONS'] ?? ''} --import ${preload}`
  return { ...asked, CHAOS_AUDIT_DIRECTORY: directory, NODE_OPTIONS: options.trim() }
}

async function hashesOf(
  cluster: ClusterProcess,
  node: number,
  directory: string
): Promise<readonly ReplicaHash[]> {
  const path = join(directory, `${cluster.node(node).pid}.json`)
  rmSync(path, { force: true })
  cluster.signal(node, 'SIGUSR2')
  const read = (): readonly ReplicaHash[] | null => {
    return JSON.parse(readFileSync(path, 'utf8')) as readonly ReplicaHash[]
  }
  return eventually(`hashes of node ${node}`, read, { timeoutMs: auditTimeoutMs })
}

/** Replicas of one group that stand at one index and differ, as sentences; null: not yet at one. */
async function compare(cluster: ClusterProcess, directory: string): Promise<string[] | null> {
  const nodes = cluster.nodes.map(({ id }) => id)
  const all = await Promise.all(nodes.map((node) => hashesOf(cluster, node, directory)))
  const differences: string[] = []
  const first = new Map<number, ReplicaHash & { readonly node: number }>()
  for (const [at, hashes] of all.entries()) {
    for (const { group, applied, hash } of hashes) {
      const node = nodes[at] ?? 0
      const other = first.get(group)
      if (other === undefined) first.set(group, { group, applied, hash, node })
      else if (other.applied !== applied) return null
      else if (other.hash !== hash) {
        const where = `group ${group} at ${applied}`
        differences.push(`${where}: node ${other.node} ${other.hash}, node ${node} ${hash}`)
      }
    }
  }
  return differences
}

/** Notes replicas that differ, or that do not come to stand at one index. */
export async function audit(
  cluster: ClusterProcess,
  directory: string,
  violations: Violations
): Promise<void> {
  try {
    const look = (): Promise<string[] | null> => compare(cluster, directory)
    const options = { timeoutMs: auditTimeoutMs, intervalMs: 200 }
    for (const sentence of await eventually('replicas at one index', look, options)) {
      violations.add('replicas-differ', sentence)
    }
  } catch (error) {
    violations.add('stuck', error instanceof Error ? error.message : String(error))
  }
}
