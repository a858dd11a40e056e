// The public names of @holdfast/admin: the HTTP server of a node, and the check of `Host` and
// `Origin` that a listener for WebSocket upgrades on the same server needs as well.
export { createAdminServer } from './admin-server.ts'
export type {
  AdminServer,
  AdminServerOptions,
  InjectedAnswer,
  Log,
  LogFields
} from './admin-server-options.ts'
export { adminLimits } from './limits.ts'
export { type LoopbackHeaders, requireLoopback, requireLoopbackRequest } from './loopback.ts'
export type { AdminSecurity } from './security.ts'
