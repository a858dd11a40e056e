// What the commands accept and refuse, the page that describes them, and what `publish` and
// `consume` do with a connection.
import { readFileSync, writeFileSync } from 'node:fs'
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { run } from '../src/main.ts'
import { createProgram } from '../src/program.ts'
import { FakeSurroundings } from './fake-surroundings.ts'
import { referencePage } from './reference-page.ts'

t.test('docs/reference/cli.md is what the program says', async (t) => {
  const root = new URL('../../', new URL('.', import.meta.resolve('@holdfast/cli/package.json')))
  const path = new URL('docs/reference/cli.md', root)
  const page = referencePage(createProgram(new FakeSurroundings()))
  // biome-ignore lint/style/noProcessEnv: REWRITE=1 writes the page.
  const { REWRITE } = process.env
  if (REWRITE === '1') writeFileSync(path, page)
  t.equal(readFileSync(path, 'utf8'), page, 'run the test with REWRITE=1')
})

t.test('wrong usage ends with 2, and says what is wrong', async (t) => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['fly'], "unknown command 'fly'"],
    [['consume'], "missing required argument 'queue'"],
    [['consume', 'orders', '--prefetch', '0'], 'from 1 to 65535'],
    [['consume', 'orders', '--count', 'many'], 'an integer'],
    [['dev', '--nodes', '1e1'], 'an integer'],
    [['status', '--nod', 'x'], "unknown option '--nod'"]
  ]
  for (const [parameters, sentence] of cases) {
    const surroundings = new FakeSurroundings()
    t.equal(await run(parameters, surroundings), 2, parameters.join(' '))
    t.match(surroundings.complaints.join('\n'), sentence)
  }
})

t.test('help and version go to stdout and end with 0', async (t) => {
  for (const flag of ['--help', '--version']) {
    const surroundings = new FakeSurroundings()
    t.equal(await run([flag], surroundings), 0)
    t.not(surroundings.lines.length, 0)
    t.same(surroundings.complaints, [])
  }
})

t.test('publish: a text, with headers, to the default exchange', async (t) => {
  const surroundings = new FakeSurroundings()
  const parameters = ['publish', '--declare', 'orders', 'hello', '--header', 'a=1=2']
  t.equal(await run([...parameters, '--message-id', 'm-1'], surroundings), 0)
  t.same(surroundings.declared, ['orders'])
  t.same(surroundings.published, [
    {
      exchange: '',
      routingKey: 'orders',
      body: 'hello',
      options: { mandatory: true, headers: { a: '1=2' }, messageId: 'm-1' }
    }
  ])
  t.same(surroundings.lines, ['confirmed'])
  t.ok(surroundings.isClosed)
})

t.test('publish: each line of stdin, several times', async (t) => {
  const surroundings = new FakeSurroundings()
  surroundings.input = 'one\n\ntwo\n'
  const parameters = ['publish', 'orders', '--lines', '--count', '2', '--json']
  t.equal(await run(parameters, surroundings), 0)
  const bodies = surroundings.published.map(({ body }) => body)
  t.same(bodies, ['one', '', 'two', 'one', '', 'two'])
  t.same(surroundings.lines, ['{"confirmed":6}'])
})

t.test('publish: what cannot be meant is refused', async (t) => {
  for (const parameters of [
    ['publish', 'k', 'x', '--header', 'novalue'],
    ['publish', 'k', 'x', '--declare', '--exchange', 'events']
  ]) {
    const surroundings = new FakeSurroundings()
    t.equal(await run(parameters, surroundings), 1)
    t.match(surroundings.complaints[0], '[OPTION_INVALID]')
    t.same(surroundings.published, [])
  }
})

t.test('consume: prints, acknowledges, and stops after so many', async (t) => {
  const surroundings = new FakeSurroundings()
  surroundings.messages = ['one', 'two', 'three']
  const parameters = ['consume', 'orders', '--count', '2', '--client', 'a:1', '--client', 'b:2']
  t.equal(await run(parameters, surroundings), 0)
  t.same(surroundings.lines, ['one', 'two'])
  t.same(surroundings.acked, ['one', 'two'])
  t.same(surroundings.addresses, ['a:1', 'b:2'], 'addresses given replace the default')
  const first = ['--client', '127.0.0.1:7672', '--client', 'b:2']
  t.equal(await run(['publish', 'orders', 'x', ...first], surroundings), 0)
  t.same(surroundings.addresses, ['127.0.0.1:7672', 'b:2'], 'also where one of them is the default')
})

t.test('consume: --no-ack leaves messages, --json shows bytes that are no text', async (t) => {
  const surroundings = new FakeSurroundings()
  surroundings.messages = ['one']
  t.equal(await run(['consume', 'orders', '--no-ack', '--json'], surroundings), 0)
  t.same(surroundings.acked, [])
  t.match(JSON.parse(surroundings.lines[0] ?? ''), { routingKey: 'orders', body: 'one' })
})

t.test('failures end with 1 and say what to do, faults with 70', async (t) => {
  const surroundings = new FakeSurroundings()
  surroundings.failure = new HoldfastError('UNAVAILABLE', { reason: 'there is no quorum' })
  t.equal(await run(['consume', 'orders'], surroundings), 1)
  t.match(surroundings.complaints, [/\[UNAVAILABLE\]$/, /holdfast status/])
  surroundings.failure = new TypeError('a bug')
  t.equal(await run(['consume', 'orders'], surroundings), 70)
})
