// What the HTTP server of a node is made with, and what it is then.
import type { Server } from 'node:http'
import type { AdminPort } from '@holdfast/cluster'
import type { InjectOptions } from 'fastify'
import type { CertificateReading } from './certificate-metrics.ts'
import type { Method } from './route.ts'
import type { AdminSecurity } from './security.ts'

export type LogFields = Readonly<Record<string, string | number | boolean | null>>
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields: LogFields
) => void

export interface AdminServerOptions {
  readonly port: AdminPort
  /** Version of the product, for the OpenAPI document and `holdfast_build_info`. */
  readonly version: string
  readonly log?: Log
  /** Monotonic clock in milliseconds. */
  readonly now?: () => number
  /** How long the node may take to answer a call. */
  readonly answerTimeoutMs?: number
  /** How the listener is secured; without, it is plain, and for loopback only. */
  readonly security?: AdminSecurity | null
  /** Whether nodes elsewhere may be added. */
  readonly arePeersSecured?: boolean
  readonly certificates?: () => readonly CertificateReading[]
}

/** An answer to an injected request. */
export interface InjectedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number | string[] | undefined>>
  readonly body: string
}

export interface AdminServer {
  /** For `upgrade` listeners. It listens only after `listen`. */
  readonly server: Server
  /** Every route, as the OpenAPI document names it; `HEAD` follows from `GET`. */
  readonly routes: readonly { readonly method: Method; readonly path: string }[]
  /** Resolves to the URL. Port 0: any free port. @throws ADDRESS_REFUSED unless loopback */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  /** Serves a request without a socket. */
  inject(request: InjectOptions): Promise<InjectedAnswer>
  /** Stops listening and ends idle connections; the owner of upgraded sockets ends those. */
  close(): Promise<void>
}
