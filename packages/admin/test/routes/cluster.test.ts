// /v1/cluster and /v1/groups.
import t from 'tap'
import { at, checkedServer } from '../checked-server.ts'

t.test('the cluster is shown as the node sees it', async (t) => {
  const { call, port } = await checkedServer()
  const { status, body } = await call('getCluster', 'GET', '/v1/cluster')
  t.equal(status, 200)
  const { clusterId, self, nodes, groups, warnings } = port.clusterStatus
  t.same(body, { clusterId, self, nodes, groups, warnings })
})

t.test('a blank node shows that it belongs to none', async (t) => {
  const { call, port } = await checkedServer()
  port.clusterStatus = { ...port.clusterStatus, clusterId: null, self: null, nodes: [], groups: [] }
  const { body } = await call('getCluster', 'GET', '/v1/cluster')
  t.match(body, { clusterId: null, self: null, nodes: [], groups: [] })
})

t.test('a transfer asks for a voter', async (t) => {
  const { call, port } = await checkedServer()
  const url = '/v1/groups/0/transfer'
  const { status, body } = await call('transferGroup', 'POST', url, { json: { to: 2 } })
  t.equal(status, 202)
  t.same(body, { group: 0, to: 2 })
  t.same(port.requests, [{ type: 'transfer', group: 0, to: 2 }])
})

t.test('a transfer of what does not exist, or to what cannot be, is refused', async (t) => {
  const { call, port } = await checkedServer()
  const wrong: [string, unknown, string, number][] = [
    ['/v1/groups/99/transfer', { to: 2 }, 'GROUP_NOT_FOUND', 404],
    ['/v1/groups/x/transfer', { to: 2 }, 'REQUEST_INVALID', 400],
    ['/v1/groups/-1/transfer', { to: 2 }, 'REQUEST_INVALID', 400],
    ['/v1/groups/1/transfer', { to: '2' }, 'OPTION_INVALID', 400],
    ['/v1/groups/1/transfer', {}, 'OPTION_INVALID', 400],
    ['/v1/groups/1/transfer', { to: 2, force: true }, 'OPTION_UNKNOWN', 400],
    ['/v1/groups/1/transfer', [], 'REQUEST_INVALID', 400]
  ]
  for (const [url, json, code, status] of wrong) {
    const answer = await call('transferGroup', 'POST', url, { json })
    t.equal(answer.status, status, url)
    t.equal(at(answer.body, 'code'), code)
  }
  t.equal(port.requests.length, 1, 'only the unknown group reached the node')
})
