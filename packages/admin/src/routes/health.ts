// For those who watch processes: liveness, readiness, metrics, and the description of this API.
import { HoldfastError } from '@holdfast/errors'
import { answers, type Route, type RouteContext } from '../route.ts'

/** What the routes of this file show that is made elsewhere. */
export interface Exhibits {
  /** Prometheus text format. */
  metrics(): Promise<string>
  openApi(): object
}

/** `/health`, `/metrics`, `/v1/openapi.json`, and a sentence at `/v1/connect`. */
export function healthRoutes({ port }: RouteContext, exhibits: Exhibits): readonly Route[] {
  const plain = { method: 'GET', role: 'none', parameters: [], body: null, errors: [] } as const
  return [
    {
      ...plain,
      path: '/health/live',
      name: 'getLiveness',
      summary: 'Whether the process serves requests at all.',
      success: answers('Health', 'It does.'),
      handle: () => ({ body: { status: 'live' } })
    },
    {
      ...plain,
      path: '/health/ready',
      name: 'getReadiness',
      summary:
        'Whether every group with a voter here has a known leader and metadata here is current.',
      success: answers('Health', 'Clients can be sent here.'),
      handle() {
        const { ready, notReadyReason } = port.status()
        if (ready) return { body: { status: 'ready' } }
        throw new HoldfastError('UNAVAILABLE', { reason: notReadyReason ?? 'the node is starting' })
      }
    },
    {
      ...plain,
      path: '/metrics',
      name: 'getMetrics',
      summary: 'Metrics of the process and of the node, for Prometheus.',
      success: answers('text', 'Prometheus text format 0.0.4.'),
      handle: async () => ({ body: await exhibits.metrics() })
    },
    {
      ...plain,
      path: '/v1/openapi.json',
      name: 'getOpenApi',
      summary: 'This document.',
      success: answers('OpenApi', 'An OpenAPI 3.1 document.'),
      handle: () => ({ body: exhibits.openApi() })
    },
    {
      ...plain,
      path: '/v1/connect',
      name: 'connect',
      summary: 'The native protocol over WebSocket; a request that is no upgrade is refused.',
      success: {
        status: 101,
        description: 'The connection speaks WebSocket from here on; binary messages only.',
        schema: null,
        hasLocation: false
      },
      handle() {
        throw new HoldfastError('REQUEST_INVALID', { reason: 'this path takes WebSocket upgrades' })
      }
    }
  ]
}
