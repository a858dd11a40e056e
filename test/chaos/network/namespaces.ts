// A network of our own for one run: a namespace for every node, one for the clients and the test,
// and a hub that routes between them, so that real packets between real processes can be dropped.
// Nodes bind loopback addresses only as long as there is no TLS; therefore the network is part of
// 127.0.0.0/8, which Linux routes between namespaces once `route_localnet` is set in them.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

/** Directory in which iproute2 names namespaces. */
const directory = '/var/run/netns'
const prefix = 'holdfast'
const hubHost = '127.0.1.254'
const clientsHost = '127.0.1.100'
/** Routing table of what goes through a proxy. */
const divertedTable = 100

/** Places of nodes; more than a run ever uses at a time, since nodes are exchanged. */
export const placesMax = 8

export interface Station {
  /** Namespace, as `ip netns` knows it. */
  readonly namespace: string
  readonly host: string
  /** A second address there, from which a link proxy dials. */
  readonly proxyHost: string
  /** Name of the interface, here and at the hub. */
  readonly link: string
}

export type Direction = readonly [from: Station, to: Station]

/** Runs `ip` with commands, one a line. @throws Error with what it said */
export function ip(namespace: string | null, commands: readonly string[]): void {
  const where = namespace === null ? [] : ['-n', namespace]
  execFileSync('ip', [...where, '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    stdio: ['pipe', 'pipe', 'pipe']
  })
}

/** Program and arguments that run something in a namespace, as the same process. */
export function inside(namespace: string): string[] {
  return ['ip', 'netns', 'exec', namespace]
}

export class Namespaces {
  /** Common part of the names; ends in the pid of the process that made them. */
  readonly name: string
  readonly #dropped: Direction[] = []

  constructor(name: string) {
    this.name = name
  }

  get hub(): string {
    return `${this.name}-hub`
  }

  get clients(): Station {
    const namespace = `${this.name}-clients`
    return { namespace, host: clientsHost, proxyHost: '127.0.2.100', link: 'clients' }
  }

  node(place: number): Station {
    const [host, proxyHost] = [`127.0.1.${place + 1}`, `127.0.2.${place + 1}`]
    return { namespace: `${this.name}-n${place}`, host, proxyHost, link: `n${place}` }
  }

  get #stations(): readonly Station[] {
    return [this.clients, ...Array.from({ length: placesMax }, (_, place) => this.node(place))]
  }

  /** Makes the network. @throws Error where this is not allowed or not possible */
  static create(): Namespaces {
    sweep()
    const network = new Namespaces(`${prefix}-${process.pid}`)
    try {
      network.#build()
      return network
    } catch (error) {
      network.destroy()
      throw error
    }
  }

  #build(): void {
    ip(null, [`netns add ${this.hub}`])
    settings(this.hub, ['ip_forward=1', 'conf/all/route_localnet=1', 'conf/all/rp_filter=0'])
    for (const station of this.#stations) this.#connect(station)
  }

  #connect(station: Station): void {
    const { namespace, host, proxyHost, link } = station
    ip(null, [
      `netns add ${namespace}`,
      `link add ${link} netns ${namespace} type veth peer name ${link} netns ${this.hub}`
    ])
    const local = ['ip_nonlocal_bind=1', 'conf/all/route_localnet=1', 'conf/all/rp_filter=0']
    settings(namespace, local)
    ip(namespace, [
      'link set lo up',
      // Usually the first rule of all; diversions must come before it.
      'rule add pref 30 lookup local',
      'rule del pref 0',
      // The whole of 127.0.0.0/8 is at home in a new namespace; here, only one address is.
      'addr del 127.0.0.1/8 dev lo',
      'addr add 127.0.0.1/32 dev lo',
      `addr add ${host}/32 dev lo`,
      `addr add ${proxyHost}/32 dev lo`,
      ...linkUp(station)
    ])
    ip(this.hub, [
      `link set ${link} up`,
      `addr add ${hubHost}/32 dev ${link}`,
      `route add ${host}/32 dev ${link} scope link`,
      `route add ${proxyHost}/32 dev ${link} scope link`
    ])
  }

  /** Takes the link of a place down: everything there fails at once and knows it. */
  unplug(place: number): void {
    const { namespace, link } = this.node(place)
    ip(namespace, [`link set ${link} down`])
  }

  plug(place: number): void {
    const station = this.node(place)
    ip(station.namespace, linkUp(station))
  }

  /** Packets from one host to another vanish at the hub; nobody is told. */
  drop(from: Station, to: Station): void {
    this.#dropped.push([from, to])
    ip(
      this.hub,
      pairs(from, to).map((pair) => `rule add ${pair} blackhole`)
    )
  }

  /** Takes back one `drop`. */
  pass(from: Station, to: Station): void {
    const isSame = ([one, other]: Direction): boolean =>
      one.link === from.link && other.link === to.link
    this.#dropped.splice(this.#dropped.findIndex(isSame), 1)
    ip(
      this.hub,
      pairs(from, to).map((pair) => `rule del ${pair} blackhole`)
    )
  }

  /** Plugs all links and drops nothing any more, whoever failed to take it back. */
  heal(): void {
    for (const [from, to] of [...this.#dropped]) this.pass(from, to)
    for (let place = 0; place < placesMax; place += 1) this.plug(place)
  }

  /**
   * What a place sends to one address and port reaches a proxy at the place itself instead; what
   * the proxy sends there from its own address passes, and so does all other traffic.
   */
  divert(station: Station, host: string, port: number): void {
    const { namespace, proxyHost } = station
    ip(namespace, [
      `addr add ${host}/32 dev lo`,
      `route add local ${host}/32 dev lo table ${divertedTable} src ${station.host}`,
      ...diversions(proxyHost, host, port).map((rule) => `rule add ${rule}`)
    ])
  }

  undivert({ namespace, proxyHost }: Station, host: string, port: number): void {
    ip(namespace, [
      ...diversions(proxyHost, host, port).map((rule) => `rule del ${rule}`),
      `route del local ${host}/32 dev lo table ${divertedTable}`,
      `addr del ${host}/32 dev lo`
    ])
  }

  /** Program and first arguments that run a file of Node.js at a place. */
  launcher({ namespace }: Station): string[] {
    return [...inside(namespace), process.execPath]
  }

  /** Removes all of it; processes that still run there lose their network. */
  destroy(): void {
    for (const { namespace } of this.#stations) remove(namespace)
    remove(this.hub)
  }
}

function linkUp({ link, host }: Station): string[] {
  const route = `127.0.0.0/16 via ${hubHost} dev ${link} onlink src ${host}`
  return [`link set ${link} up`, `route replace ${route}`]
}

/** Rules of routing, the first that fits; they come before those for addresses of this place. */
function diversions(proxyHost: string, host: string, port: number): string[] {
  return [
    `pref 4 from ${proxyHost} lookup main`,
    `pref 5 to ${host}/32 ipproto tcp dport ${port} lookup ${divertedTable}`,
    `pref 6 to ${host}/32 lookup main`
  ]
}

/** Both addresses of the sender, so that a proxy gains nothing. */
function pairs(from: Station, to: Station): string[] {
  const sources = [from.host, from.proxyHost]
  const targets = [to.host, to.proxyHost]
  return sources.flatMap((source) => targets.map((target) => `from ${source} to ${target}`))
}

function settings(namespace: string, assignments: readonly string[]): void {
  const script = assignments.map((one) => {
    const [key = '', value = ''] = one.split('=')
    return `echo ${value} > /proc/sys/net/ipv4/${key}`
  })
  const [program = '', ...flags] = inside(namespace)
  execFileSync(program, [...flags, 'sh', '-ec', script.join('\n')], { stdio: 'pipe' })
}

function remove(namespace: string): void {
  try {
    execFileSync('ip', ['netns', 'del', namespace], { stdio: 'pipe' })
  } catch {
    // It was never made, or is gone.
  }
}

/** Removes what processes that are no more have left: a killed one cleans up nothing. */
function sweep(): void {
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch {
    return
  }
  for (const name of names) {
    const owner = /^holdfast-(\d+)-/.exec(name)?.[1]
    if (owner !== undefined && !isRunning(Number(owner))) remove(name)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
