// What a node finds when it starts and must not touch: settings that make no sense, a directory
// that another process uses, one of a newer or an older format, one of another cluster. It says so
// and ends, the directory is as it was, and the cluster beside it goes on.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { defaultCli, eventually, portsOfNode, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { startTarget } from './healthy-client.ts'

t.setTimeout(280_000)

interface Ended {
  readonly exitCode: number | null
  readonly text: string
}

/** Runs a command of the CLI to its end. */
function run(flags: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [defaultCli, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc']
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
    let text = ''
    const read = (chunk: Buffer): void => {
      text += chunk.toString()
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.on('close', (exitCode) => {
      clearTimeout(timer)
      resolve({ exitCode, text })
    })
  })
}

/** Every file of a directory with its contents and its time of change. */
function contentsOf(directory: string): Readonly<Record<string, string>> {
  const contents: Record<string, string> = {}
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(directory, name)
    const { mtimeMs } = statSync(path)
    const isFile = statSync(path).isFile()
    contents[name] = `${mtimeMs} ${isFile ? readFileSync(path).toString('base64') : 'directory'}`
  }
  return contents
}

/** Flags of a node at ports of its own: those of place `place` of the cluster's offset. */
function flagsAt(offset: number, place: number, data: string): string[] {
  const { client, amqp, peer, http } = portsOfNode(place, offset)
  const at = (port: number): string => `127.0.0.1:${port}`
  const clients = ['--client', at(client), '--amqp', at(amqp)]
  return ['server', '--data', data, ...clients, '--peer', at(peer), '--http', at(http)]
}

t.test('a node does not start on what it must not touch', async (t) => {
  const target = await startTarget(t)
  const { portOffset, token } = target.cluster
  const scratch = temporaryDirectory(t, 'hostile-data')
  const blank = (name: string): string => join(scratch, name)

  const settings: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', '{', /CONFIGURATION_INVALID/],
    ['no object', '[]', /CONFIGURATION_INVALID/],
    ['a wrong value', '{"connectionsMax":"many"}', /'connectionsMax'.*CONFIGURATION_INVALID/],
    ['a value out of range', '{"connectionsMax":0}', /'connectionsMax'.*CONFIGURATION_INVALID/],
    ['an unknown setting', '{"surplus":1}', /'surplus'.*CONFIGURATION_INVALID/],
    ['an address elsewhere', '{"client":"0.0.0.0:7672"}', /ADDRESS_REFUSED/]
  ]
  for (const [what, text, expected] of settings) {
    const file = join(scratch, 'settings.json')
    writeFileSync(file, text)
    const { exitCode, text: said } = await run(['server', '--data', blank('a'), '--config', file])
    t.equal(exitCode, 1, what)
    t.match(said, expected, what)
  }
  t.same(readdirSync(scratch), ['settings.json'], 'no directory was made for any of them')

  const twin = await run(flagsAt(portOffset, 1, target.node.data))
  t.equal(twin.exitCode, 1, 'a directory in use')
  t.match(twin.text, new RegExp(`process ${target.node.pid}.*DATA_DIRECTORY_IN_USE`))

  // A directory of a cluster of its own, which the next ones are copies of in all but the change.
  const own = blank('own')
  const flags = [...flagsAt(portOffset, 2, own), '--bootstrap']
  const other = spawn(process.execPath, [defaultCli, ...flags], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc']
  })
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${portsOfNode(2, portOffset).http}/health/ready`).then(
      ({ ok }) => ok,
      () => false
    )
  await eventually('the other cluster', isReady)
  const ended = new Promise((resolve) => other.on('exit', resolve))
  other.kill('SIGTERM')
  t.equal(await ended, 0, 'the other cluster stopped')

  const seeds = ['--seed', target.node.peer, '--token', token]
  const foreign = await run([...flagsAt(portOffset, 2, own), ...seeds])
  t.equal(foreign.exitCode, 1, 'a directory of another cluster')
  t.match(
    foreign.text,
    /belongs to cluster [0-9a-f]{32}, not to [0-9a-f]{32}.*DATA_DIRECTORY_FOREIGN/
  )

  const format = join(own, 'format.json')
  const sound = readFileSync(format, 'utf8')
  writeFileSync(format, sound.replace(/"format":\s*\d+/, '"format":999'))
  const before = contentsOf(own)
  const newer = await run(flagsAt(portOffset, 2, own))
  t.equal(newer.exitCode, 1, 'a newer format')
  t.match(newer.text, /format 999.*nothing was written.*DATA_DIRECTORY_NEWER/)
  t.same(contentsOf(own), before, 'nothing was written')
  const { storeId } = JSON.parse(sound)
  const former = { format: 2, storeId, isBorn: true, checksum: crc32(`2 ${storeId} true`) }
  writeFileSync(format, JSON.stringify(former))
  const beforeOlder = contentsOf(own)
  const older = await run(flagsAt(portOffset, 2, own))
  t.equal(older.exitCode, 1, 'an older format')
  t.match(older.text, /format 2.*UPGRADING\.md.*nothing was written.*DATA_DIRECTORY_OLDER/)
  t.same(contentsOf(own), beforeOlder, 'nothing was written')
  writeFileSync(format, sound)
  const strange = await run(flagsAt(portOffset, 2, scratch))
  t.equal(strange.exitCode, 1, 'a directory of something else')
  t.match(strange.text, /DATA_DIRECTORY_UNUSABLE/)
  t.notOk(readdirSync(scratch).includes('log'), 'nothing was put there')
  await target.judge(t)
})
