// docs/operating/tls.md as a person follows it: the commands that stand there make the
// certificates, three nodes start on a real address of this machine, and the commands that talk to
// them, the SDK and a WebSocket get through; nobody else does.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ConnectOptions, connect, HoldfastError } from '@holdfast/client'
import {
  defaultCli,
  eventually,
  findPortOffset,
  portsOfNode,
  repositoryRoot,
  temporaryDirectory
} from '@holdfast/testkit'
import { connect as connectAmqp } from 'amqplib'
import t, { type Test } from 'tap'

t.setTimeout(280_000)

const run = promisify(execFile)
const page = readFileSync(join(repositoryRoot, 'docs/operating/tls.md'), 'utf8')

const blocksOf = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text]) => text ?? ''
  )

/** An address beyond loopback, if this machine has one. */
const host: string =
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'

const nodeEnvironment = {
  HOLDFAST_TOKEN: 'secret',
  HOLDFAST_LOG_LEVEL: 'error',
  HOLDFAST_DEFAULT_USER: 'admin',
  HOLDFAST_DEFAULT_PASSWORD: 'PASSWORD'
}

/** Of whom the page speaks. */
const login = { user: 'admin', password: 'PASSWORD' }

class Guide {
  readonly directory: string
  readonly #portOffset: number
  readonly #servers: ChildProcess[] = []

  constructor(directory: string, portOffset: number) {
    this.directory = directory
    this.#portOffset = portOffset
  }

  /** What stands on the page, with the address and the ports of this test. */
  here(text: string): string {
    return text
      .replaceAll('DNS:$node.example', `IP:${host}`)
      .replaceAll(/node-(\d)\.example:(\d+)/g, (_, node: string, port: string) => {
        const place = Number(node) - 1
        const ports = portsOfNode(place, this.#portOffset)
        const kind = {
          '5672': ports.amqp,
          '7672': ports.client,
          '7673': ports.peer,
          '7680': ports.http
        }[port]
        return `${host}:${kind}`
      })
  }

  async shell(text: string, environment: NodeJS.ProcessEnv = {}): Promise<string> {
    const holdfast = `holdfast() { "${process.execPath}" "${defaultCli}" "$@"; }`
    const script = `set -eu\n${holdfast}\n${this.here(text)}`
    // biome-ignore lint/style/noProcessEnv: PATH is handed on.
    const env = { ...process.env, ...environment }
    const { stdout } = await run('bash', ['-c', script], { cwd: this.directory, env })
    return stdout
  }

  /** Starts node `number` in a directory of its own, as the page says. */
  start(number: number, extra: readonly string[] = []): ChildProcess {
    const own = join(this.directory, `machine-${number}`)
    mkdirSync(own)
    for (const name of ['ca.crt', `node-${number}.crt`, `node-${number}.key`]) {
      copyFileSync(join(this.directory, name), join(own, name))
    }
    const [settings = ''] = blocksOf('json')
    writeFileSync(
      join(own, 'node.json'),
      this.here(settings.replaceAll('node-1', `node-${number}`))
    )
    const flags = [defaultCli, 'server', '--config', 'node.json', ...extra]
    const server = spawn(process.execPath, flags, {
      cwd: own,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // biome-ignore lint/style/noProcessEnv: PATH is handed on.
      env: { ...process.env, ...nodeEnvironment }
    })
    this.#servers.push(server)
    return server
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise((resolve) => {
            if (server.exitCode !== null) resolve(null)
            server.once('exit', resolve)
            server.kill('SIGKILL')
          })
      )
    )
  }

  read(name: string): string {
    return readFileSync(join(this.directory, name), 'utf8')
  }
}

async function guideOf(t: Test): Promise<Guide> {
  const guide = new Guide(temporaryDirectory(t, 'tls-guide'), await findPortOffset(3))
  t.teardown(() => guide.stop())
  return guide
}

/** The text of an answer by the HTTP listener of a node, or the code of what went wrong. */
function fetchText(
  guide: Guide,
  path: string,
  tls: object,
  node = 1
): Promise<{ status: number; text: string }> {
  const url = `https://${guide.here(`node-${node}.example:7680`)}${path}`
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, ...tls }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    call.on('error', reject)
    call.end()
  })
}

t.test('the guide works as it stands', async (t) => {
  t.comment(`nodes listen at ${host}`)
  const guide = await guideOf(t)
  const [authority, nodes, client, commands = '', replacing = ''] = blocksOf('sh')
  for (const block of [authority, nodes, client]) await guide.shell(block ?? '')
  const first = guide.start(1, ['--bootstrap'])
  guide.start(2)
  guide.start(3)
  const ca = guide.read('ca.crt')
  const own = { ca, cert: guide.read('client.crt'), key: guide.read('client.key') }
  const isReady = async (): Promise<boolean> =>
    (await fetchText(guide, '/health/ready', own)).status === 200
  await eventually('the first node', isReady)
  // The HTTP listener is a node's last: who answers by it can be added.
  for (const node of [2, 3]) {
    const isListening = async (): Promise<boolean> =>
      (await fetchText(guide, '/health/live', own, node)).status === 200
    await eventually(`node ${node}`, isListening)
  }
  const said = await guide.shell(commands)
  t.match(said, /succeeded[\s\S]*succeeded/, 'two nodes are added')
  for (const node of ['node-1', 'node-2', 'node-3']) {
    t.match(said, guide.here(`${node}.example:7672`), 'the status shows them')
  }
  t.match(said, /confirmed\nhello/)

  const metrics = (await fetchText(guide, '/metrics', own)).text
  t.match(metrics, /^holdfast_tls_certificate_not_after_seconds\{use="clients"\} 1\d{9}$/m)
  t.match(metrics, /^holdfast_tls_certificate_not_after_seconds\{use="peers"\} 1\d{9}$/m)
  t.match(await fetchText(guide, '/health/live', { ca }), {
    status: 403,
    text: /CERTIFICATE_REFUSED.*none was given/
  })
  const foreign = { ...own, headers: { origin: 'https://evil.example' } }
  t.match(await fetchText(guide, '/v1/cluster', foreign), { status: 403, text: /ORIGIN_REFUSED/ })

  const tcp = await connect([guide.here('node-3.example:7672')], { tls: own, ...login })
  const web = await connect([guide.here('wss://node-2.example:7680/v1/connect')], {
    tls: own,
    ...login
  })
  await tcp.declareQueue('secured')
  await web.publish('', 'secured', 'over wss')
  const consumer = await tcp.consume('secured')
  for await (const delivery of consumer) {
    t.equal(delivery.text(), 'over wss')
    delivery.ack()
    break
  }
  await web.close()
  await tcp.close()
  await byAmqp(t, guide, own)
  const address = guide.here('node-1.example:7672')
  /** Tried again where the node said nothing in time: then the error is that. */
  const isRefused = async (code: string, options: ConnectOptions): Promise<void> => {
    const ask = async (): Promise<boolean> => {
      const error = await connect([address], { connectTimeoutMs: 3_000, ...options }).catch(
        (refusal: HoldfastError) => refusal
      )
      if (!(error instanceof HoldfastError)) throw new Error('it is let in')
      if (error.code === 'NODE_UNREACHABLE') return false
      t.equal(error.code, code)
      return true
    }
    await eventually(code, ask)
  }
  // A certificate is no user.
  if (!host.startsWith('127.')) await isRefused('CREDENTIALS_REQUIRED', { tls: own })
  await isRefused('TLS_REQUIRED', {})
  await isRefused('CERTIFICATE_REFUSED', { tls: { ca } })
  await isRefused('TLS_HANDSHAKE_FAILED', { tls: true })

  await replaceCertificate(t, guide, first, replacing, own)
})

/** A client of AMQP, through the same gate. */
async function byAmqp(t: Test, guide: Guide, own: object): Promise<void> {
  const { user, password } = login
  const url = `amqps://${user}:${password}@${guide.here('node-2.example:5672')}`
  const connection = await connectAmqp(url, own)
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue('by-amqps')
  channel.sendToQueue('by-amqps', Buffer.from('over amqps'))
  await channel.waitForConfirms()
  const got = await channel.get('by-amqps', { noAck: true })
  t.equal(got === false ? '' : got.content.toString(), 'over amqps')
  await connection.close()
}

async function replaceCertificate(
  t: Test,
  guide: Guide,
  first: ChildProcess,
  replacing: string,
  own: object
): Promise<void> {
  const expiry = async (): Promise<string> => {
    const { text } = await fetchText(guide, '/metrics', own)
    return /not_after_seconds\{use="clients"\} (\d+)/.exec(text)?.[1] ?? ''
  }
  const before = await expiry()
  const [, nodes = ''] = blocksOf('sh')
  await guide.shell(nodes.replaceAll('-days 90', '-days 120'))
  for (const kind of ['crt', 'key']) {
    const made = join(guide.directory, `node-1.${kind}`)
    renameSync(made, join(guide.directory, 'machine-1', `node-1.${kind}.new`))
  }
  await guide.shell(`cd machine-1\n${replacing}`, { NODE_PID: String(first.pid) })
  const isReplaced = async (): Promise<boolean> => (await expiry()) > before
  t.ok(await eventually('the new certificate', isReplaced))
}
