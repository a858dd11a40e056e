// The TLS of one node: its sets of files, which listeners they secure, and what there is to say
// about them.
import type { Server, Socket } from 'node:net'
import type { HoldfastError } from '@holdfast/errors'
import { secureServer, type TlsSource } from '@holdfast/transport'
import type { Configuration } from '../config-schema.ts'
import { serverLimits } from '../limits.ts'
import type { Log } from '../logger.ts'
import { certificateNameOf } from './certificate-name.ts'
import { isSecured, type ListenerName } from './may-bind.ts'
import { type CertificateStatus, TlsFiles } from './tls-files.ts'

/** What a refused client is told, in the protocol of its listener. */
export type TlsAnswer = (error: HoldfastError) => Uint8Array

/** What a listener has to know of TLS. */
export interface ListenerSecurity {
  /** Puts TLS before a server; what it returns ends handshakes under way. Null: it stays plain. */
  readonly secure: ((server: Server) => () => void) | null
  /** For the log: a connection got nowhere. */
  refused(remote: string, error: HoldfastError): void
  /** By which name a client may log in without a password; null: it needs one. */
  certificateNameOf(socket: Socket): string | null
}

export class NodeTls {
  readonly #configuration: Configuration
  readonly #log: Log
  readonly #clients: TlsFiles | null
  readonly #peers: TlsFiles | null
  readonly #timer: NodeJS.Timeout
  readonly #refusals = { told: Number.NEGATIVE_INFINITY, untold: 0 }

  private constructor(
    configuration: Configuration,
    log: Log,
    clients: TlsFiles | null,
    peers: TlsFiles | null
  ) {
    this.#configuration = configuration
    this.#log = log
    this.#clients = clients
    this.#peers = peers
    this.#timer = setInterval(() => void this.#look(false), serverLimits.tlsLookMs)
    this.#timer.unref()
  }

  /** @throws TLS_FILE_INVALID */
  static async open(configuration: Configuration, log: Log): Promise<NodeTls> {
    const { tlsCertificate, tlsKey, tlsAuthority } = configuration
    const { peerTlsCertificate, peerTlsKey, peerTlsAuthority } = configuration
    const file = (setting: string, path: string) => ({ setting, path })
    const clients =
      tlsCertificate === ''
        ? null
        : await TlsFiles.open(
            'clients',
            {
              certificate: file('tlsCertificate', tlsCertificate),
              key: file('tlsKey', tlsKey),
              authority: tlsAuthority === '' ? null : file('tlsAuthority', tlsAuthority)
            },
            log
          )
    const peers =
      peerTlsCertificate === ''
        ? null
        : await TlsFiles.open(
            'peers',
            {
              certificate: file('peerTlsCertificate', peerTlsCertificate),
              key: file('peerTlsKey', peerTlsKey),
              authority: file('peerTlsAuthority', peerTlsAuthority)
            },
            log
          )
    return new NodeTls(configuration, log, clients, peers)
  }

  /** For links between nodes; null: they are plain. */
  get peers(): TlsSource | null {
    return this.#peers
  }

  get certificates(): readonly CertificateStatus[] {
    return this.#sets().map(({ status }) => status)
  }

  get warnings(): readonly string[] {
    return this.#sets().flatMap(({ warnings }) => warnings)
  }

  /** By which name a client may log in without a password; null: it needs one. */
  certificateNameOf(socket: Socket): string | null {
    return certificateNameOf(socket, this.#configuration.tlsCertificateLogin)
  }

  /** `answer` makes bytes of what a refused client is told, in the protocol of the listener. */
  listener(listener: ListenerName, answer: TlsAnswer): ListenerSecurity {
    const refused = (remote: string, error: HoldfastError): void =>
      this.#refused(listener, remote, error)
    const source = this.#clients
    if (source === null || !isSecured(listener, this.#configuration)) {
      return { secure: null, refused, certificateNameOf: () => null }
    }
    const { tlsClientCertificates: clientCertificates } = this.#configuration
    const options = { source, clientCertificates, minVersion: 'TLSv1.2', refused, answer } as const
    return {
      secure: (server) => secureServer(server, options),
      refused,
      certificateNameOf: (socket) => this.certificateNameOf(socket)
    }
  }

  /** Looks at the files at once: they are complete. False if there are none. */
  reload(): boolean {
    void this.#look(true)
    return this.#sets().length > 0
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Tells of a connection that got nowhere, once a second however many there are. */
  #refused(listener: ListenerName, remote: string, { code, message }: HoldfastError): void {
    const nowMs = performance.now()
    if (nowMs - this.#refusals.told < serverLimits.tlsRefusalLogMs) {
      this.#refusals.untold++
      return
    }
    const { untold } = this.#refusals
    Object.assign(this.#refusals, { told: nowMs, untold: 0 })
    const fields = { code, listener, remote, reason: message, untold }
    this.#log('info', 'a connection got nowhere', fields)
  }

  #sets(): readonly TlsFiles[] {
    return [this.#clients, this.#peers].filter((files) => files !== null)
  }

  async #look(areComplete: boolean): Promise<void> {
    for (const files of this.#sets()) await files.look(areComplete)
  }
}
