// The border: what is thrown, and what the caller is told.
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { errorBody, rawRefusal, toHoldfastError } from '../src/error-answer.ts'

t.test('a coded error passes through', async (t) => {
  const error = new HoldfastError('NODE_NOT_FOUND', { node: 4 })
  t.equal(toHoldfastError(error), error)
  t.same(errorBody(error), { code: 'NODE_NOT_FOUND', message: 'no node 4', details: { node: 4 } })
})

t.test('refusals of the framework get a code of ours', async (t) => {
  const codes = {
    FST_ERR_BAD_URL: 'REQUEST_INVALID',
    FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
    FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
    FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_INVALID'
  }
  for (const [code, expected] of Object.entries(codes)) {
    t.equal(toHoldfastError(Object.assign(new Error('x'), { code })).code, expected)
  }
})

t.test('anything else is INTERNAL, and its text stays inside', async (t) => {
  const secrets = [
    new Error('secret'),
    'secret',
    null,
    undefined,
    { code: 7 },
    { code: 'toString' }
  ]
  for (const secret of secrets) {
    const body = errorBody(toHoldfastError(secret))
    t.equal(body.code, 'INTERNAL')
    t.notMatch(JSON.stringify(body), /secret/)
  }
})

t.test('what is not HTTP gets a whole answer of its own', async (t) => {
  for (const code of [
    'HPE_HEADER_OVERFLOW',
    'ERR_HTTP_REQUEST_TIMEOUT',
    'HPE_INVALID_METHOD',
    ''
  ]) {
    const [head = '', body = ''] = rawRefusal(code).split('\r\n\r\n')
    t.match(head, /^HTTP\/1\.1 400 /)
    t.match(head, new RegExp(`content-length: ${Buffer.byteLength(body)}`))
    t.match(JSON.parse(body), { code: 'REQUEST_INVALID' })
  }
})
