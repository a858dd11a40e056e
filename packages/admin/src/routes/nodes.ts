// Nodes come and go by operations, which are replicated: any metadata leader carries them on, and
// any node tells how far they are.
import type { OperationStatus } from '@holdfast/cluster'
import { readBody, readId, readOperationId, readPeer, refuseBody } from '../request-fields.ts'
import {
  type Answer,
  answers,
  type Parameter,
  parameter,
  type Route,
  type RouteContext,
  type Success
} from '../route.ts'

const identified = (
  of: string,
  schema: Readonly<Record<string, unknown>>
): readonly Parameter[] => [{ name: 'id', in: 'path', description: `Id of the ${of}.`, schema }]

const started: Success = {
  status: 202,
  description: 'The operation was started; watch it at `Location`.',
  schema: 'StartedOperation',
  hasLocation: true
}

function startedOperation(operation: OperationStatus): Answer {
  return { body: { operation }, location: `/v1/operations/${encodeURIComponent(operation.id)}` }
}

function addNode({ ask, arePeersSecured }: RouteContext): Route {
  return {
    method: 'POST',
    path: '/v1/nodes',
    name: 'addNode',
    role: 'administrator',
    summary: 'Takes a blank node into the cluster.',
    parameters: [],
    body: 'NewNode',
    success: started,
    errors: [
      'OPTION_INVALID',
      'OPTION_UNKNOWN',
      'ADDRESS_REFUSED',
      'JOIN_TOKEN_WRONG',
      'NODE_ALREADY_MEMBER',
      'NODE_OF_ANOTHER_CLUSTER',
      'NODE_UNREACHABLE',
      'NOT_LEADER',
      'LIMIT_REACHED'
    ],
    async handle(call) {
      const peer = readPeer(readBody(call.body, ['peer']), arePeersSecured)
      return startedOperation((await ask({ type: 'add-node', peer }, 'operation')).operation)
    }
  }
}

function removeNode({ ask }: RouteContext): Route {
  return {
    method: 'DELETE',
    path: '/v1/nodes/{id}',
    name: 'removeNode',
    role: 'administrator',
    summary: 'Moves the replicas of a node, dead or alive, to others, and forgets it.',
    parameters: identified('node', { type: 'integer', minimum: 1 }),
    body: null,
    success: started,
    errors: ['NODE_NOT_FOUND', 'LAST_NODE', 'QUORUM_WOULD_BE_LOST', 'NOT_LEADER', 'LIMIT_REACHED'],
    async handle(call) {
      refuseBody(call.body)
      const node = readId(parameter(call, 'id'), 'node', 1)
      return startedOperation((await ask({ type: 'remove-node', node }, 'operation')).operation)
    }
  }
}

function listOperations({ ask }: RouteContext): Route {
  return {
    method: 'GET',
    path: '/v1/operations',
    name: 'listOperations',
    role: 'monitoring',
    summary: 'Operations that run, and the last ones that ended.',
    parameters: [],
    body: null,
    success: answers('OperationList', 'The operations.'),
    errors: [],
    async handle() {
      const { operations } = await ask({ type: 'list-operations' }, 'operations')
      return { body: { operations } }
    }
  }
}

function inspectOperation({ ask }: RouteContext): Route {
  return {
    method: 'GET',
    path: '/v1/operations/{id}',
    name: 'inspectOperation',
    role: 'monitoring',
    summary: 'How an operation stands.',
    parameters: identified('operation', { type: 'string', minLength: 1, maxLength: 64 }),
    body: null,
    success: answers('Operation', 'The operation.'),
    errors: ['OPERATION_NOT_FOUND'],
    async handle(call) {
      const id = readOperationId(parameter(call, 'id'))
      return { body: (await ask({ type: 'operation', id }, 'operation')).operation }
    }
  }
}

/** `/v1/nodes` and `/v1/operations`. */
export function nodeRoutes(context: RouteContext): readonly Route[] {
  return [addNode(context), removeNode(context), listOperations(context), inspectOperation(context)]
}
