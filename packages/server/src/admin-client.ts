// Calls the admin API of a node: what `holdfast dev` and the commands of `holdfast` need of HTTP.
import { HoldfastError } from '@holdfast/errors'

const answerBytesMax = 64 * 1024 * 1024

export interface AdminAnswer {
  readonly status: number
  /** Parsed JSON; null without a body. */
  readonly body: unknown
}

export class AdminClient {
  readonly address: string
  readonly #timeoutMs: number

  /** `address` is `HOST:PORT` of a node's HTTP listener. */
  constructor(address: string, timeoutMs = 35_000) {
    this.address = address
    this.#timeoutMs = timeoutMs
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
    try {
      const response = await fetch(`http://${this.address}${path}`, {
        method,
        signal: AbortSignal.timeout(this.#timeoutMs),
        redirect: 'error',
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
      })
      const text = await response.text()
      if (text.length > answerBytesMax) throw new Error('the answer is too large')
      const isJson = response.headers.get('content-type')?.includes('json') ?? false
      return { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : null }
    } catch (error) {
      const reason = reasonOf(error)
      throw new HoldfastError(
        'NODE_UNREACHABLE',
        { address: this.address, reason },
        { cause: error }
      )
    }
  }
}

/** fetch hides the system's error in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (cause instanceof Error) return cause.message === '' ? cause.name : cause.message
  return error.message
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
