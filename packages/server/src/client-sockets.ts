// The sockets of clients, whatever carries them: numbered, with bounded write buffers. What the
// member sends is gathered per turn and handed to each socket as one vector. A client that does not
// read is closed at its own bound; when all of them together hold too much, the slowest goes first.
import type { Chunks, ClientProtocol, Input } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { joinSmallPieces } from '@holdfast/transport'
import { serverLimits } from './limits.ts'
import type { Log } from './logger.ts'

/** One client's byte stream, as a listener provides it. */
export interface ClientSink {
  readonly remote: string
  /** By which name, from its certificate, the client may log in; null: by none. */
  readonly certificateName: string | null
  /** `taken` is called when the socket has taken these pieces. */
  write(pieces: readonly Uint8Array[], taken: () => void): void
  /** Bytes handed to `write` that the socket has not taken. */
  bufferedBytes(): number
  /** Reads no more, or goes on reading. */
  pause(): void
  resume(): void
  /** Closes after what was written has left. */
  end(): void
  destroy(): void
}

export interface ClientSocketsOptions {
  readonly input: (input: Input) => void
  readonly log: Log
  readonly connectionsMax: number
  readonly bufferBytesMax: number
  readonly totalBufferBytesMax: number
}

interface Connection {
  readonly id: number
  readonly sink: ClientSink
  queue: Uint8Array[]
  queuedBytes: number
  /** Sent since the member last heard that the socket has drained. */
  sinceReportBytes: number
  /** What this connection contributes to the total. */
  accountedBytes: number
  isEnding: boolean
}

/** What a listener reports of its socket. */
export interface ClientHandle {
  received(bytes: Uint8Array): void
  gone(): void
}

export class ClientSockets {
  readonly #options: ClientSocketsOptions
  readonly #connections = new Map<number, Connection>()
  readonly #dirty = new Set<Connection>()
  #totalBytes = 0
  #lastId = 0

  constructor(options: ClientSocketsOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#connections.size
  }

  get isFull(): boolean {
    return this.#connections.size >= this.#options.connectionsMax
  }

  /** Bytes that all clients together have not taken. */
  get bufferedBytes(): number {
    return this.#totalBytes
  }

  /** Takes in a socket that the listener has accepted. */
  add(sink: ClientSink, protocol: ClientProtocol): ClientHandle {
    const id = ++this.#lastId
    const connection: Connection = {
      id,
      sink,
      queue: [],
      queuedBytes: 0,
      sinceReportBytes: 0,
      accountedBytes: 0,
      isEnding: false
    }
    this.#connections.set(id, connection)
    const { remote, certificateName } = sink
    this.#options.input({ type: 'client-up', connection: id, protocol, remote, certificateName })
    return {
      received: (bytes) => {
        if (!this.#connections.has(id) || connection.isEnding) return
        this.#options.input({ type: 'client-bytes', connection: id, bytes })
      },
      gone: () => this.#forget(connection)
    }
  }

  /** Sends to a connection that is gone are dropped. */
  send(id: number, chunks: Chunks): void {
    const connection = this.#connections.get(id)
    if (connection === undefined || connection.isEnding) return
    for (const chunk of chunks) {
      connection.queue.push(chunk)
      connection.queuedBytes += chunk.length
      connection.sinceReportBytes += chunk.length
    }
    this.#dirty.add(connection)
    this.#account(connection)
    if (connection.accountedBytes > this.#options.bufferBytesMax) {
      this.#dropSlow(connection, this.#options.bufferBytesMax)
    }
  }

  pause(id: number): void {
    this.#connections.get(id)?.sink.pause()
  }

  resume(id: number): void {
    this.#connections.get(id)?.sink.resume()
  }

  /** Closes after everything sent before has been written. */
  close(id: number): void {
    const connection = this.#connections.get(id)
    if (connection === undefined || connection.isEnding) return
    this.#flushOne(connection)
    connection.isEnding = true
    // What the client still sends has to be read, or the end would never come.
    connection.sink.resume()
    connection.sink.end()
  }

  /** Hands to the sockets what was sent in this turn. */
  flush(): void {
    for (const connection of this.#dirty) this.#flushOne(connection)
    this.#dirty.clear()
    while (this.#totalBytes > this.#options.totalBufferBytesMax) {
      const slowest = this.#slowest()
      if (slowest === null) break
      this.#dropSlow(slowest, this.#options.totalBufferBytesMax)
    }
  }

  /** Ends every connection; what was sent is still written. */
  endAll(): void {
    for (const id of [...this.#connections.keys()]) this.close(id)
  }

  destroyAll(): void {
    for (const connection of [...this.#connections.values()]) {
      connection.sink.destroy()
      this.#forget(connection)
    }
  }

  #flushOne(connection: Connection): void {
    const { queue } = connection
    if (queue.length === 0) return
    connection.queue = []
    connection.queuedBytes = 0
    connection.sink.write(joinSmallPieces(queue), () => this.#taken(connection))
    this.#account(connection)
  }

  #taken(connection: Connection): void {
    if (!this.#connections.has(connection.id)) return
    this.#account(connection)
    const { id, accountedBytes, sinceReportBytes } = connection
    const { drainedReportBytes, drainedBelowBytes } = serverLimits
    if (sinceReportBytes < drainedReportBytes || accountedBytes > drainedBelowBytes) return
    connection.sinceReportBytes = 0
    this.#options.input({ type: 'client-drained', connection: id, bytes: accountedBytes })
  }

  #account(connection: Connection): void {
    const bytes = connection.queuedBytes + connection.sink.bufferedBytes()
    this.#totalBytes += bytes - connection.accountedBytes
    connection.accountedBytes = bytes
  }

  #slowest(): Connection | null {
    let slowest: Connection | null = null
    for (const connection of this.#connections.values()) {
      if (connection.accountedBytes > (slowest?.accountedBytes ?? 0)) slowest = connection
    }
    return slowest
  }

  /** A closing frame would wait behind what the client does not read: the socket just ends. */
  #dropSlow(connection: Connection, limit: number): void {
    const error = new HoldfastError('SLOW_CLIENT', { buffered: connection.accountedBytes, limit })
    const { id, sink } = connection
    const fields = { code: error.code, connection: id, remote: sink.remote, reason: error.message }
    this.#options.log('warn', 'a client was too slow', fields)
    sink.destroy()
    this.#forget(connection)
  }

  #forget(connection: Connection): void {
    if (!this.#connections.delete(connection.id)) return
    this.#dirty.delete(connection)
    this.#totalBytes -= connection.accountedBytes
    connection.queue = []
    this.#options.input({ type: 'client-down', connection: connection.id })
  }
}
