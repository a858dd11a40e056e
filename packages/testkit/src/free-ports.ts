// Ports for a development cluster. `holdfast dev` wants node i (from 0) at 7672+10i (client),
// 5672+10i (AMQP), 7673+10i (peers) and 7680+10i (HTTP), all plus an offset: this finds an offset
// at which every one of them is free on loopback, so that several clusters can run side by side.
import { createServer, type Server } from 'node:net'

/** The ports of node `node` (from 0) at an offset. */
export interface NodePorts {
  readonly client: number
  readonly amqp: number
  readonly peer: number
  readonly http: number
}

const basePorts: NodePorts = { client: 7672, amqp: 5672, peer: 7673, http: 7680 }
const portsPerNode = 10
/** Ports from 32768 up are handed out by Linux to outgoing connections; this stays below. */
const portMax = 32_000
/** The one above `basePorts.http` that `fetch` and browsers refuse to call ("bad port"). */
const badPort = 10_080

export function portsOfNode(node: number, portOffset: number): NodePorts {
  const shift = portsPerNode * node + portOffset
  return {
    client: basePorts.client + shift,
    amqp: basePorts.amqp + shift,
    peer: basePorts.peer + shift,
    http: basePorts.http + shift
  }
}

/** Which node has this port for its peers. */
export function placeOfPort(peer: number, portOffset: number): number {
  return (peer - basePorts.peer - portOffset) / portsPerNode
}

/** Null where somebody listens on 127.0.0.1 already. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server))
  })
}

/** True if a listener can be bound to the port on 127.0.0.1 at this moment. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = await listen(port)
  if (server !== null) await new Promise((resolve) => server.close(resolve))
  return server !== null
}

/**
 * Nothing of a node is there. Whoever wants an offset listens there until its process ends: between
 * the look at the other ports and the start of the nodes, another process would find them free too,
 * and so it would the ports of nodes that are down or still to come. Two ports, since those for
 * clients at one offset are those for AMQP at another.
 */
const claimPorts = [basePorts.client + 2, basePorts.amqp + 2]
const claims = new Map<number, readonly Server[]>()

/** Null where another process has an offset whose ports are among those of this one. */
async function claim(portOffset: number): Promise<readonly Server[] | null> {
  const servers: Server[] = []
  for (const port of claimPorts) {
    const server = await listen(port + portOffset)
    if (server !== null) servers.push(server.unref())
  }
  if (servers.length === claimPorts.length) return servers
  release(servers)
  return null
}

function release(servers: readonly Server[]): void {
  for (const server of servers) server.close()
}

async function areFree(nodes: number, portOffset: number): Promise<boolean> {
  for (let node = 0; node < nodes; node += 1) {
    const ports = portsOfNode(node, portOffset)
    if (ports.http === badPort) return false
    for (const port of Object.values(ports)) if (!(await isPortFree(port))) return false
  }
  return true
}

/**
 * An offset at which `nodes` nodes find all their ports free, and can be called. The search starts
 * at a place that differs from process to process, since test files run side by side.
 *
 * @throws Error if no offset below port 32,000 will do.
 */
export async function findPortOffset(nodes: number, start: number = process.pid): Promise<number> {
  const step = portsPerNode * Math.max(nodes, 8)
  const places = Math.floor((portMax - basePorts.http - portsPerNode * nodes) / step)
  for (let tried = 0; tried < places; tried += 1) {
    const portOffset = step * (1 + ((start * 7 + tried) % places))
    if (portsOfNode(nodes - 1, portOffset).http > portMax) continue
    const servers = claims.get(portOffset) ?? (await claim(portOffset))
    if (servers === null) continue
    if (await areFree(nodes, portOffset)) {
      claims.set(portOffset, servers)
      return portOffset
    }
    // An own one stays: somebody of this process has nodes there.
    if (!claims.has(portOffset)) release(servers)
  }
  throw new Error(`no offset below port ${portMax} leaves ${nodes} nodes all their ports`)
}
