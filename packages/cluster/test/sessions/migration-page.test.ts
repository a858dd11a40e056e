// docs/migrating-from-rabbitmq.md against a member that is alone: what its tables say of arguments
// is what a client is told that declares them.
import { readFileSync } from 'node:fs'
import { type MethodOf, tableOf } from '@holdfast/amqp'
import t from 'tap'
import type { LoneAmqpClient } from '../lone-amqp-client.ts'
import { LoneMember } from '../lone-member.ts'

const documents = new URL('../../docs/', import.meta.resolve('@holdfast/cluster/package.json'))
const page = readFileSync(new URL('migrating-from-rabbitmq.md', documents), 'utf8')

/** Rows of the table under a heading line, as their cells, without the quotes of code. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const [, text = ''] = page.split(`\n${heading}\n`)
  const [table = ''] = text.split('\n\n')
  return table
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('|--'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1))
}

type Arguments = Readonly<Record<string, string | number | boolean>>

const argumentsIn = (cell: string | undefined): Arguments => JSON.parse(cell ?? '{}')

/** What a client is told in the end: the name of the reply, or the code that ends its channel. */
function told(member: LoneMember, act: (client: LoneAmqpClient) => void): string {
  const client = member.connectAmqp()
  act(client)
  member.pass(300)
  const { closed } = client.wire
  if (closed !== null) return `${closed.replyCode} ${closed.replyText}`
  return (client.heard().at(-1) ?? 'nothing').replace(/^[a-z]+\./, '').replace(/ .*/, '')
}

const queueRows = rowsUnder('| argument | declared with | reply | compared | here |')

t.test('arguments of queues get the reply that the page says', async (t) => {
  t.ok(queueRows.length > 30)
  for (const [argument = '', given, reply = '', compared] of queueRows) {
    const member = new LoneMember()
    const all = argumentsIn(given)
    const declare = (given: Arguments) => (client: LoneAmqpClient) =>
      client.declare('q', { arguments: tableOf(given) })
    const first = told(member, declare(all))
    if (reply !== 'declare-ok') {
      t.match(first, new RegExp(`^${reply} .*'${argument}'`), `${argument} ${given} is refused`)
      t.equal(compared, '–', `${argument}: what is refused is not compared`)
      t.match(told(member, declare({})), 'declare-ok', 'and leaves no queue behind')
      continue
    }
    t.equal(first, 'declare-ok', `${argument} ${given} is taken`)
    t.equal(told(member, declare(all)), 'declare-ok', 'and again')
    const { [argument]: _, ...others } = all
    const without = told(member, declare(others))
    if (compared === 'yes') t.match(without, new RegExp(`^406 .*${argument}`), `${argument}: yes`)
    else t.equal(without, 'declare-ok', `${argument}: ${compared}`)
  }
})

t.test('the page has every argument of queues that the page about queues has', async (t) => {
  const queues = readFileSync(new URL('concepts/queues.md', documents), 'utf8')
  const known = new Set([...queues.matchAll(/`(x-[a-z-]+)`/g)].map(([, name]) => name))
  const rows = new Set(queueRows.map(([argument]) => argument))
  t.ok(known.size > 30)
  t.same(
    [...known].filter((name) => !rows.has(name)),
    []
  )
})

t.test('types and arguments of exchanges get the reply that the page says', async (t) => {
  const rows = rowsUnder('| type | arguments | reply | here |')
  t.ok(rows.length > 5)
  for (const [kind = '', given, reply = ''] of rows) {
    const flags = { passive: false, durable: true, autoDelete: false, internal: false }
    const declare = (client: LoneAmqpClient) =>
      client.send({
        type: 'exchange.declare',
        ...flags,
        ...{ ticket: 0, exchange: 'e', kind, nowait: false },
        arguments: tableOf(argumentsIn(given))
      })
    t.match(told(new LoneMember(), declare), new RegExp(`^${reply}\\b`), `${kind} ${given}`)
  }
})

t.test('arguments of consumers get the reply that the page says', async (t) => {
  const rows = rowsUnder('| argument of basic.consume | e.g. | reply | here |')
  t.ok(rows.length > 3)
  for (const [argument = '', given, reply = ''] of rows) {
    const member = new LoneMember()
    const options: Partial<MethodOf<'basic.consume'>> = { arguments: tableOf(argumentsIn(given)) }
    const consume = (client: LoneAmqpClient): void => {
      client.declare('q')
      client.consume('q', 1, options)
    }
    t.match(told(member, consume), new RegExp(`^${reply}\\b`), `${argument} ${given}`)
  }
})
