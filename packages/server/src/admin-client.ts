// Calls the admin API of a node: what `holdfast dev` and the commands of `holdfast` need of HTTP.
import { type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import { HoldfastError } from '@holdfast/errors'
import { parseAddress } from '@holdfast/transport/address'

const answerBytesMax = 64 * 1024 * 1024

export interface AdminAnswer {
  readonly status: number
  /** Parsed JSON; null without a body. */
  readonly body: unknown
}

/** PEM texts; what is left out is as Node.js has it. */
export interface AdminTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export class AdminClient {
  readonly address: string
  readonly #timeoutMs: number
  readonly #tls: AdminTls | null
  readonly #authorization: string | null

  /**
   * `address` is `HOST:PORT` of a node's HTTP listener, or `USER:PASSWORD@HOST:PORT`; without `tls`
   * it is plain HTTP.
   */
  constructor(address: string, timeoutMs = 35_000, tls: AdminTls | null = null) {
    const at = address.lastIndexOf('@')
    this.address = address.slice(at + 1)
    this.#authorization = at < 0 ? null : basicOf(address.slice(0, at))
    this.#timeoutMs = timeoutMs
    this.#tls = tls
  }

  /** @throws the coded error that the node answered with, or NODE_UNREACHABLE */
  async call(
    method: 'GET' | 'POST' | 'DELETE' | 'PUT',
    path: string,
    body?: unknown
  ): Promise<unknown> {
    const answer = await this.ask(method, path, body)
    if (answer.status >= 400) throw errorOf(answer, method, path)
    return answer.body
  }

  /** Like `call`, but an error of the node is an answer too. @throws NODE_UNREACHABLE */
  async ask(
    method: 'GET' | 'POST' | 'DELETE' | 'PUT',
    path: string,
    body?: unknown
  ): Promise<AdminAnswer> {
    const sent = body === undefined ? null : Buffer.from(JSON.stringify(body))
    try {
      return await this.#exchange(method, path, sent)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new HoldfastError(
        'NODE_UNREACHABLE',
        { address: this.address, reason },
        { cause: error }
      )
    }
  }

  /** Not by `fetch`, which refuses ports that browsers think suspicious. */
  #exchange(method: string, path: string, sent: Buffer | null): Promise<AdminAnswer> {
    const { host, port } = parseAddress(this.address)
    const headers = {
      ...(this.#authorization === null ? {} : { authorization: this.#authorization }),
      ...(sent === null
        ? {}
        : { 'content-type': 'application/json', 'content-length': sent.length })
    }
    const signal = AbortSignal.timeout(this.#timeoutMs)
    return new Promise((resolve, reject) => {
      const options = { host, port, method, path, headers, signal, agent: false }
      const named = isIP(host) === 0 ? { servername: host } : {}
      const call =
        this.#tls === null ? request(options) : requestTls({ ...options, ...named, ...this.#tls })
      call.once('error', reject)
      call.once('response', (response) => {
        readAnswer(response).then(resolve, reject)
      })
      call.end(sent ?? undefined)
    })
  }
}

/** Name and password, each percent-encoded where it holds a colon or the like. */
function basicOf(credentials: string): string {
  const [user = '', ...rest] = credentials.split(':')
  try {
    const decoded = `${decodeURIComponent(user)}:${decodeURIComponent(rest.join(':'))}`
    return `Basic ${Buffer.from(decoded).toString('base64')}`
  } catch {
    const reason = 'its user or password is not percent-encoded'
    throw new HoldfastError('OPTION_INVALID', { option: 'address', kind: 'call', reason })
  }
}

/** Reads the answer, parsed if it is JSON. */
async function readAnswer(response: IncomingMessage): Promise<AdminAnswer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > answerBytesMax) throw new Error('the answer is too large')
    chunks.push(bytes)
  }
  const status = response.statusCode ?? 0
  const isJson = response.headers['content-type']?.includes('json') ?? false
  if (!isJson || size === 0) return { status, body: null }
  return { status, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) }
}

function errorOf(answer: AdminAnswer, method: string, path: string): HoldfastError {
  const { body, status } = answer
  if (typeof body === 'object' && body !== null && 'code' in body && 'message' in body) {
    const details = 'details' in body && typeof body.details === 'object' ? body.details : {}
    return HoldfastError.fromWire({
      id: 0,
      code: String(body.code),
      message: String(body.message),
      details: (details ?? {}) as Record<string, string | number>
    })
  }
  return new HoldfastError('UNAVAILABLE', { reason: `${method} ${path} answered ${status}` })
}
