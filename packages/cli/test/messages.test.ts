// publish and consume, with an SDK without a broker.
import { HoldfastError } from '@holdfast/errors'
import { eventually, within } from '@holdfast/testkit'
import t from 'tap'
import { FakeTerminal, fakeSdk } from './fakes.ts'
import { ran } from './ran.ts'

t.test('publish waits for confirms', async (t) => {
  const sdk = fakeSdk()
  const words = ['publish', 'orders', 'hi', '--declare', '--count', '2', '--header', 'a=b=c']
  t.match(await ran([...words, '--message-id', 'm', '--client', 'x:1', '--client', 'x:2'], sdk), {
    code: 0,
    out: '2 messages confirmed'
  })
  t.same(sdk.log, [
    'connect x:1 x:2 /',
    'declare orders',
    "publish '' orders",
    "publish '' orders",
    'close'
  ])
  t.same(sdk.published[0], {
    body: 'hi',
    options: { mandatory: true, headers: { a: 'b=c' }, messageId: 'm' }
  })
})

t.test('publish reads stdin, as one message or line by line', async (t) => {
  const terminal = new FakeTerminal()
  terminal.input = Buffer.from('one\ntwo\n')
  const whole = fakeSdk()
  await ran(['publish', 'k', '--exchange', 'e'], whole, terminal)
  t.same(whole.published, [{ body: 'one\ntwo\n', options: { mandatory: true } }])
  const lines = fakeSdk()
  t.match(await ran(['publish', 'k', '-', '--lines', '--json'], lines, terminal), {
    out: /{"confirmed":2}/
  })
  t.same(
    lines.published.map(({ body }) => body),
    ['one', 'two']
  )
})

t.test('publish tells a person that it waits for the message', async (t) => {
  const terminal = new FakeTerminal()
  terminal.input = Buffer.from('typed')
  t.match(await ran(['publish', 'k'], fakeSdk(), terminal), { code: 0, err: '' })
  terminal.isInputTyped = true
  t.match(await ran(['publish', 'k'], fakeSdk(), terminal), { code: 0, err: /Ctrl-D/ })
})

t.test('publish tells what went wrong, and closes', async (t) => {
  const sdk = fakeSdk()
  sdk.failure = new HoldfastError('MESSAGE_UNROUTABLE', { routingKey: 'k', exchange: '' })
  t.match(await ran(['publish', 'k', 'x'], sdk), {
    code: 1,
    err: /MESSAGE_UNROUTABLE\]\n.*--declare/
  })
  t.equal(sdk.log.at(-1), 'close')
  t.match(await ran(['publish', 'k', 'x', '--header', 'nonsense']), { code: 1, err: /NAME=VALUE/ })
  t.match(await ran(['publish', 'k', 'x', '--declare', '--exchange', 'e']), { code: 1 })
  const bug = fakeSdk()
  bug.failure = new TypeError('a bug')
  t.match(await ran(['publish', 'k', 'x'], bug), { code: 70, err: /a bug/ })
})

t.test('publish tells how many were confirmed when one of several fails', async (t) => {
  const sdk = fakeSdk()
  sdk.failure = new HoldfastError('QUEUE_FULL', { queue: 'k', vhost: '/' })
  sdk.publishesMax = 2
  const several = await ran(['publish', 'k', 'x', '--count', '5'], sdk)
  t.match(several, { code: 1, err: /^holdfast: 2 of 5 messages were confirmed\n.*QUEUE_FULL/ })
  t.notMatch((await ran(['publish', 'k', 'x'], sdk)).err, / of /)
})

t.test('consume prints, acknowledges, and stops after a count', async (t) => {
  const sdk = fakeSdk(['one', 'two', 'three'])
  const { code, terminal } = await ran(['consume', 'orders', '--count', '2', '--vhost', 'v'], sdk)
  t.equal(code, 0)
  t.same(terminal.lines, ['one\n', 'two\n'])
  t.same(sdk.log, [
    'connect 127.0.0.1:7672 v',
    'consume orders 100',
    'ack one',
    'ack two',
    'settled',
    'close'
  ])
})

t.test('consume as JSON, without acknowledging, also what is no text', async (t) => {
  const sdk = fakeSdk(['text', '\xff'])
  const { terminal } = await ran(['consume', 'q', '--json', '--no-ack'], sdk)
  t.match(
    terminal.lines.map((line) => JSON.parse(line)),
    [{ body: 'text', routingKey: 'orders', properties: { messageId: 'm' } }, { bodyBase64: '/w==' }]
  )
  t.notOk(sdk.log.some((line) => line.startsWith('ack')))
})

t.test('consume refuses to wait for more than can come', async (t) => {
  const sdk = fakeSdk(['one'])
  const words = ['consume', 'q', '--no-ack', '--prefetch', '5', '--count']
  t.match(await ran([...words, '6'], sdk), { code: 1, err: /--prefetch 5.*OPTION_INVALID/ })
  t.same(sdk.log, [])
  t.match(await ran([...words, '5'], sdk), { code: 0 })
})

t.test('an address that is none of a client says which one is meant', async (t) => {
  const failures = [
    new HoldfastError('FRAME_INVALID', { reason: 'an array is expected' }),
    new HoldfastError('FRAME_TOO_LARGE', { size: 1_213_486_160, limit: 16_908_288 }),
    new HoldfastError('NODE_UNREACHABLE', { address: 'h:1', reason: 'refused' })
  ]
  for (const failure of failures) {
    const sdk = fakeSdk()
    sdk.failure = failure
    t.match(await ran(['publish', 'k', 'x'], sdk), { code: 1, err: /--client.*holdfast status/ })
  }
})

t.test('a person is told of a node that is lost, and of the next one', async (t) => {
  const error = new HoldfastError('HEARTBEAT_MISSED', { silentMs: 2_500 })
  for (const words of [
    ['consume', 'q'],
    ['publish', 'q', 'x']
  ]) {
    const sdk = fakeSdk(['one'])
    sdk.statuses.push({ type: 'connected', node: 1 }, { type: 'disconnected', error })
    sdk.statuses.push({ type: 'consumer-attached', node: 3 }, { type: 'connected', node: 2 })
    const { terminal } = await ran(words, sdk)
    t.same(terminal.complaints, [
      'holdfast: nothing was heard for 2500 ms; looking for another node',
      'holdfast: connected to node 2'
    ])
  }
})

t.test('Ctrl-C ends a consumer whose queue has no leader', async (t) => {
  const terminal = new FakeTerminal()
  const sdk = fakeSdk()
  sdk.hasLeader = false
  const running = ran(['consume', 'q'], sdk, terminal)
  await eventually('the consumer', () => sdk.log.includes('consume q 100'))
  terminal.stop()
  t.equal((await within('the end', 10_000, running)).code, 0)
  t.equal(sdk.log.at(-1), 'close')
})

t.test('Ctrl-C cancels, the second one ends at once', async (t) => {
  const terminal = new FakeTerminal()
  const sdk = fakeSdk(['one'], true)
  const running = ran(['consume', 'q'], sdk, terminal)
  while (terminal.lines.length === 0) await new Promise((resolve) => setImmediate(resolve))
  terminal.stop()
  terminal.stop()
  t.equal((await running).code, 0)
  t.same(sdk.log.slice(-2), ['cancel', 'close'])
  t.same(terminal.exits, [1])
})
