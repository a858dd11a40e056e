// Vhosts: namespaces of exchanges and queues. The vhost `/` is there from the start.
import { HoldfastError } from '@holdfast/errors'
import { refuseBody } from '../request-fields.ts'
import { requireVhost, seesVhost } from '../roles.ts'
import { answers, answersNothing, type Parameter, type Route, type RouteContext } from '../route.ts'
import { readVhost, vhostParameter } from './vhost-parameter.ts'

const named: readonly Parameter[] = [vhostParameter]

function listVhosts({ ask }: RouteContext): Route {
  return {
    method: 'GET',
    path: '/v1/vhosts',
    name: 'listVhosts',
    role: 'management',
    summary: 'The vhosts that the caller sees, by name.',
    parameters: [],
    body: null,
    success: answers('VhostList', 'The vhosts.'),
    errors: [],
    async handle({ identity }) {
      const { vhosts } = await ask({ type: 'list-vhosts' }, 'vhosts')
      const seen = vhosts.filter((name) => seesVhost(identity, name))
      return { body: { vhosts: seen.map((name) => ({ name })) } }
    }
  }
}

function inspectVhost({ ask }: RouteContext): Route {
  return {
    method: 'GET',
    path: '/v1/vhosts/{vhost}',
    name: 'inspectVhost',
    role: 'management',
    summary: 'One vhost.',
    parameters: named,
    body: null,
    success: answers('Vhost', 'The vhost.'),
    errors: ['NAME_INVALID', 'VHOST_NOT_FOUND', 'VHOST_ACCESS_REFUSED'],
    async handle(call) {
      const vhost = readVhost(call)
      requireVhost(call.identity, vhost)
      const { vhosts } = await ask({ type: 'list-vhosts' }, 'vhosts')
      if (!vhosts.includes(vhost)) throw new HoldfastError('VHOST_NOT_FOUND', { vhost })
      return { body: { name: vhost } }
    }
  }
}

function declareVhost({ ask }: RouteContext): Route {
  return {
    method: 'PUT',
    path: '/v1/vhosts/{vhost}',
    name: 'declareVhost',
    role: 'administrator',
    summary: 'Makes sure that a vhost exists; the caller gets all permissions in a new one.',
    parameters: named,
    body: null,
    success: answers('Vhost', 'The vhost exists.'),
    errors: ['NAME_INVALID', 'LIMIT_REACHED', 'NOT_LEADER'],
    async handle(call) {
      refuseBody(call.body)
      const vhost = readVhost(call)
      const { user: owner } = call.identity
      const command = { type: 'put-vhost', vhost, description: null, owner } as const
      await ask({ type: 'change-access', command }, 'changed')
      return { body: { name: vhost } }
    }
  }
}

function deleteVhost({ ask }: RouteContext): Route {
  return {
    method: 'DELETE',
    path: '/v1/vhosts/{vhost}',
    name: 'deleteVhost',
    role: 'administrator',
    summary: 'Deletes a vhost that holds no queues and no exchanges but the predeclared ones.',
    parameters: named,
    body: null,
    success: answersNothing('The vhost is gone.'),
    errors: ['NAME_INVALID', 'VHOST_NOT_FOUND', 'VHOST_IN_USE', 'NOT_LEADER'],
    async handle(call) {
      refuseBody(call.body)
      await ask({ type: 'delete-vhost', vhost: readVhost(call) }, 'done')
      return { body: null }
    }
  }
}

/** `/v1/vhosts`. */
export function vhostRoutes(context: RouteContext): readonly Route[] {
  return [listVhosts(context), inspectVhost(context), declareVhost(context), deleteVhost(context)]
}
