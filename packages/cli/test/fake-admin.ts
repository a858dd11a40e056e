// An admin API that answers what a test tells it to, and keeps what it was asked.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeAnswer {
  readonly status?: number
  readonly body: unknown
}

export class FakeAdmin {
  /** `GET /v1/cluster` and the like, in order. */
  readonly asked: string[] = []
  /** What came with it, where something did. */
  readonly bodies: unknown[] = []
  readonly authorizations: (string | undefined)[] = []
  readonly #answers: Map<string, FakeAnswer[]>
  readonly #server: Server

  private constructor(answers: Readonly<Record<string, readonly FakeAnswer[]>>) {
    this.#answers = new Map(Object.entries(answers).map(([key, list]) => [key, [...list]]))
    this.#server = createServer(async (request, response) => {
      const asked = `${request.method} ${request.url}`
      this.asked.push(asked)
      this.authorizations.push(request.headers.authorization)
      const body = Buffer.concat(await request.toArray()).toString()
      if (body !== '') this.bodies.push(JSON.parse(body))
      const list = this.#answers.get(asked) ?? []
      // The last answer stays.
      const answer = list.length > 1 ? list.shift() : list[0]
      const missing = { code: 'ROUTE_NOT_FOUND', message: `no route ${asked}`, details: {} }
      response.writeHead(answer === undefined ? 404 : (answer.status ?? 200), {
        'content-type': 'application/json'
      })
      response.end(JSON.stringify(answer === undefined ? missing : answer.body))
    })
  }

  static async start(
    answers: Readonly<Record<string, readonly FakeAnswer[]>>,
    t: { teardown(handler: () => void): void }
  ): Promise<FakeAdmin> {
    const admin = new FakeAdmin(answers)
    admin.#server.listen(0, '127.0.0.1')
    await once(admin.#server, 'listening')
    t.teardown(() => {
      admin.#server.closeAllConnections()
      admin.#server.close()
    })
    return admin
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }
}
