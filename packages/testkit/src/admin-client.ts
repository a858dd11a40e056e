// The admin API of one node or of several in turn, as the tests see it: plain HTTP and JSON. With
// several addresses a call goes to the next one when nobody answers, since nodes die in these
// tests.

/** A refusal by the API, with its code and its HTTP status. */
export class AdminError extends Error {
  override readonly name = 'AdminError'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(`${status} ${code}: ${message}`)
    this.status = status
    this.code = code
  }
}

export interface ClusterView {
  readonly clusterId: string
  readonly nodes: readonly {
    readonly id: number
    readonly incarnation: number
    readonly state: string
    readonly client: string
    readonly peer: string
    readonly http: string
  }[]
  readonly groups: readonly GroupView[]
  /** What an operator should know. */
  readonly warnings: readonly string[]
}

export interface GroupView {
  readonly id: number
  readonly kind: 'metadata' | 'shard'
  readonly leader: number | null
  readonly term: number
  readonly voters: readonly number[]
  readonly learners: readonly number[]
  readonly commitIndex: number
  readonly appliedIndex: number
}

export interface QueueView {
  readonly name: string
  readonly vhost: string
  readonly group: number
  readonly leader: number | null
  readonly ready: number | null
  readonly unsettled: number | null
  readonly consumers: number | null
  readonly bytes: number | null
  readonly deadLetters: number | null
}

export interface OperationView {
  readonly id: string
  readonly state: string
  readonly progress: unknown
  readonly error: { readonly code: string; readonly message: string } | null
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

async function callOne(
  address: string,
  method: Method,
  path: string,
  body: unknown,
  timeoutMs: number
): Promise<unknown> {
  const response = await fetch(`http://${address}${path}`, {
    method,
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
  })
  const text = await response.text()
  let value: unknown = text
  try {
    value = text === '' ? null : JSON.parse(text)
  } catch {
    // Metrics are text; the caller sees them as they are.
  }
  if (response.ok) return value
  const { code = 'NO_CODE', message = text } = (value ?? {}) as { code?: string; message?: string }
  throw new AdminError(response.status, code, message)
}

/** Calls the admin API at one of several addresses. */
export class AdminClient {
  readonly #addresses: () => readonly string[]
  readonly #timeoutMs: number

  /** `addresses` gives `HOST:PORT` of the nodes to try, in order, at each call. */
  constructor(addresses: () => readonly string[], timeoutMs: number = 5_000) {
    this.#addresses = addresses
    this.#timeoutMs = timeoutMs
  }

  /** @throws AdminError for a refusal; the last network error if no node answers. */
  async call(method: Method, path: string, body?: unknown): Promise<unknown> {
    let last: unknown = new Error('there is no address to call')
    for (const address of this.#addresses()) {
      try {
        return await callOne(address, method, path, body, this.#timeoutMs)
      } catch (error) {
        // A refusal that another node may not share (no leader known, not ready) goes on as well.
        if (error instanceof AdminError && error.status < 500) throw error
        last = error
      }
    }
    throw last
  }

  async cluster(): Promise<ClusterView> {
    return (await this.call('GET', '/v1/cluster')) as ClusterView
  }

  async queue(name: string, vhost: string = '/'): Promise<QueueView> {
    const path = `/v1/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(name)}`
    return (await this.call('GET', path)) as QueueView
  }

  /** Every queue, page by page. */
  async queues(limit: number = 100): Promise<QueueView[]> {
    const all: QueueView[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page = (await this.call('GET', `/v1/queues?limit=${limit}${query}`)) as {
        queues: QueueView[]
        cursor?: string | null
      }
      all.push(...page.queues)
      cursor = page.cursor ?? null
    } while (cursor !== null)
    return all
  }

  async addNode(peer: string): Promise<OperationView> {
    return asOperation(await this.call('POST', '/v1/nodes', { peer }))
  }

  async removeNode(id: number): Promise<OperationView> {
    return asOperation(await this.call('DELETE', `/v1/nodes/${id}`))
  }

  async operation(id: string): Promise<OperationView> {
    return asOperation(await this.call('GET', `/v1/operations/${encodeURIComponent(id)}`))
  }

  /** Every operation that the cluster remembers. */
  async operations(): Promise<readonly OperationView[]> {
    const answer = (await this.call('GET', '/v1/operations')) as {
      readonly operations: readonly OperationView[]
    }
    return answer.operations
  }

  async transfer(group: number, to: number): Promise<void> {
    await this.call('POST', `/v1/groups/${group}/transfer`, { to })
  }
}

function asOperation(answer: unknown): OperationView {
  const outer = answer as { readonly operation?: OperationView | string; readonly id?: string }
  if (typeof outer.operation === 'object') return outer.operation
  if (typeof outer.operation === 'string') {
    return { id: outer.operation, state: 'running', progress: null, error: null }
  }
  return outer as OperationView
}

/** `GET /health/ready` of one node; false also when nobody answers. */
export async function isNodeReady(http: string, timeoutMs: number = 2_000): Promise<boolean> {
  try {
    await callOne(http, 'GET', '/health/ready', undefined, timeoutMs)
    return true
  } catch {
    return false
  }
}
