// What the cluster looks like from this node, and what an operator may change about its groups.
import { readBody, readId, readTarget } from '../request-fields.ts'
import { answers, parameter, type Route, type RouteContext } from '../route.ts'

/** `/v1/cluster` and `/v1/groups`. */
export function clusterRoutes({ port, ask }: RouteContext): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/cluster',
      name: 'getCluster',
      role: 'monitoring',
      mayBeStale: true,
      summary: 'Nodes and groups, as the node that answers sees them. Asks nobody else.',
      parameters: [],
      body: null,
      success: answers('Cluster', 'The cluster.'),
      errors: [],
      handle() {
        const { clusterId, self, nodes, groups, warnings } = port.status()
        return { body: { clusterId, self, nodes, groups, warnings } }
      }
    },
    {
      method: 'POST',
      path: '/v1/groups/{id}/transfer',
      name: 'transferGroup',
      role: 'administrator',
      summary: 'Asks the leader of a group to hand over to another voter.',
      parameters: [
        {
          name: 'id',
          in: 'path',
          description: 'Id of the group; 0 is the metadata group.',
          schema: { type: 'integer', minimum: 0 }
        }
      ],
      body: 'Transfer',
      success: answers('StartedTransfer', 'The leader was asked; watch `GET /v1/cluster`.', 202),
      errors: [
        'GROUP_NOT_FOUND',
        'NODE_NOT_FOUND',
        'TRANSFER_IMPOSSIBLE',
        'NOT_LEADER',
        'OPTION_INVALID',
        'OPTION_UNKNOWN'
      ],
      async handle(call) {
        const group = readId(parameter(call, 'id'), 'group', 0)
        const to = readTarget(readBody(call.body, ['to']))
        await ask({ type: 'transfer', group, to }, 'done')
        return { body: { group, to } }
      }
    }
  ]
}
