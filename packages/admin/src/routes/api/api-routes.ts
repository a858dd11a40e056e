// All routes below `/api`: the part of RabbitMQ's management API that is here so far.
import type { Route, RouteContext } from '../../route.ts'
import { apiPermissionRoutes, apiTopicRoutes } from './permissions.ts'
import { apiUserRoutes } from './users.ts'
import { apiUserLimitRoutes, apiVhostLimitRoutes, apiVhostRoutes } from './vhosts.ts'

export function apiRoutes(context: RouteContext): readonly Route[] {
  return [
    ...apiUserRoutes(context),
    ...apiPermissionRoutes(context),
    ...apiTopicRoutes(context),
    ...apiVhostRoutes(context),
    ...apiVhostLimitRoutes(context),
    ...apiUserLimitRoutes(context)
  ]
}
