// Requests to the HTTP API without a socket: method, path, query, headers and body. Whatever comes,
// the answer is that of a route or a coded error as JSON, and never INTERNAL.
import { createAdminServer } from '@holdfast/admin'
import {
  type AdminPort,
  type AdminReply,
  type AdminRequest,
  guest,
  type MemberCounters
} from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { must, type Target } from '../target.ts'

const counters = new Proxy({} as MemberCounters, { get: () => 0 })

const permission = { vhost: '/', configure: '', write: '', read: '' }
const access = {
  users: [
    {
      name: 'guest',
      password: guest.password,
      tags: [],
      limits: {},
      permissions: [permission],
      topics: []
    }
  ],
  vhosts: [{ name: '/', description: '', limits: {} }]
} as const

/** A node that has what is asked for, and one that does not have it. */
async function reply(request: AdminRequest): Promise<AdminReply> {
  switch (request.type) {
    case 'list-queues':
      return { type: 'queues', queues: [], cursor: null }
    case 'list-operations':
      return { type: 'operations', operations: [] }
    case 'list-vhosts':
      return { type: 'vhosts', vhosts: ['/'] }
    case 'purge-queue':
      return { type: 'purged', messages: 1 }
    case 'inspect-queue':
      throw new HoldfastError('QUEUE_NOT_FOUND', { queue: request.name, vhost: request.vhost })
    case 'add-node':
    case 'remove-node':
    case 'operation': {
      const progress = { done: 0, total: 1, sentence: 's' }
      const operation = { id: '1', kind: 'add-node', node: 1, state: 'running', progress } as const
      return { type: 'operation', operation: { ...operation, error: null } }
    }
    case 'authenticate': {
      const identity = { user: 'guest', id: 1, tags: ['administrator'], vhosts: ['/'] }
      return { type: 'identity', identity }
    }
    case 'read-access':
      return { type: 'access', access }
    case 'change-access':
      return { type: 'changed', created: true }
    default:
      return { type: 'done' }
  }
}

const port: AdminPort = {
  status: () => ({
    clusterId: null,
    self: 1,
    nodes: [],
    groups: [],
    ready: true,
    notReadyReason: null,
    warnings: []
  }),
  counters: () => counters,
  request: reply,
  hashPassword: async () => guest.password
}

const server = await createAdminServer({ port, version: '0' })
const methods = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'] as const
/** What can be in a header at all: Node's parser refuses the rest before anyone sees it. */
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t\x20-\x7e\x80-\xff]*)$/

/** `input := method:u8 path LF (header LF)* LF body` */
async function run(input: Uint8Array): Promise<void> {
  const text = Buffer.from(input).toString('latin1')
  const [head = '', ...bodies] = text.slice(1).split('\n\n')
  const [path = '', ...lines] = head.split('\n')
  const headers: Record<string, string> = { host: '127.0.0.1' }
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? []
    if (name !== undefined) headers[name.toLowerCase()] = value ?? ''
  }
  const body = Buffer.from(bodies.join('\n\n'), 'latin1')
  delete headers['content-length']
  const method = methods[(input[0] ?? 0) % methods.length] ?? 'GET'
  // The path as a request line carries it: no blanks, and a slash in front.
  const url = `/${path.replaceAll(/[\0-\x20\x7f]/g, '').replace(/^\/+/, '')}`
  // What injects requests reads a path as part of an address first, which no socket does.
  if (!URL.canParse(url, 'http://localhost')) return
  const isEmpty = body.length === 0
  const answer = await server.inject({
    method,
    url,
    headers,
    ...(isEmpty ? {} : { payload: body })
  })
  must(answer.status !== 500, `a request ends in INTERNAL: ${answer.body}`)
  if (answer.status >= 400 && method !== 'HEAD') {
    const { code } = JSON.parse(answer.body) as { readonly code: unknown }
    must(typeof code === 'string' && code !== 'INTERNAL', 'a refusal has a code')
  }
}

function request(method: number, path: string, body = '', headers: readonly string[] = []) {
  const type = body === '' ? [] : ['content-type: application/json']
  return Buffer.from(
    [String.fromCharCode(method) + path, ...type, ...headers, '', body].join('\n'),
    'latin1'
  )
}

const paths = [...new Set(server.routes.map((route) => route.path.replaceAll(/\{\w+\}/g, '1')))]

export const target: Target = {
  bytesMax: 2048,
  seeds: [
    ...paths.flatMap((path) => [0, 1, 2, 3, 5].map((method) => request(method, path))),
    request(2, '/v1/nodes', '{"peer":"127.0.0.1:5"}'),
    request(2, '/v1/groups/1/transfer', '{"to":2}'),
    request(0, '/v1/queues?limit=5&cursor=abc'),
    request(0, '/v1/queues/%2F/%C3%A9'),
    request(0, '/v1/cluster', '', ['origin: http://127.0.0.1:1', 'host: localhost:2'])
  ],
  tokens: [
    'origin: ',
    'host: ',
    'content-type: ',
    'application/json',
    'transfer-encoding: chunked',
    'expect: x',
    '%',
    '%00',
    '%ff',
    '%2F',
    '..',
    '//',
    '?',
    '#',
    '__proto__',
    '{"peer":"',
    '{"to":',
    'limit=',
    'cursor=',
    '127.0.0.1',
    '[::1]',
    'localhost',
    'http://',
    'charset=utf-16',
    ';',
    '\ud800'
  ].map((token) => Buffer.from(token)),
  run
}
