// One node: builds the parts around its data and ties them together, listens, and runs until it
// ends. Which implementations the parts are is decided in compose.ts.
import { randomInt } from 'node:crypto'
import {
  type AdminPort,
  type Bootstrap,
  type ClusterStatus,
  type Damage,
  DamagedMember,
  type Input,
  type LogStore,
  type NodeIdentity,
  type PeerHello
} from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { parseAddress, processEpochMax, Transport } from '@holdfast/transport'
import { newCluster, shouldBootstrap } from './bootstrap.ts'
import { ClientSockets } from './client-sockets.ts'
import type { Configuration } from './config-schema.ts'
import { Driver } from './driver.ts'
import { serverLimits } from './limits.ts'
import { bind } from './listeners/bind.ts'
import { ClientListeners } from './listeners/client-listeners.ts'
import { HttpListener } from './listeners/http-listener.ts'
import { requestRule } from './listeners/http-security.ts'
import { WebSocketListener } from './listeners/websocket.ts'
import type { Log } from './logger.ts'
import { LoopDelay } from './loop-delay.ts'
import type {
  Addresses,
  Ending,
  HostedMember,
  HttpPort,
  NodeParts,
  RunningNode
} from './node-parts.ts'
import type { OpenedData, ReservePort } from './open-data.ts'
import { Passwords } from './passwords.ts'
import type { NodeTls } from './tls/node-tls.ts'

export class Node implements RunningNode {
  readonly #configuration: Configuration
  readonly #parts: NodeParts
  readonly #store: LogStore
  readonly #damage: Damage | null
  readonly #log: Log
  readonly #sockets: ClientSockets
  readonly #transport: Transport
  readonly #tls: NodeTls
  readonly #listeners: ClientListeners
  readonly #reserve: ReservePort
  readonly #passwords = new Passwords(() => performance.now())
  readonly #timers: NodeJS.Timeout[] = []
  #hello: PeerHello
  #http: HttpListener | null = null
  #webSocket: WebSocketListener | null = null
  #driver: Driver | null = null
  #member: HostedMember | null = null
  #damaged: DamagedMember | null = null
  #loopDelay: LoopDelay | null = null
  #freeBytes = Number.MAX_SAFE_INTEGER
  /** What happened between listening and the first turn. */
  #early: Input[] = []
  #resolveEnded: (ending: Ending) => void = () => undefined
  readonly ended: Promise<Ending>

  constructor(
    configuration: Configuration,
    parts: NodeParts,
    opened: OpenedData,
    log: Log,
    tls: NodeTls
  ) {
    this.#configuration = configuration
    this.#parts = parts
    const { store, damage } = opened
    this.#store = store
    this.#damage = damage
    this.#reserve = parts.storage.reserve(configuration.data)
    this.#log = log
    this.#tls = tls
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    const { client, peer, http, token } = configuration
    const { identity, storeId } = store.recovered
    const processEpoch = randomInt(1, processEpochMax)
    const hello = { ...helloIdentity(identity), storeId, processEpoch, client, peer, http }
    this.#hello = damage === null ? hello : { ...hello, isDamaged: true }
    this.#sockets = new ClientSockets({
      input: (input) => this.#input(input),
      log,
      connectionsMax: configuration.connectionsMax,
      bufferBytesMax: configuration.clientBufferBytesMax,
      totalBufferBytesMax: configuration.clientBuffersBytesMax
    })
    this.#transport = new Transport({
      hello: this.#hello,
      token,
      tls: tls.peers,
      input: (input) => this.#input(input),
      log,
      random: () => randomInt(2 ** 32) / 2 ** 32
    })
    this.#listeners = new ClientListeners(configuration, this.#sockets, parts.refusal, tls)
  }

  get addresses(): Addresses {
    const { client, peer, http } = this.#hello
    return { client, amqp: this.#listeners.amqpAddress, peer, http }
  }

  get #told(): Omit<Addresses, 'amqp'> {
    const { client, peer, http } = this.#hello
    return { client, peer, http }
  }

  /** Its data is damaged, and the others can do without it by now: it has ended for that. */
  get isSpared(): boolean {
    return (this.#damaged?.isExpendable ?? false) || (this.#driver?.isCondemned ?? false)
  }

  status(): ClusterStatus {
    if (this.#member === null) throw new HoldfastError('UNAVAILABLE', { reason: 'not started' })
    const status = this.#member.status()
    return { ...status, warnings: [...status.warnings, ...this.#tls.warnings] }
  }

  async start(): Promise<void> {
    const store = this.#store
    const isBootstrap = await shouldBootstrap({
      isWanted: this.#configuration.bootstrap && this.#damage === null,
      directory: this.#configuration.data,
      identity: store.recovered.identity,
      seeds: this.#configuration.seed,
      hello: this.#hello,
      token: this.#configuration.token,
      tls: this.#tls.peers
    })
    const http = await this.#createHttp()
    await this.#listen(http)
    const member = this.#createMember(
      isBootstrap ? await newCluster(this.#configuration, this.#passwords) : null
    )
    this.#member = member
    this.#driver = new Driver({
      member,
      store,
      peers: this.#transport,
      clients: this.#sockets,
      passwords: this.#passwords,
      log: this.#log,
      identified: (identity) => this.#identify(helloIdentity(identity)),
      condemn: (reason) => this.#parts.storage.condemn(this.#configuration.data, reason),
      ended: (code, reason) => void this.#end(code, reason),
      nowMs: () => performance.now(),
      wallMs: () => Date.now()
    })
    this.#loopDelay = new LoopDelay(this.#log)
    this.#driver.start()
    for (const input of this.#early.splice(0)) this.#driver.input(input)
    this.#watchDisk()
    this.#log('info', 'the node listens', { ...this.addresses, node: this.#hello.node })
  }

  #createMember(bootstrap: Bootstrap | null): HostedMember {
    if (this.#damage !== null) {
      this.#damaged = new DamagedMember(this.#damage, this.#told)
      return this.#damaged
    }
    const { processEpoch } = this.#hello
    const settings = { store: this.#store, processEpoch, addresses: this.#told, bootstrap }
    return this.#parts.createMember(settings)
  }

  drain(): void {
    if (this.#driver === null) return
    this.#log('info', 'the node drains', {})
    this.#driver.input({ type: 'drain' })
    const { shutdownTimeoutMs } = this.#configuration
    // Some time is left for closing; what is not handed over by then, the others elect anew.
    this.#timers.push(
      setTimeout(() => void this.#end(0, 'the drain took too long'), shutdownTimeoutMs * 0.8)
    )
  }

  reloadTls(): boolean {
    return this.#tls.reload()
  }

  /** Closes everything. Safe to call at any stage. */
  async close(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer)
    this.#loopDelay?.stop()
    this.#driver?.stop()
    this.#listeners.close()
    this.#webSocket?.close()
    this.#sockets.endAll()
    await this.#http?.close().catch((error: unknown) => this.#closeFailed('http', error))
    this.#sockets.destroyAll()
    await this.#transport.close()
    await this.#reserve.close()
    await this.#store.close().catch((error: unknown) => this.#closeFailed('store', error))
  }

  #input(input: Input): void {
    if (this.#driver === null) this.#early.push(input)
    else this.#driver.input(input)
  }

  #closeFailed(part: string, error: unknown): void {
    this.#log('warn', 'a part did not close', { part, reason: HoldfastError.from(error).message })
  }

  async #end(code: 0 | 70, reason: string): Promise<void> {
    this.#log(code === 0 ? 'info' : 'error', 'the node ends', { code, reason })
    // After a fault nothing is worth waiting for: sockets close with the process (crash-only).
    if (code === 0) await this.close()
    // What ended on a full disk can be started again, and drained.
    else if (this.#freeBytes < serverLimits.reserveReleaseBytes) await this.#releaseReserve()
    this.#resolveEnded({ code, reason })
  }

  async #releaseReserve(): Promise<void> {
    try {
      await this.#reserve.release()
      this.#log('warn', 'the reserve of the disk is given up', { freeBytes: this.#freeBytes })
    } catch (error) {
      this.#closeFailed('reserve', error)
    }
  }

  #createHttp(): Promise<HttpPort> {
    const notYet = (): never => {
      throw new HoldfastError('UNAVAILABLE', { reason: 'the node starts' })
    }
    const port: AdminPort = {
      status: () => (this.#member === null ? notYet() : this.status()),
      counters: () => this.#member?.counters() ?? notYet(),
      request: (request, gone) =>
        this.#driver?.request(request, gone) ?? Promise.resolve().then(notYet),
      hashPassword: (password) => this.#passwords.hash(password)
    }
    return this.#parts.createHttp(port, this.#log, this.#tls)
  }

  /** The addresses that others are told are those that were bound. */
  async #listen(http: HttpPort): Promise<void> {
    this.#http = new HttpListener(http)
    // Clients go to nodes that have data for them.
    const isServing = this.#damage === null
    const refuse = requestRule(this.#configuration)
    if (isServing) {
      this.#webSocket = new WebSocketListener(http.server, this.#sockets, refuse, (socket) =>
        this.#tls.certificateNameOf(socket)
      )
    }
    const { peer } = this.#configuration
    const boundPeer = await bind('peer', peer, () => this.#transport.listen(parseAddress(peer)))
    const boundClient = isServing ? await this.#listeners.listen() : this.#hello.client
    const boundHttp = await this.#http.listen(this.#configuration)
    this.#identify({ client: boundClient, peer: boundPeer, http: boundHttp })
  }

  #identify(change: Partial<PeerHello>): void {
    this.#hello = { ...this.#hello, ...change }
    this.#transport.identify(this.#hello)
  }

  #watchDisk(): void {
    const look = (): void => {
      this.#reserve.measure().then(
        ({ freeBytes, totalBytes }) => {
          this.#freeBytes = freeBytes
          this.#driver?.input({ type: 'disk', freeBytes, totalBytes })
        },
        (error: Error) =>
          this.#log('warn', 'the disk cannot be measured', { reason: error.message })
      )
    }
    look()
    const timer = setInterval(look, serverLimits.diskIntervalMs)
    timer.unref()
    this.#timers.push(timer)
  }
}

function helloIdentity(
  identity: NodeIdentity | null
): Pick<PeerHello, 'clusterId' | 'node' | 'incarnation'> {
  return {
    clusterId: identity?.clusterId ?? null,
    node: identity?.node ?? null,
    incarnation: identity?.incarnation ?? null
  }
}
