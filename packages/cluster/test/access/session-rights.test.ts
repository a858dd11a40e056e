// What a connected client may do: every request with and without the rights that it needs,
// publishes and consumers, and that a right is gone once its end is answered.
import type { ClientRequest, ExchangeKind } from '@holdfast/protocol'
import t from 'tap'
import { type Need, needsOf } from '../../src/access/needs.ts'
import { SessionRights } from '../../src/access/session-rights.ts'
import { times } from '../../src/limits.ts'
import { type LoneClient, LoneMember } from '../lone-member.ts'
import { coreWith, pass } from '../part-core.ts'
import { change, permit } from './access-fixture.ts'

const binding = { bindingKey: 'k', arguments: {} }
const consume = { prefetch: 10, autoAck: false, exclusive: false, priority: 0, resume: null }

/** Each request, and what it needs as RabbitMQ has it: right, resource, name. */
const table: readonly (readonly [ClientRequest, readonly string[]])[] = [
  [{ type: 'declare-queue', name: 'q', options: {} }, ['configure queue q']],
  [
    { type: 'declare-queue', name: 'q', options: { deadLetterExchange: 'x' } },
    ['configure queue q', 'read queue q', 'write exchange x']
  ],
  [{ type: 'delete-queue', name: 'q', ifUnused: false, ifEmpty: false }, ['configure queue q']],
  [{ type: 'purge-queue', name: 'q' }, ['read queue q']],
  [{ type: 'inspect-queue', name: 'q' }, ['any queue q']],
  [{ type: 'locate-queue', name: 'q' }, ['any queue q']],
  [{ type: 'declare-exchange', name: 'x', kind: 'direct', options: {} }, ['configure exchange x']],
  [
    {
      type: 'declare-exchange',
      name: 'y',
      kind: 'direct',
      options: { alternateExchange: 'x' }
    },
    ['configure exchange y', 'read exchange y', 'write exchange x']
  ],
  [{ type: 'inspect-exchange', name: 'x' }, ['any exchange x']],
  [{ type: 'delete-exchange', name: 'x', ifUnused: false }, ['configure exchange x']],
  [
    { type: 'bind-queue', queue: 'q', exchange: 'x', ...binding },
    ['write queue q', 'read exchange x']
  ],
  [
    { type: 'unbind-queue', queue: 'q', exchange: 'x', ...binding },
    ['write queue q', 'read exchange x']
  ],
  [
    { type: 'bind-exchange', destination: 'y', source: 'x', ...binding },
    ['write exchange y', 'read exchange x']
  ],
  [
    { type: 'unbind-exchange', destination: 'y', source: 'x', ...binding },
    ['write exchange y', 'read exchange x']
  ],
  [{ type: 'consume', queue: 'q', tag: 't', ...consume }, ['read queue q']],
  [{ type: 'cancel', consumer: 1 }, []],
  [{ type: 'nodes' }, []]
]

const inWords = ({ right, resource, name }: Need): string => `${right} ${resource} ${name}`

/** A member with a queue and two exchanges. */
function furnished(): { member: LoneMember; client: LoneClient } {
  const member = new LoneMember()
  const client = member.connect(1)
  client.ask({ type: 'declare-queue', name: 'q', options: {} })
  for (const name of ['x', 'y']) {
    client.ask({ type: 'declare-exchange', name, kind: 'topic', options: {} })
  }
  member.pass(500)
  return { member, client }
}

/** Rights to exactly one name each. */
function patterns(needs: readonly string[]): [string, string, string] {
  const names = (right: string): string => {
    const of = needs.filter((need) => need.startsWith(right)).map((need) => need.split(' ')[2])
    return of.length === 0 ? '' : `^(?:${of.join('|')})$`
  }
  return [names('configure'), names('write'), names('read')]
}

for (const [request, expected] of table) {
  t.test(`${request.type} needs ${expected.join(', ') || 'nothing'}`, async (t) => {
    t.same(needsOf(request).map(inWords), expected)
    const { member, client } = furnished()
    const concrete = expected.map((need) => need.replace('any', 'write'))
    permit(member, 'guest', patterns(concrete))
    const allowed = client.ask(request)
    member.pass(500)
    t.not(client.answerTo(allowed), 'ACCESS_REFUSED', 'with these rights it may')
    t.not(client.answerTo(allowed), null)
    for (const lacking of concrete) {
      permit(member, 'guest', patterns(concrete.filter((need) => need !== lacking)))
      t.equal(client.answerTo(client.ask(request)), 'ACCESS_REFUSED', `not without ${lacking}`)
    }
    if (expected.length === 0) return
    permit(member, 'guest', ['', '', ''])
    const id = client.ask(request)
    const event = client.events.find((one) => one.type === 'response' && one.requestId === id)
    const [right = '', resource, name] = (expected[0] ?? '').split(' ')
    const verb = right === 'any' ? 'see' : right
    const details = { user: 'guest', vhost: '/', right: verb, resource, name }
    t.match(event, { error: { code: 'ACCESS_REFUSED', details } })
  })
}

/** Codes of publishes that failed, and how many were confirmed. */
function outcomes(client: LoneClient): (string | number)[] {
  return client.events.flatMap((event): (string | number)[] => {
    if (event.type === 'publish-failed') return [event.error.code]
    if (event.type !== 'confirm' || event.ranges.length === 0) return []
    return [(event.ranges[1] ?? 0) - (event.ranges[0] ?? 0) + 1]
  })
}

t.test('a publish needs write on its exchange, at once when that is taken or given', async (t) => {
  const { member, client } = furnished()
  client.publish('q', 1, 2)
  permit(member, 'guest', ['', '^x$', ''])
  client.publish('q', 3, 2)
  permit(member, 'guest', ['', '^amq\\.default$', ''])
  client.publish('q', 5, 3)
  t.same(outcomes(client), [2, 'ACCESS_REFUSED', 3])
  t.equal(client.state, 'open')
})

t.test(
  'topics are checked for topic exchanges with patterns, users standing for themselves',
  async (t) => {
    const { member, client } = furnished()
    const topic = { type: 'set-topic-permission', user: 'guest', vhost: '/' } as const
    const write = '^{username}\\.|^{vhost}-'
    change(member, { ...topic, exchange: 'x', write, read: '^free\\.' })
    const publish = (exchange: string, routingKey: string, firstSequence: number): void => {
      client.publishTo(exchange, routingKey, firstSequence)
    }
    publish('x', 'guest.a', 1)
    publish('x', 'guestxa', 2)
    publish('x', '/-a', 3)
    publish('y', 'anything', 4)
    t.same(outcomes(client), [1, 'TOPIC_REFUSED', 1, 1])
    const bind = { type: 'bind-queue', queue: 'q', exchange: 'x', arguments: {} } as const
    const bound = client.ask({ ...bind, bindingKey: 'free.#' })
    member.pass(500)
    t.equal(client.answerTo(bound), 'done')
    t.equal(client.answerTo(client.ask({ ...bind, bindingKey: '#' })), 'TOPIC_REFUSED')
    change(member, { ...topic, type: 'clear-topic-permission', exchange: null })
    publish('x', 'guestxa', 5)
    t.equal(outcomes(client).at(-1), 1)
  }
)

t.test('topics count as soon as an exchange is one of topics, and no longer', async (t) => {
  const { member, client } = furnished()
  const topic = { type: 'set-topic-permission', user: 'guest', vhost: '/' } as const
  change(member, { ...topic, exchange: 'z', write: '^free', read: '' })
  const outcome = (kind: ExchangeKind, firstSequence: number): string | number | undefined => {
    client.ask({ type: 'delete-exchange', name: 'z', ifUnused: false })
    member.pass(500)
    const declared = client.ask({ type: 'declare-exchange', name: 'z', kind, options: {} })
    member.pass(500)
    t.equal(client.answerTo(declared), 'done')
    client.publishTo('z', 'other', firstSequence)
    return outcomes(client).at(-1)
  }
  t.equal(outcome('direct', 1), 1)
  t.equal(outcome('topic', 2), 'TOPIC_REFUSED')
  t.equal(outcome('direct', 3), 1)
  t.equal(outcome('topic', 4), 'TOPIC_REFUSED')
})

t.test('a consumer ends when it may read no more, and what it held goes back', async (t) => {
  const { member, client } = furnished()
  client.publish('q', 1, 3)
  const consumed = client.ask({ type: 'consume', queue: 'q', tag: 't', ...consume })
  member.pass(500)
  t.equal(client.answerTo(consumed), 'done')
  t.equal(client.delivered.length, 3)
  permit(member, 'guest', ['.*', '.*', '^other$'])
  const cancelled = client.events.filter(({ type }) => type === 'consumer-cancelled')
  t.match(cancelled, [{ error: { code: 'ACCESS_REFUSED', details: { right: 'read', name: 'q' } } }])
  permit(member, 'guest', ['.*', '.*', '.*'])
  client.ask({ type: 'consume', queue: 'q', tag: 't', ...consume })
  member.pass(500)
  t.same(
    client.delivered.slice(3).map(({ attempt }) => attempt),
    [1, 1, 1]
  )
})

t.test('a consumer whose right goes while it attaches is refused', async (t) => {
  const { member, client } = furnished()
  member.hold()
  const operator = member.connect(2)
  const command = { type: 'clear-permission', user: 'guest', vhost: '/' } as const
  member.admin({ type: 'change-access', command })
  const consumed = client.ask({ type: 'consume', queue: 'q', tag: 't', ...consume })
  t.equal(client.answerTo(consumed), null)
  member.release()
  member.pass(500)
  t.equal(client.answerTo(consumed), 'ACCESS_REFUSED')
  t.equal(operator.state, 'open')
})

/** Rights on a node without a lease, whose fences a test answers; and what became of requests. */
function withoutLease() {
  const fences: ((isCurrent: boolean) => void)[] = []
  const core = coreWith({
    lease: { isValid: false },
    fence: { wait: (done: (isCurrent: boolean) => void) => fences.push(done) },
    authorization: { refusalOfAll: () => null }
  })
  const rights = new SessionRights(core, { name: 'ann', id: 1 }, '/')
  const told: string[] = []
  const ask = (name: string): void => {
    const refuse = ({ code }: { readonly code: string }): void => void told.push(`${name} ${code}`)
    const to = { done: () => {}, refuse, isGone: () => name === 'gone' }
    rights.require([{ resource: 'queue', name: 'q', right: 'read' }], to, () => told.push(name))
  }
  return { core, fences, ask, told }
}

t.test('nothing is done for whom is gone by the time that it is known to be allowed', async (t) => {
  const { fences, ask, told } = withoutLease()
  for (const name of ['gone', 'there']) ask(name)
  while (fences.length > 0) fences.shift()?.(true)
  t.same(told, ['there'])
})

t.test('without a metadata leader requests wait in their order, each for its time', async (t) => {
  const { core, fences, ask, told } = withoutLease()
  ask('first')
  pass(core, times.callTimeoutMs)
  ask('second')
  fences.shift()?.(false)
  t.same(told, [], 'the next leader may answer')
  pass(core, times.requestTimeoutMs - times.callTimeoutMs)
  ask('third')
  fences.shift()?.(false)
  t.same(told, ['first UNAVAILABLE'])
  fences.shift()?.(true)
  t.same(told, ['first UNAVAILABLE', 'second', 'third'])
})
