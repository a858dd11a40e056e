// The check of requests: what is accepted, and with which code each mistake is refused.
import { HoldfastError } from '@holdfast/errors'
import { checkResult, parseNodes, parseRequest, parseWireError } from '@holdfast/protocol'
import t from 'tap'

function codeOf(call: () => unknown): string {
  try {
    call()
    return 'none'
  } catch (error) {
    return error instanceof HoldfastError ? error.code : String(error)
  }
}

const consume = {
  queue: 'q',
  tag: 't',
  prefetch: 1,
  autoAck: false,
  exclusive: false,
  resume: null
}
const binding = { queue: 'q', exchange: 'e', bindingKey: '', arguments: {} }

t.test('mistakes in arguments are refused with a code of their own', async (t) => {
  const cases: [name: string, args: unknown, code: string][] = [
    ['declare-queue', { name: 'q', options: {} }, 'none'],
    ['declare-queue', { name: 'q' }, 'none'],
    ['declare-queue', { name: 'q', options: { durable: true } }, 'none'],
    ['declare-queue', { name: 'q', options: { durable: false } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { ttl: 5 } }, 'OPTION_UNKNOWN'],
    ['declare-queue', { name: 'q', colour: 'red' }, 'OPTION_UNKNOWN'],
    ['declare-queue', { name: '', options: {} }, 'none'],
    ['declare-queue', { name: 'q', options: { autoDelete: true, expiresMs: 1 } }, 'none'],
    ['declare-queue', { name: 'q', options: { autoDelete: 1 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { expiresMs: 0 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { expiresMs: 315_360_000_001 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { messageTtlMs: 0 } }, 'none'],
    ['declare-queue', { name: 'q', options: { messageTtlMs: -1 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { messageTtlMs: 315_360_000_001 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { maxLength: 0, maxLengthBytes: 2 ** 40 } }, 'none'],
    ['declare-queue', { name: 'q', options: { maxLength: -1 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { maxPriority: 255 } }, 'none'],
    ['declare-queue', { name: 'q', options: { maxPriority: 0 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { maxPriority: 256 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { maxLengthBytes: '1' } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { overflow: 'reject-publish' } }, 'none'],
    ['declare-queue', { name: 'q', options: { overflow: 'drop-tail' } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { deliveryLimit: 0 } }, 'none'],
    ['declare-queue', { name: 'q', options: { deliveryLimit: -1 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { singleActiveConsumer: null } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'q', options: { exclusive: true } }, 'none'],
    ['declare-queue', { name: 'q', options: { deadLetterExchange: '' } }, 'none'],
    ['declare-queue', { name: 'q', options: { deadLetterExchange: 1 } }, 'NAME_INVALID'],
    ['declare-queue', { name: 'q', options: { deadLetterRoutingKey: 'k' } }, 'OPTION_INVALID'],
    [
      'declare-queue',
      { name: 'q', options: { deadLetterExchange: 'x', deadLetterRoutingKey: '' } },
      'none'
    ],
    ['declare-queue', { name: 'q', options: { exclusive: 1 } }, 'OPTION_INVALID'],
    ['declare-queue', { name: 'ü'.repeat(127) }, 'none'],
    ['declare-queue', { name: 'ü'.repeat(128) }, 'NAME_INVALID'],
    ['declare-queue', { name: 5 }, 'NAME_INVALID'],
    ['declare-queue', {}, 'NAME_INVALID'],
    ['declare-queue', [], 'REQUEST_INVALID'],
    ['declare-queue', null, 'REQUEST_INVALID'],
    ['declare-queue', new Uint8Array(1), 'REQUEST_INVALID'],
    ['delete-queue', { name: 'q' }, 'none'],
    ['delete-queue', { name: 'q', ifUnused: 1 }, 'OPTION_INVALID'],
    ['declare-exchange', { name: 'e', kind: 'topic' }, 'none'],
    ['declare-exchange', { name: 'e', kind: 'x-delayed' }, 'EXCHANGE_TYPE_UNKNOWN'],
    ['declare-exchange', { name: 'e' }, 'EXCHANGE_TYPE_UNKNOWN'],
    ['declare-exchange', { name: 'e', kind: Object.create(null) }, 'EXCHANGE_TYPE_UNKNOWN'],
    ['declare-exchange', { name: 'e', kind: 'fanout', options: { internal: 1 } }, 'OPTION_INVALID'],
    [
      'declare-exchange',
      { name: 'e', kind: 'fanout', options: { alternateExchange: '' } },
      'NAME_INVALID'
    ],
    ['delete-exchange', { name: 'e', ifUnused: true }, 'none'],
    ['bind-queue', binding, 'none'],
    ['bind-queue', { ...binding, arguments: 5 }, 'REQUEST_INVALID'],
    ['bind-queue', { ...binding, arguments: { a: 'x'.repeat(20_000) } }, 'BINDING_INVALID'],
    ['unbind-queue', { ...binding, bindingKey: 'x'.repeat(256) }, 'NAME_INVALID'],
    ['bind-exchange', { destination: 'a', source: 'b', bindingKey: '#', arguments: null }, 'none'],
    ['unbind-exchange', { destination: 'a', source: 'b' }, 'NAME_INVALID'],
    ['consume', consume, 'none'],
    ['consume', { ...consume, resume: [1, 5, 0, 7, 7, 2] }, 'none'],
    ['consume', { ...consume, resume: [1, 5] }, 'REQUEST_INVALID'],
    ['consume', { ...consume, resume: [5, 1, 0] }, 'REQUEST_INVALID'],
    ['consume', { ...consume, resume: [0, 1, 0] }, 'REQUEST_INVALID'],
    ['consume', { ...consume, resume: 'all' }, 'REQUEST_INVALID'],
    ['consume', { ...consume, prefetch: 0 }, 'OPTION_INVALID'],
    ['consume', { ...consume, prefetch: 65_536 }, 'OPTION_INVALID'],
    ['consume', { ...consume, prefetch: 1.5 }, 'OPTION_INVALID'],
    ['consume', { ...consume, tag: '' }, 'NAME_INVALID'],
    ['consume', { ...consume, priority: -(2 ** 31) }, 'none'],
    ['consume', { ...consume, priority: 2 ** 31 }, 'OPTION_INVALID'],
    ['consume', { ...consume, priority: 'high' }, 'OPTION_INVALID'],
    ['consume', { ...consume, colour: 1 }, 'OPTION_UNKNOWN'],
    ['cancel', { consumer: 1 }, 'none'],
    ['cancel', { consumer: -1 }, 'OPTION_INVALID'],
    ['nodes', {}, 'none'],
    ['nodes', { all: true }, 'OPTION_UNKNOWN'],
    ['inspect-queue', { name: '/' }, 'none'],
    ['inspect-exchange', { name: '' }, 'none'],
    ['inspect-exchange', {}, 'NAME_INVALID'],
    ['purge-queue', { name: 'q', all: 1 }, 'OPTION_UNKNOWN'],
    ['locate-queue', { name: 'q' }, 'none'],
    ['format-disk', {}, 'REQUEST_INVALID'],
    ['__proto__', {}, 'REQUEST_INVALID'],
    ['constructor', {}, 'REQUEST_INVALID']
  ]
  for (const [name, args, code] of cases) {
    t.equal(
      codeOf(() => parseRequest(name, args)),
      code,
      `${name} ${JSON.stringify(args)?.slice(0, 60)}`
    )
  }
})

t.test('results that cannot be are refused', async (t) => {
  t.equal(
    codeOf(() => checkResult('consume', { consumer: 1 })),
    'none'
  )
  t.equal(
    codeOf(() => checkResult('consume', null)),
    'FRAME_INVALID'
  )
  t.equal(
    codeOf(() => checkResult('consume', {})),
    'FRAME_INVALID'
  )
  t.equal(
    codeOf(() => checkResult('locate-queue', { group: 1, leader: null })),
    'none'
  )
  t.equal(
    codeOf(() => checkResult('locate-queue', { group: 1 })),
    'FRAME_INVALID'
  )
  t.equal(
    codeOf(() => checkResult('delete-queue', { messages: -1 })),
    'FRAME_INVALID'
  )
  t.equal(
    codeOf(() => checkResult('declare-queue', { name: 'q' })),
    'none'
  )
  t.equal(
    codeOf(() => checkResult('nodes', [{ id: 1 }])),
    'FRAME_INVALID'
  )
  t.equal(
    codeOf(() => parseNodes({})),
    'FRAME_INVALID'
  )
  t.equal(
    codeOf(() => parseWireError({ id: 1, code: 'X', message: 'm', details: {} })),
    'none'
  )
  t.equal(
    codeOf(() => parseWireError({ id: 1, code: 2 })),
    'FRAME_INVALID'
  )
  t.equal(
    codeOf(() => parseWireError(null)),
    'FRAME_INVALID'
  )
})
