// `localhost` as the address of a listener: 127.0.0.1 and, where the machine has it, ::1, at one
// port. Clients try the one or the other first for that name, and some are given `[::1]` outright.
// The name is not looked up, as systems answer for it differently.
import { createServer, type Server, type ServerOpts } from 'node:net'
import { formatAddress, type HostPort } from '@holdfast/transport/address'

const name = 'localhost'
const first = '127.0.0.1'
const second = '::1'

/** What a machine without IPv6 says. */
const absences: ReadonlySet<string | undefined> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** Where a listener of such a host listens first. */
export function firstHost(host: string): string {
  return host === name ? first : host
}

/**
 * What others are told of a bound address: one that anybody can dial, also without IPv6. With TLS
 * the name stays, since certificates hold it.
 */
export function toldAddress({ host, port }: HostPort, isSecured: boolean): string {
  return formatAddress(isSecured ? host : firstHost(host), port)
}

/**
 * Whatever connects to the second address of `host` at `port` comes to `server` as its own. Null:
 * there is none. Rejects with the system's error.
 */
export async function listenBeside(
  server: Server,
  { host, port }: HostPort,
  options: ServerOpts
): Promise<Server | null> {
  return host === name ? await relayTo(server, { host: second, port }, options) : null
}

/** As `listenBeside`, at the given address. */
export function relayTo(
  server: Server,
  address: HostPort,
  options: ServerOpts
): Promise<Server | null> {
  const beside = createServer(options, (socket) => {
    // HTTP tells the server that a socket names of what goes wrong.
    Reflect.set(socket, 'server', server)
    server.emit('connection', socket)
  })
  return new Promise((resolve, reject) => {
    beside.once('error', (error: NodeJS.ErrnoException) => {
      if (absences.has(error.code)) resolve(null)
      else reject(error)
    })
    beside.listen(address, () => {
      beside.removeAllListeners('error')
      // As at the first: the client will dial again.
      beside.on('error', () => undefined)
      // Its own are not counted by the first.
      if (server.maxConnections > 0) beside.maxConnections = server.maxConnections
      resolve(beside)
    })
  })
}
