// Where the HTTP server of a node listens.
import type { Server } from 'node:net'
import { parseAddress } from '@holdfast/transport'
import type { Configuration } from '../config-schema.ts'
import type { HttpPort } from '../node-parts.ts'
import { bind } from './bind.ts'
import { firstHost, listenBeside, toldAddress } from './loopback.ts'

/** As Node.js makes sockets of HTTP: a client may end its side, and is answered all the same. */
const socketOptions = { allowHalfOpen: true, noDelay: true } as const

export class HttpListener {
  readonly #http: HttpPort
  #beside: Server | null = null

  constructor(http: HttpPort) {
    this.#http = http
  }

  /** Resolves with the address that others are told. @throws CONFIGURATION_INVALID */
  async listen({ http: address, httpTls }: Configuration): Promise<string> {
    const { host, port } = parseAddress(address)
    const { server } = this.#http
    await bind('http', address, () => this.#http.listen({ host: firstHost(host), port }))
    const bound = server.address()
    const at = { host, port: typeof bound === 'object' ? (bound?.port ?? port) : port }
    this.#beside = await bind('http', address, () => listenBeside(server, at, socketOptions))
    return toldAddress(at, httpTls)
  }

  async close(): Promise<void> {
    this.#beside?.close()
    await this.#http.close()
  }
}
