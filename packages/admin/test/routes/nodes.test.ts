// /v1/nodes and /v1/operations.
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { at, checkedServer } from '../checked-server.ts'

t.test('a node is added by an operation that can be watched', async (t) => {
  const { call, port } = await checkedServer()
  const json = { peer: '127.0.0.1:7703' }
  const { status, headers, body } = await call('addNode', 'POST', '/v1/nodes', { json })
  t.equal(status, 202)
  t.equal(headers['location'], '/v1/operations/1')
  t.same(port.requests, [{ type: 'add-node', peer: '127.0.0.1:7703' }])
  const shown = await call('inspectOperation', 'GET', String(headers['location']))
  t.same(shown.body, at(body, 'operation'))
  t.match(shown.body, { state: 'running', progress: { done: 0, total: 4 } })
  const failed = { code: 'NODE_UNREACHABLE', message: 'nothing answers' }
  const operation = port.operations.get('1')
  if (operation !== undefined)
    port.operations.set('1', { ...operation, state: 'failed', error: failed })
  const { body: list } = await call('listOperations', 'GET', '/v1/operations')
  t.match(list, { operations: [{ id: '1', state: 'failed', error: failed }] })
})

t.test('a node is removed by an operation', async (t) => {
  const { call } = await checkedServer()
  const { status, body } = await call('removeNode', 'DELETE', '/v1/nodes/2')
  t.equal(status, 202)
  t.match(body, { operation: { kind: 'remove-node', node: 2 } })
})

t.test('nodes and operations that do not exist or cannot be are refused', async (t) => {
  const { call } = await checkedServer()
  t.match(await call('removeNode', 'DELETE', '/v1/nodes/9'), {
    status: 404,
    body: { code: 'NODE_NOT_FOUND' }
  })
  for (const id of ['0', 'x', '-1', '1.5', '99999999999999999999', '%00']) {
    const answer = await call('removeNode', 'DELETE', `/v1/nodes/${id}`)
    t.match(answer, { status: 400, body: { code: 'REQUEST_INVALID' } }, id)
  }
  for (const id of ['9', 'x'.repeat(100), 'a%2Fb', '..%2F..']) {
    const answer = await call('inspectOperation', 'GET', `/v1/operations/${id}`)
    t.match(answer, { status: 404, body: { code: 'OPERATION_NOT_FOUND' } }, id)
  }
})

t.test('an address that is not loopback is refused before anything dials it', async (t) => {
  const { call, port } = await checkedServer()
  for (const peer of ['10.0.0.1:7673', '169.254.169.254:80', 'example.com:7673']) {
    const answer = await call('addNode', 'POST', '/v1/nodes', { json: { peer } })
    t.match(answer, { status: 400, body: { code: 'ADDRESS_REFUSED' } })
  }
  for (const json of [
    {},
    { peer: 7673 },
    { peer: 'x' },
    { peer: 'localhost:1', token: 'x' },
    [],
    null
  ]) {
    const answer = await call('addNode', 'POST', '/v1/nodes', { json })
    t.equal(answer.status, 400)
  }
  t.equal(port.requests.length, 0)
})

t.test('every refusal of the node reaches the caller with its status', async (t) => {
  const { call, port } = await checkedServer()
  const address = '127.0.0.1:7703'
  const refusals: [HoldfastError, number][] = [
    [new HoldfastError('NODE_ALREADY_MEMBER', { address, node: 2 }), 409],
    [new HoldfastError('NODE_OF_ANOTHER_CLUSTER', { address, clusterId: 'x' }), 409],
    [new HoldfastError('NODE_UNREACHABLE', { address, reason: 'refused' }), 502],
    [new HoldfastError('JOIN_TOKEN_WRONG', { address }), 403],
    [new HoldfastError('NOT_LEADER', { group: 0, leader: 2 }), 503],
    [new HoldfastError('UNAVAILABLE', { reason: 'no quorum' }), 503]
  ]
  for (const [error, status] of refusals) {
    port.override = async () => {
      throw error
    }
    const answer = await call('addNode', 'POST', '/v1/nodes', { json: { peer: address } })
    t.match(answer, { status, body: { code: error.code, details: error.details } })
    t.equal(answer.headers['retry-after'], status === 503 ? '1' : undefined)
  }
})
