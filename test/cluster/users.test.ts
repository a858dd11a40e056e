// Users on a real cluster of three nodes: the commands and lines of the page about them, run as
// they stand there, and what a user may and may not do through each node.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as sdk from '@holdfast/client'
import { HoldfastError } from '@holdfast/client'
import { ClusterProcess, defaultCli, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { read } from '../tidy/workspace.ts'

t.setTimeout(280_000)

const page = read('docs/concepts/users-and-permissions.md')
const execute = promisify(execFile)

/** Words of a shell line; single quotes hold one together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action
    return 'done'
  } catch (error) {
    return HoldfastError.from(error).code
  }
}

t.test('the page about users is as a cluster does it', async (t) => {
  const data = join(temporaryDirectory(t, 'users'), 'data')
  const cluster = await ClusterProcess.start({ data })
  t.teardown(() => cluster.stop())
  const hosts = cluster.clientAddresses()
  const [{ http } = { http: '' }] = cluster.nodes
  const holdfast = async (words: readonly string[]): Promise<string> => {
    const { stdout } = await execute(process.execPath, [defaultCli, ...words])
    return stdout
  }
  const at = (credentials: string): string[] => ['--node', `${credentials}${http}`]

  await holdfast(['user', 'add', 'ann', 'secret', ...at('')])
  await holdfast([
    'permission',
    'set',
    'ann',
    '^ann-',
    '^(ann-|amq\\.default$)',
    '^ann-',
    ...at('')
  ])
  const example = /```ts\n(.*)\n```/.exec(page)?.[1]
  t.equal(
    example,
    "const connection = await connect(['127.0.0.1:7672'], { user: 'ann', password: 'secret' })"
  )
  const ann = await sdk.connect(hosts, { user: 'ann', password: 'secret' })
  await ann.declareQueue('ann-1')
  t.equal(await codeOf(ann.declareQueue('bob-1')), 'ACCESS_REFUSED')
  await ann.publish('', 'ann-1', 'hers')
  t.equal(await codeOf(ann.publish('amq.fanout', '', 'not hers')), 'ACCESS_REFUSED')
  for (const host of hosts) {
    const wrong = { user: 'ann', password: 'wrong', connectTimeoutMs: 5000 }
    t.equal(await codeOf(sdk.connect([host], wrong)), 'AUTHENTICATION_FAILED')
  }
  const consumer = await ann.consume('ann-1')
  for await (const delivery of consumer) {
    t.equal(delivery.text(), 'hers')
    delivery.ack()
    break
  }
  await consumer.settled()

  // What is taken is gone through every node as soon as it is answered.
  const each = await Promise.all(hosts.map((host) => sdk.connect([`ann:secret@${host}`])))
  await holdfast(['permission', 'set', 'ann', '', '', '', ...at('')])
  for (const one of each) t.equal(await codeOf(one.publish('', 'ann-1', 'x')), 'ACCESS_REFUSED')
  await t.rejects(consumer[Symbol.asyncIterator]().next(), { code: 'ACCESS_REFUSED' })
  await Promise.all([ann, ...each].map((one) => one.close()))

  // The lines of the page, with the passwords and addresses of this test.
  const [, shell = ''] = /```\n(holdfast user add[\s\S]*?)```/.exec(page) ?? []
  const lines = shell.trim().split('\n')
  t.equal(lines.length, 3)
  for (const line of lines) {
    const [, ...words] = wordsOf(line.replace('admin:PASSWORD@127.0.0.1:7680', `admin:pw@${http}`))
    if (words[1] === 'add') words.splice(3, 0, 'pw')
    await holdfast(words.includes('--node') ? words : [...words, ...at('')])
  }
  t.equal(await codeOf(sdk.connect(hosts, { connectTimeoutMs: 5000 })), 'CREDENTIALS_REQUIRED')
  t.match(await holdfast(['user', 'list', ...at('admin:pw@')]), /admin +administrator\nann/)
  const refused = await codeOf(holdfast(['user', 'list', ...at('')]))
  t.not(refused, 'done', 'nobody is guest any more')
})
