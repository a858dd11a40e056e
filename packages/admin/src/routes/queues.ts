// Queues: list, look, purge, delete. They are declared by clients, over the native protocol.
import { needs } from '@holdfast/cluster'
import { readName, readPage, refuseBody } from '../request-fields.ts'
import { requireVhost, seenVhosts } from '../roles.ts'
import {
  answers,
  answersNothing,
  type Call,
  type Parameter,
  parameter,
  type Route,
  type RouteContext
} from '../route.ts'
import { readVhost, vhostParameter } from './vhost-parameter.ts'

const named: readonly Parameter[] = [
  vhostParameter,
  {
    name: 'name',
    in: 'path',
    description: 'Name of the queue, percent-encoded.',
    schema: { type: 'string', minLength: 1 }
  }
]

const paged: readonly Parameter[] = [
  {
    name: 'limit',
    in: 'query',
    description: 'Rows of the page.',
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 }
  },
  {
    name: 'cursor',
    in: 'query',
    description: 'The `cursor` of the page before.',
    schema: { type: 'string', minLength: 1 }
  }
]

const changeErrors = [
  'NAME_INVALID',
  'QUEUE_NOT_FOUND',
  'VHOST_NOT_FOUND',
  'ACCESS_REFUSED',
  'NOT_LEADER'
] as const

function readQueue(call: Call): { vhost: string; name: string } {
  return {
    vhost: readVhost(call),
    name: readName(parameter(call, 'name'), 'queue')
  }
}

function listQueues({ ask }: RouteContext): Route {
  return {
    method: 'GET',
    path: '/v1/queues',
    name: 'listQueues',
    role: 'management',
    summary: 'Queues of the vhosts that the caller sees, by vhost and name.',
    parameters: paged,
    body: null,
    success: answers('QueuePage', 'A page.'),
    errors: ['OPTION_INVALID', 'OPTION_UNKNOWN'],
    async handle(call) {
      const vhosts = seenVhosts(call.identity)
      const page = { type: 'list-queues', ...readPage(call.query), vhosts } as const
      const { queues, cursor } = await ask(page, 'queues')
      return { body: { queues, cursor } }
    }
  }
}

function inspectQueue({ ask }: RouteContext): Route {
  return {
    method: 'GET',
    path: '/v1/queues/{vhost}/{name}',
    name: 'inspectQueue',
    role: 'management',
    summary: 'One queue, with numbers from the leader of its shard.',
    parameters: named,
    body: null,
    success: answers('Queue', 'The queue.'),
    errors: ['NAME_INVALID', 'QUEUE_NOT_FOUND', 'VHOST_NOT_FOUND', 'VHOST_ACCESS_REFUSED'],
    async handle(call) {
      const queue = readQueue(call)
      requireVhost(call.identity, queue.vhost)
      const reply = await ask({ type: 'inspect-queue', ...queue }, 'queue')
      return { body: reply.queue }
    }
  }
}

function deleteQueue({ ask }: RouteContext): Route {
  return {
    method: 'DELETE',
    path: '/v1/queues/{vhost}/{name}',
    name: 'deleteQueue',
    role: 'management',
    summary: 'Deletes a queue with its bindings and its messages, whoever uses it.',
    parameters: named,
    body: null,
    success: answersNothing('The queue is gone.'),
    errors: changeErrors,
    async handle(call) {
      refuseBody(call.body)
      const { vhost, name } = readQueue(call)
      const { user, id } = call.identity
      await ask({ type: 'authorize', user, id, vhost, needs: needs.deleteQueue(name) }, 'done')
      await ask({ type: 'delete-queue', vhost, name }, 'done', 'purged')
      return { body: null }
    }
  }
}

function purgeQueue({ ask }: RouteContext): Route {
  return {
    method: 'POST',
    path: '/v1/queues/{vhost}/{name}/purge',
    name: 'purgeQueue',
    role: 'management',
    summary: 'Removes the messages that wait; delivered ones stay with their consumers.',
    parameters: named,
    body: null,
    success: answers('Purged', 'The queue is empty but for what is delivered.'),
    errors: changeErrors,
    async handle(call) {
      refuseBody(call.body)
      const { vhost, name } = readQueue(call)
      const { user, id } = call.identity
      await ask({ type: 'authorize', user, id, vhost, needs: needs.readQueue(name) }, 'done')
      const { messages } = await ask({ type: 'purge-queue', vhost, name }, 'purged')
      return { body: { messages } }
    }
  }
}

/** `/v1/queues`. */
export function queueRoutes(context: RouteContext): readonly Route[] {
  return [listQueues(context), inspectQueue(context), deleteQueue(context), purgeQueue(context)]
}
