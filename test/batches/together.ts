// Built tests that share a process. To start one under tap takes more processor time than most
// files need for what they test.
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'

/** Ends in a slash. */
export const root: string = fileURLToPath(new URL('../../../', import.meta.url))

/** What measures speed or memory is left alone, and what takes longest runs beside others. */
const isApart = /-speed\.test\.js$|\/test\/seeds\//

/** For all sentences of one file. */
const limitMs = 280_000

/** Built tests below a directory, from the root of the repository. */
export function builtTests(directory: string): string[] {
  return readdirSync(root + directory, { encoding: 'utf8', recursive: true })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => `${directory}/${file}`)
    .sort()
}

/**
 * Those of a package, which leave nothing behind: one after another, none can disturb the next.
 */
export function filesTogether(name: string): string[] {
  return builtTests(`packages/${name}/dist/test`).filter((file) => !isApart.test(file))
}

/** Packages whose tests take longest: each has a process, by a file in `test/units`. */
function packagesApart(): string[] {
  return builtTests('test/dist/units').map((file) => basename(file, '.test.js'))
}

/** Those of all other packages. */
export function filesOfOtherPackages(): string[] {
  const apart = packagesApart()
  const others = readdirSync(`${root}packages`).filter((name) => !apart.includes(name))
  return others.flatMap(filesTogether)
}

const inTest = (name: string): string => `test/dist/${name}.test.js`

/** Those that start no node, nor change their process, and take less than a process does. */
export const filesOfInstruments: readonly string[] = [
  'amqp/client-program',
  'amqp/reconnecting',
  'chaos/campaign/audit',
  'chaos/campaign/deck',
  'chaos/campaign/machine',
  'chaos/campaign/summary',
  'chaos/checker',
  'chaos/disk-stalls',
  'chaos/gap-meter',
  'chaos/history',
  'chaos/membership-register',
  'chaos/message-source',
  'chaos/network/link-proxy',
  'chaos/sdk-shape',
  'chaos/stalls',
  'chaos/surviving-clients',
  'mutations/catalogue',
  'mutations/ledger',
  'mutations/mutation',
  'mutations/unified-diff',
  'power/bit-rot',
  'power/image',
  'power/ledger',
  'power/outstanding',
  'tidy',
  'tidy-documents',
  'tidy-sources'
].map(inTest)

/** Those that share a cluster, see test/cluster/shared-cluster.ts. */
export const filesOfCluster: readonly string[] = [
  'amqp/amqplib',
  'amqp/cloudamqp-client',
  'amqp/dead-letters',
  'amqp/delivery-limits',
  'amqp/exclusive',
  'amqp/kept-deliveries',
  'amqp/length-limits',
  'amqp/pika',
  'amqp/priorities',
  'amqp/rabbitmq-client',
  'cluster/browser',
  'cluster/examples',
  'cluster/length-limits',
  'cluster/priorities',
  'cluster/routing'
].map(inTest)

/** Those beside them that start a cluster of their own. */
export function filesOfOwnClusters(): string[] {
  const others = new Set([...filesOfCluster, inTest('cluster/features')])
  return builtTests('test/dist/cluster').filter((file) => !others.has(file))
}

/**
 * Runs files one after another. A sentence is reported behind the name of its file. What a file
 * tears down at its end is torn down then: tap, told of it, would take the moment between two files
 * for the end of all.
 */
export async function runTogether(files: readonly string[]): Promise<void> {
  const { test } = t
  for (const file of files) {
    const running: unknown[] = []
    const teardowns: (() => unknown)[] = []
    const say = (sentence: string, ...rest: [never]): unknown => {
      const result = test(`${file}: ${sentence}`, ...rest)
      running.push(result)
      return result
    }
    const teardown = (run: () => unknown): number => teardowns.push(run)
    Object.defineProperty(t, 'test', { value: say, configurable: true })
    Object.defineProperty(t, 'teardown', { value: teardown, configurable: true })
    t.setTimeout(limitMs)
    try {
      await import(pathToFileURL(root + file).href)
    } catch (error) {
      t.fail(`${file}: is loaded`, { error })
    }
    await Promise.all(running)
    for (const run of teardowns.reverse()) await run()
  }
}
