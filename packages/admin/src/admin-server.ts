// The HTTP server of a node: Fastify as router and parser, our rows as routes. Everything that
// comes in passes here first (Host, Origin, path), and everything that goes wrong leaves through
// one border. The WebSocket listener attaches itself to `server` for upgrades of `/v1/connect`.
import type { Socket } from 'node:net'
import type { Identity } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { AdminServer, AdminServerOptions, Log } from './admin-server-options.ts'
import { authenticate, challenge } from './authenticate.ts'
import { errorBody, errorBodyAt, rawAnswer, rawRefusal, toHoldfastError } from './error-answer.ts'
import { adminLimits } from './limits.ts'
import { isLoopbackHost } from './loopback.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createAsk, createIdentify, type Identify } from './node-calls.ts'
import { buildOpenApi } from './openapi.ts'
import { requireRole } from './roles.ts'
import type { Route, RouteContext } from './route.ts'
import { apiRoutes } from './routes/api/api-routes.ts'
import { clusterRoutes } from './routes/cluster.ts'
import { healthRoutes } from './routes/health.ts'
import { nodeRoutes } from './routes/nodes.ts'
import { queueRoutes } from './routes/queues.ts'
import { vhostRoutes } from './routes/vhosts.ts'
import { type AdminSecurity, admit, isTls, listenAlone } from './security.ts'

const nobody: Identity = { user: '', id: 0, tags: [], vhosts: [] }

const securityHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff'
} as const
const jsonType = 'application/json; charset=utf-8'

/** What the request handlers share. */
interface Surroundings {
  readonly routes: readonly Route[]
  readonly identify: Identify
  readonly metrics: Metrics
  readonly log: Log
  readonly now: () => number
  readonly security: AdminSecurity | null
}

function send(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).headers(securityHeaders).type(jsonType).send(JSON.stringify(body))
}

function sendError(reply: FastifyReply, thrown: unknown, { log }: Surroundings): FastifyReply {
  const error = toHoldfastError(thrown)
  if (error.code === 'INTERNAL') {
    const cause =
      error.cause instanceof Error
        ? (error.cause.stack ?? error.cause.message)
        : String(error.cause)
    log('error', 'a request to the HTTP API failed unexpectedly', { cause })
  }
  if (error.row.retry !== 'never' && error.row.status === 503) reply.header('retry-after', '1')
  if (error.row.status === 401) reply.header('www-authenticate', challenge)
  return send(reply, error.row.status, errorBodyAt(reply.request.url, error))
}

/** Methods that `path` would take, for a path that exists with another method. */
function allowedMethods(routes: readonly Route[], url: string): readonly string[] {
  const segments = (url.split('?')[0] ?? '').split('/')
  const matches = (template: string): boolean => {
    const parts = template.split('/')
    if (parts.length !== segments.length) return false
    return parts.every((part, place) =>
      part.startsWith('{') ? segments[place] !== '' : part === segments[place]
    )
  }
  const methods = routes.filter((route) => matches(route.path)).map((route) => route.method)
  return methods.includes('GET') ? ['HEAD', ...methods].sort() : [...methods].sort()
}

function sendNothingHere(
  request: FastifyRequest,
  reply: FastifyReply,
  surroundings: Surroundings
): FastifyReply {
  const { method } = request
  const path = request.url.slice(0, adminLimits.quotedLengthMax)
  const methods = allowedMethods(surroundings.routes, request.url)
  if (methods.length === 0) {
    return sendError(reply, new HoldfastError('ROUTE_NOT_FOUND', { method, path }), surroundings)
  }
  const allowed = methods.join(', ')
  reply.header('allow', allowed)
  const error = new HoldfastError('METHOD_NOT_ALLOWED', { method, path, allowed })
  return sendError(reply, error, surroundings)
}

function createInstance(surroundings: () => Surroundings): FastifyInstance {
  const instance = fastify({
    logger: false,
    bodyLimit: adminLimits.bodyBytesMax,
    requestTimeout: adminLimits.requestTimeoutMs,
    keepAliveTimeout: adminLimits.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    // What arrives while it closes is served; Fastify's own refusal would not have our form.
    return503OnClosing: false,
    routerOptions: { maxParamLength: adminLimits.headerBytesMax },
    http: {
      maxHeaderSize: adminLimits.headerBytesMax,
      headersTimeout: adminLimits.headersTimeoutMs,
      connectionsCheckingInterval: adminLimits.connectionsCheckMs,
      requireHostHeader: false
    },
    frameworkErrors(error, request, reply) {
      // Hooks do not run for a path that the router cannot read.
      try {
        admit(request.raw, surroundings().security)
        sendError(reply, error, surroundings())
      } catch (refusal) {
        sendError(reply, refusal, surroundings())
      }
    },
    clientErrorHandler(error: Error & { readonly code?: string }, socket: Socket) {
      if (error.code === 'ECONNRESET' || socket.destroyed) return
      if (isTls(error)) {
        const { code, message } = new HoldfastError('TLS_UNEXPECTED', {})
        surroundings().log('info', 'a connection got nowhere', { code, reason: message })
        socket.destroy()
        return
      }
      if (socket.writable) socket.end(rawRefusal(error.code ?? ''))
      else socket.destroy()
    }
  })
  instance.server.maxConnections = adminLimits.connectionsMax
  return instance
}

/** One parser, for one content type; what the keys mean is decided by `request-fields.ts`. */
function installParser(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers()
  instance.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_: FastifyRequest, body: Buffer) => {
      if (body.length === 0) return undefined
      try {
        const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
        return JSON.parse(text) as unknown
      } catch (cause) {
        throw new HoldfastError('REQUEST_INVALID', { reason: 'the body is not JSON' }, { cause })
      }
    }
  )
}

/** Who calls is found out before anything of the body is read. */
function installRoute(instance: FastifyInstance, route: Route, surroundings: Surroundings): void {
  const { metrics, identify } = surroundings
  const callers = new WeakMap<FastifyRequest, Identity>()
  instance.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    config: { template: route.path },
    async onRequest(request) {
      if (route.role === 'none') return
      const identity = await authenticate(identify, request.raw, route.mayBeStale === true)
      requireRole(identity, route.role)
      callers.set(request, identity)
    },
    async handler(request, reply) {
      const params = request.params as Readonly<Record<string, string>>
      const { body, location, isCreated } = await route.handle({
        params,
        query: request.query as object,
        body: request.body,
        identity: callers.get(request) ?? nobody
      })
      const { status } = (isCreated === true ? route.created : undefined) ?? route.success
      if (location !== undefined) reply.header('location', location)
      reply.code(status).headers(securityHeaders)
      if (body === null) return reply.send()
      if (typeof body === 'string') return reply.type(metrics.contentType).send(body)
      return reply.type(jsonType).send(JSON.stringify(body))
    }
  })
}

function installHooks(instance: FastifyInstance, surroundings: Surroundings): void {
  const { metrics, now } = surroundings
  const startedAt = new WeakMap<FastifyRequest, number>()
  instance.addHook('onRequest', async (request) => {
    startedAt.set(request, now())
    admit(request.raw, surroundings.security)
  })
  instance.addHook('onResponse', async (request, reply) => {
    const { template } = request.routeOptions.config as { readonly template?: string }
    const started = startedAt.get(request)
    if (started !== undefined) {
      metrics.observeRequest(template ?? 'none', reply.statusCode, now() - started)
    }
  })
  instance.setErrorHandler((error, _, reply) => sendError(reply, error, surroundings))
  instance.setNotFoundHandler((request, reply) => sendNothingHere(request, reply, surroundings))
  instance.server.on('checkExpectation', (_, response) => {
    const error = new HoldfastError('REQUEST_INVALID', { reason: 'this Expect is not known' })
    response
      .writeHead(error.row.status, { 'content-type': jsonType })
      .end(JSON.stringify(errorBody(error)))
  })
}

/** Makes the server of one node; it listens when told to. */
export async function createAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { port, version } = options
  const context: RouteContext = {
    port,
    version,
    ask: createAsk(port, options.answerTimeoutMs),
    arePeersSecured: options.arePeersSecured ?? false
  }
  const security = options.security ?? null
  const metrics = createMetrics(() => ({
    status: port.status(),
    counters: port.counters(),
    version,
    certificates: options.certificates?.() ?? []
  }))
  const routes: readonly Route[] = [
    ...clusterRoutes(context),
    ...nodeRoutes(context),
    ...queueRoutes(context),
    ...vhostRoutes(context),
    ...apiRoutes(context),
    ...healthRoutes(context, { metrics: () => metrics.text(), openApi: () => openApi })
  ]
  const openApi = buildOpenApi(routes, version)
  const surroundings: Surroundings = {
    routes,
    identify: createIdentify(port, options.answerTimeoutMs),
    metrics,
    log: options.log ?? (() => {}),
    now: options.now ?? (() => performance.now()),
    security
  }
  const instance = createInstance(() => surroundings)
  installParser(instance)
  installHooks(instance, surroundings)
  for (const route of routes) installRoute(instance, route, surroundings)
  await instance.ready()
  const answer = (error: HoldfastError): Buffer => Buffer.from(rawAnswer(error))
  const endHandshakes = security?.secure(instance.server, answer) ?? (() => undefined)
  return {
    server: instance.server,
    routes: routes.map(({ method, path }) => ({ method, path })),
    async listen({ host, port: portNumber }) {
      const address = host.includes(':') ? `[${host}]` : host
      if (security === null && !isLoopbackHost(address)) {
        throw new HoldfastError('ADDRESS_REFUSED', { address: host })
      }
      if (security === null) return await instance.listen({ host, port: portNumber })
      // Fastify would make a second server for another address of the host, without TLS.
      return await listenAlone(instance.server, host, portNumber)
    },
    async inject(request) {
      const { statusCode, headers, body } = await instance.inject(request)
      return { status: statusCode, headers, body }
    },
    close: () => {
      endHandshakes()
      return instance.close()
    }
  }
}
