// The public names of @holdfast/admin: the HTTP server of a node, and the check of `Host` and
// `Origin` that a listener for WebSocket upgrades on the same server needs as well.
export {
  type AdminServer,
  type AdminServerOptions,
  createAdminServer,
  type InjectedAnswer,
  type Log,
  type LogFields
} from './admin-server.ts'
export { adminLimits } from './limits.ts'
export { type LoopbackHeaders, requireLoopback, requireLoopbackRequest } from './loopback.ts'
export type { AdminSecurity } from './security.ts'
