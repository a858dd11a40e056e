// /health, /metrics, /v1/openapi.json and the sentence at /v1/connect.
import t from 'tap'
import { checkedServer } from '../checked-server.ts'

t.test('a process that serves is live, ready or not', async (t) => {
  const { call, port } = await checkedServer()
  port.clusterStatus = { ...port.clusterStatus, ready: false }
  t.match(await call('getLiveness', 'GET', '/health/live'), {
    status: 200,
    body: { status: 'live' }
  })
})

t.test('readiness says why not', async (t) => {
  const { call, port } = await checkedServer()
  t.match(await call('getReadiness', 'GET', '/health/ready'), {
    status: 200,
    body: { status: 'ready' }
  })
  const reason = 'group 3 has no known leader'
  port.clusterStatus = { ...port.clusterStatus, ready: false, notReadyReason: reason }
  const refused = await call('getReadiness', 'GET', '/health/ready')
  t.match(refused, { status: 503, body: { code: 'UNAVAILABLE', details: { reason } } })
  t.equal(refused.headers['retry-after'], '1')
  port.clusterStatus = { ...port.clusterStatus, notReadyReason: null }
  t.equal((await call('getReadiness', 'GET', '/health/ready')).status, 503)
})

t.test('metrics are text for Prometheus', async (t) => {
  const { call } = await checkedServer()
  const { status, headers, body } = await call('getMetrics', 'GET', '/metrics')
  t.equal(status, 200)
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
  t.match(body, /^holdfast_elections_total 7$/m)
})

t.test('a plain request to the WebSocket path is told so', async (t) => {
  const { call } = await checkedServer()
  t.match(await call('connect', 'GET', '/v1/connect'), {
    status: 400,
    body: { code: 'REQUEST_INVALID' }
  })
})

t.test('HEAD follows from GET', async (t) => {
  const { call } = await checkedServer()
  const { status, body } = await call('getLiveness', 'HEAD', '/health/live')
  t.equal(status, 200)
  t.equal(body, '')
})
