// Three real nodes that speak mutual TLS with each other and with clients, under load, while their
// certificates, and then their authority, are exchanged: no connection breaks, nothing is lost.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as dial } from 'node:tls'
import { type Connection, type Consumer, connect, HoldfastError } from '@holdfast/client'
import {
  CertificateAuthority,
  type CertificateFiles,
  ClusterProcess,
  eventually,
  replaceFile,
  temporaryDirectory
} from '@holdfast/testkit'
import t, { type Test } from 'tap'

t.setTimeout(280_000)

/** Of a machine that has other things to do as well. */
const patience = { timeoutMs: 60_000 }

/** Files that nodes are told of, and whoever replaces them. */
interface Secrets {
  readonly environment: Readonly<Record<string, string>>
  readonly authority: CertificateAuthority
  readonly files: CertificateFiles
  readonly bundle: string
  readonly directory: string
}

function secretsOf(t: Test): Secrets {
  const directory = temporaryDirectory(t, 'tls-cluster')
  const authority = new CertificateAuthority(directory)
  const files = authority.issue('node')
  const bundle = join(directory, 'bundle.crt')
  writeFileSync(bundle, authority.certificateText)
  const environment = {
    HOLDFAST_CLIENT_TLS: 'true',
    HOLDFAST_TLS_CERTIFICATE: files.certificate,
    HOLDFAST_TLS_KEY: files.key,
    HOLDFAST_TLS_AUTHORITY: bundle,
    HOLDFAST_TLS_CLIENT_CERTIFICATES: 'required',
    HOLDFAST_PEER_TLS_CERTIFICATE: files.certificate,
    HOLDFAST_PEER_TLS_KEY: files.key,
    HOLDFAST_PEER_TLS_AUTHORITY: bundle
  }
  return { environment, authority, files, bundle, directory }
}

/** Publishes numbers within a window, and consumes them, until it is asked to stop. */
class Load {
  readonly statuses: readonly string[]
  readonly #connection: Connection
  readonly #publishing: Promise<void>
  readonly #consuming: Promise<void>
  readonly #waiting = new Set<Promise<void>>()
  readonly errors: unknown[] = []
  readonly received: number[] = []
  readonly #seen = new Set<number>()
  hasRepeats = false
  isCutOff = false
  confirmed = 0
  #isStopping = false

  private constructor(
    connection: Connection,
    consumer: Consumer,
    queue: string,
    statuses: readonly string[]
  ) {
    this.statuses = statuses
    this.#connection = connection
    this.#publishing = this.#publish(queue)
    this.#consuming = this.#consume(consumer)
  }

  static async start(
    addresses: readonly string[],
    tls: { readonly ca: string; readonly cert: string; readonly key: string },
    queue: string
  ): Promise<Load> {
    const statuses: string[] = []
    const onStatus = ({ type }: { readonly type: string }): void => void statuses.push(type)
    // A node that a busy machine holds up for 3 s, two usual heartbeats, has cut nobody off.
    const connection = await connect(addresses, { tls, onStatus, heartbeatMs: 60_000 })
    await connection.declareQueue(queue)
    const consumer = await connection.consume(queue, { prefetch: 500 })
    return new Load(connection, consumer, queue, statuses)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#publishing
    await Promise.all(this.#waiting)
    // With the old authority gone nobody who trusts it alone can dial the next leader: what is not
    // there by then, on a machine slow enough to elect one, does not come.
    const isOver = (): boolean => {
      this.isCutOff = this.statuses.at(-1) === 'consumer-detached'
      return this.isCutOff || this.received.length >= this.confirmed
    }
    await eventually('all that was confirmed', isOver, patience)
    await this.end()
    await this.#consuming
  }

  async end(): Promise<void> {
    this.#isStopping = true
    await this.#connection.close()
  }

  async #publish(queue: string): Promise<void> {
    for (let number = 0; !this.#isStopping; number++) {
      const publishing = this.#connection.publish('', queue, String(number)).then(
        () => {
          this.confirmed++
        },
        (error: unknown) => void this.errors.push(error)
      )
      this.#waiting.add(publishing)
      void publishing.finally(() => this.#waiting.delete(publishing))
      if (this.#waiting.size >= 100) await Promise.race(this.#waiting)
    }
  }

  async #consume(consumer: Consumer): Promise<void> {
    for await (const delivery of consumer) {
      const number = Number(delivery.text())
      // A slow machine elects new leaders: what comes again may be new here, or out of order.
      this.hasRepeats ||= delivery.redelivered
      if (!delivery.redelivered || !this.#seen.has(number)) this.received.push(number)
      this.#seen.add(number)
      delivery.ack()
    }
  }
}

/** The name in the certificate that a node shows now, to a client that has one. */
function shownBy(address: string, ca: string, own: CertificateFiles): Promise<string> {
  const [host = '', port = ''] = address.split(':')
  const { certificateText: cert, keyText: key } = own
  return new Promise((resolve, reject) => {
    const socket = dial({ host, port: Number(port), ca, cert, key }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

/** How many lines of a node's log say this. */
function linesOf(cluster: ClusterProcess, id: number, text: string): number {
  const log = readFileSync(`${cluster.node(id).data}.log`, 'utf8')
  return log.split('\n').filter((line) => line.includes(text)).length
}

t.test('certificates and authority change under load, and nothing breaks', async (t) => {
  const { environment, authority, files, bundle, directory } = secretsOf(t)
  const data = join(temporaryDirectory(t, 'tls'), 'data')
  const cluster = await ClusterProcess.start({ data, environment })
  t.teardown(() => cluster.stop())
  const own = authority.issue('application')
  const ca = authority.certificateText
  const tls = { ca, cert: own.certificateText, key: own.keyText }
  const addresses = cluster.clientAddresses()
  const loads = [await Load.start(addresses, tls, 'a'), await Load.start(addresses, tls, 'b')]
  t.teardown(() => Promise.all(loads.map((load) => load.end())))

  const brokenLinks = (): readonly number[] =>
    cluster.nodes.map(({ id }) => linesOf(cluster, id, 'a peer link is down'))
  const before = brokenLinks()
  const reload = (): void => {
    for (const { id } of cluster.nodes) cluster.signal(id, 'SIGHUP')
  }
  const show = async (issued: CertificateFiles): Promise<void> => {
    replaceFile(files.certificate, issued.certificate)
    replaceFile(files.key, issued.key)
    reload()
  }
  const areShown = async (name: string, trusted: string, client: CertificateFiles) => {
    for (const { client: address } of cluster.nodes) {
      const isShown = async (): Promise<boolean> =>
        (await shownBy(address, trusted, client)) === name
      await eventually(`${name} at ${address}`, isShown, patience)
    }
    const earlier = loads.map(({ confirmed }) => confirmed)
    const goOn = (): boolean =>
      loads.every(({ confirmed }, place) => confirmed > (earlier[place] ?? 0) + 200)
    await eventually('further confirms', goOn, patience)
  }
  for (const name of ['second', 'third']) {
    await show(authority.issue(name))
    await areShown(name, ca, own)
  }

  // The order of docs/operating/tls.md: both are trusted, then the new one shows itself, then the
  // old one goes.
  const renewed = new CertificateAuthority(directory, 'renewed')
  writeFileSync(bundle, ca + renewed.certificateText)
  reload()
  await show(renewed.issue('fourth'))
  await areShown('fourth', renewed.certificateText, own)
  writeFileSync(bundle, renewed.certificateText)
  reload()
  const fresh = renewed.issue('fresh')
  await areShown('fourth', renewed.certificateText, fresh)
  // The certificate shown is the same as before: that a node has read its files shows by this.
  const old = { tls: { ...tls, ca: renewed.certificateText }, connectTimeoutMs: 3_000 }
  for (const address of addresses) {
    const isRefused = async (): Promise<boolean> => {
      const connecting = connect([address], old).then((connection) => connection.close())
      const failure = await connecting.catch((error: unknown) => error)
      return failure instanceof HoldfastError && failure.code === 'CERTIFICATE_REFUSED'
    }
    await eventually(`the old authority is refused at ${address}`, isRefused, patience)
  }

  for (const { statuses } of loads) {
    t.notOk(statuses.includes('disconnected'), `no client is cut off: ${statuses.join(' ')}`)
  }
  for (const load of loads) {
    await load.stop()
    t.same(load.errors, [])
    const length = load.isCutOff ? load.received.length : load.confirmed
    const expected = Array.from({ length }, (_, number) => number)
    if (load.hasRepeats) load.received.sort((a, b) => a - b)
    t.strictSame(load.received, expected, `${load.confirmed} messages, each once, in order`)
  }
  t.same(brokenLinks(), before, 'no link between nodes breaks')
  for (const { id } of cluster.nodes) {
    t.ok(linesOf(cluster, id, 'new TLS files are used') >= 8, `node ${id}`)
  }
  // Links that break are dialled with what is there now.
  await cluster.kill(2)
  cluster.restart(2)
  await cluster.waitReady()
  await cluster.waitCaughtUp()
  const after = await connect(addresses, {
    tls: { ca: renewed.certificateText, cert: fresh.certificateText, key: fresh.keyText }
  })
  await after.publish('', 'a', 'x')
  await after.close()
})
