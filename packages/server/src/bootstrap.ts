// What the seeds say before a node starts: whether it may begin a new cluster, a one-time, explicit
// act (failure mode 50), and whether its data is of the cluster that it is to be part of.
import { randomBytes } from 'node:crypto'
import { type Bootstrap, guest, type NodeIdentity, type PeerHello } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { dialProbe, type TlsSource } from '@holdfast/transport'
import type { Configuration } from './config-schema.ts'
import { serverLimits } from './limits.ts'
import type { Passwords } from './passwords.ts'

export interface BootstrapQuestion {
  readonly isWanted: boolean
  readonly directory: string
  /** What the data directory says this node is; null while blank. */
  readonly identity: NodeIdentity | null
  readonly seeds: readonly string[]
  readonly hello: PeerHello
  readonly token: string
  readonly tls: TlsSource | null
}

/** What is known of a seed; null: nobody is there. */
type Answer = PeerHello | { readonly failure: string } | null

/**
 * True if a new cluster is to be started. A directory that belongs to a cluster just starts, so
 * that the same command can be given again; unless a seed is of another cluster.
 * @throws BOOTSTRAP_REFUSED when a seed is a member of a cluster, or may be one;
 * DATA_DIRECTORY_FOREIGN when it is of another one than the data
 */
export async function shouldBootstrap(question: BootstrapQuestion): Promise<boolean> {
  const { identity, isWanted } = question
  const seeds = question.seeds.filter((seed) => seed !== question.hello.peer)
  if (identity === null && !isWanted) return false
  const answers = await Promise.all(seeds.map((seed) => askSeed(seed, question)))
  if (identity !== null) {
    refuseForeign(question.directory, identity.clusterId, answers)
    return false
  }
  for (const [position, answer] of answers.entries()) {
    refuseSecond(seeds[position] ?? '', answer, question.hello.peer)
  }
  return true
}

/** Somebody of whom nothing can be learned may be a member: slow, or of another version. */
function refuseSecond(seed: string, answer: Answer, peer: string): void {
  if (answer === null || ('clusterId' in answer && answer.clusterId === null)) return
  const reason =
    'failure' in answer
      ? `somebody is at ${seed} who may be a member of a cluster, and cannot be asked ` +
        `(${answer.failure}); leave that seed out if it is none`
      : `the node at ${seed} is a member of cluster ${answer.clusterId}; start this node ` +
        `without --bootstrap, and add it there with 'holdfast node add ${peer}'`
  throw new HoldfastError('BOOTSTRAP_REFUSED', { reason })
}

/** How the cluster that this node starts begins: with which administrator. */
export async function newCluster(
  { defaultUser: user, defaultPassword }: Configuration,
  passwords: Passwords
): Promise<Bootstrap> {
  const clusterId = randomBytes(16).toString('hex')
  if (user === guest.user && defaultPassword === guest.user) return { clusterId }
  return { clusterId, owner: { user, password: await passwords.hash(defaultPassword) } }
}

function refuseForeign(directory: string, found: string, answers: readonly Answer[]): void {
  for (const answer of answers) {
    if (answer === null || 'failure' in answer) continue
    const expected = answer.clusterId
    if (expected === null || expected === found) continue
    throw new HoldfastError('DATA_DIRECTORY_FOREIGN', { directory, found, expected })
  }
}

async function askSeed(address: string, question: BootstrapQuestion): Promise<Answer> {
  let isThere = false
  const accepted = (): void => {
    isThere = true
  }
  const { hello, token, tls } = question
  const timeoutMs = serverLimits.probeTimeoutMs
  try {
    return await dialProbe({ address, hello, token, tls, timeoutMs, accepted })
  } catch (error) {
    return isThere ? { failure: error instanceof Error ? error.message : String(error) } : null
  }
}
