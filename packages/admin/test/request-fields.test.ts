// Fields of requests: every kind of wrong value gets its coded error, and none gets through.
import t from 'tap'
import {
  readBody,
  readId,
  readName,
  readOperationId,
  readPage,
  readPeer,
  readTarget,
  refuseBody
} from '../src/request-fields.ts'

t.test('a body is an object without unknown keys', async (t) => {
  t.same(readBody({ peer: 'x' }, ['peer']), { peer: 'x' })
  for (const body of [undefined, null, 1, 'x', [], true]) {
    t.throws(() => readBody(body, ['peer']), { code: 'REQUEST_INVALID' })
  }
  for (const key of ['__proto__', 'constructor', 'toString', 'Peer', '']) {
    const body: unknown = JSON.parse(`{"${key}":{"peer":"127.0.0.1:1"}}`)
    t.throws(() => readBody(body, ['peer']), { code: 'OPTION_UNKNOWN' }, key)
  }
})

t.test('inherited fields are not fields', async (t) => {
  const body = Object.create({ peer: '127.0.0.1:1', to: 1 }) as object
  t.throws(() => readPeer(body, false), { code: 'OPTION_INVALID' })
  t.throws(() => readTarget(body), { code: 'OPTION_INVALID' })
})

t.test('a call without a body takes none, or an empty object', async (t) => {
  for (const body of [undefined, null, {}, []]) t.doesNotThrow(() => refuseBody(body))
  for (const body of [{ a: 1 }, 'x', 1, true, [1]]) {
    t.throws(() => refuseBody(body), { code: 'REQUEST_INVALID' })
  }
})

t.test('a peer is a loopback HOST:PORT', async (t) => {
  for (const peer of ['127.0.0.1:7673', 'localhost:1', '[::1]:65535']) {
    t.equal(readPeer({ peer }, false), peer)
  }
  const malformed = [
    undefined,
    null,
    1,
    '',
    'localhost',
    'localhost:0',
    'localhost:65536',
    '::1:1',
    {}
  ]
  for (const peer of malformed)
    t.throws(() => readPeer({ peer }, false), { code: 'OPTION_INVALID' })
  for (const peer of ['10.0.0.1:7673', '169.254.169.254:80', 'example.com:7673']) {
    t.throws(() => readPeer({ peer }, false), { code: 'ADDRESS_REFUSED' })
    t.equal(readPeer({ peer }, true), peer, 'elsewhere, where links are secured')
  }
  for (const peer of ['node-1.example.com:7673', '[2001:db8::1]:7673']) {
    t.equal(readPeer({ peer }, true), peer)
  }
  for (const peer of malformed) t.throws(() => readPeer({ peer }, true), { code: 'OPTION_INVALID' })
})

t.test('a target is an integer from 1', async (t) => {
  t.equal(readTarget({ to: 3 }), 3)
  for (const to of [undefined, null, 0, -1, 1.5, '1', 2 ** 53, Number.NaN, [1], true]) {
    t.throws(() => readTarget({ to }), { code: 'OPTION_INVALID' })
  }
})

t.test('an id of the path is a decimal safe integer', async (t) => {
  t.equal(readId('0', 'group', 0), 0)
  t.equal(readId('9007199254740991', 'node', 1), Number.MAX_SAFE_INTEGER)
  const wrong = [
    '',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    '0x1',
    ' 1',
    '1 ',
    '9007199254740992',
    'NaN',
    '١'
  ]
  for (const text of wrong)
    t.throws(() => readId(text, 'group', 0), { code: 'REQUEST_INVALID' }, text)
  t.throws(() => readId('0', 'node', 1), { code: 'REQUEST_INVALID' })
})

t.test('an operation id that cannot exist does not exist', async (t) => {
  t.equal(readOperationId('add-17_x'), 'add-17_x')
  for (const id of ['', 'a'.repeat(65), 'a/b', '..', 'a\r\nb', '%']) {
    t.throws(() => readOperationId(id), { code: 'OPERATION_NOT_FOUND' })
  }
})

t.test('a name has 1 to 255 bytes of UTF-8', async (t) => {
  for (const name of ['/', 'a'.repeat(255), 'é'.repeat(127), '😀', '\u0000', ' ', '..']) {
    t.equal(readName(name, 'queue'), name)
  }
  for (const name of ['', 'a'.repeat(256), 'é'.repeat(128), '\ud800', 'a\udc00b']) {
    t.throws(() => readName(name, 'queue'), { code: 'NAME_INVALID' })
  }
})

t.test('a page has a limit and a cursor, each given at most once', async (t) => {
  t.same(readPage({}), { limit: 100, cursor: null })
  t.same(readPage({ limit: '1000', cursor: 'c' }), { limit: 1000, cursor: 'c' })
  for (const limit of ['0', '1001', '-1', 'x', '', '1.5', ['1', '2'], '01']) {
    t.throws(() => readPage({ limit }), { code: 'OPTION_INVALID' })
  }
  for (const cursor of ['', ['a', 'b'], 'c'.repeat(8193)]) {
    t.throws(() => readPage({ cursor }), { code: 'OPTION_INVALID' })
  }
  t.throws(() => readPage({ offset: '1' }), { code: 'OPTION_UNKNOWN' })
})
