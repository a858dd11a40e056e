// Decisions about rights against a model that is as plain as can be: lists that are searched, and
// patterns as the engine's own regular expressions, which see these the same way.
import type { User } from '@holdfast/broker'
import { MetadataMachine } from '@holdfast/broker'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { Authorization } from '../../src/access/authorization.ts'
import type { Need } from '../../src/access/needs.ts'
import { coreWith } from '../part-core.ts'

const users = ['ann', 'bob', 'c.d']
const vhosts = ['/', 'v', '{x}']
const names = ['', 'a', 'ab', 'orders-eu', 'amq.default', 'amq.topic', 'c.d-1', 'cxd-1', '{x}']
const patterns = [
  '',
  '.*',
  '^a',
  'b$',
  '^(?:a|orders-.*)$',
  '[a-z]+-\\d',
  '^amq\\.',
  'amq.default',
  '^$',
  '{username}-1',
  '^{vhost}$'
]

interface Row {
  readonly user: string
  readonly vhost: string
  readonly exchange: string | null
  readonly rights: Readonly<Record<string, string>>
}

/** The model. */
class Plain {
  rows: Row[] = []
  users = new Set<string>()

  put(row: Row): void {
    this.drop(row.user, row.vhost, row.exchange)
    this.rows.push(row)
  }

  drop(user: string, vhost: string | null, exchange?: string | null): void {
    this.rows = this.rows.filter(
      (row) =>
        row.user !== user ||
        (vhost !== null && row.vhost !== vhost) ||
        (exchange !== undefined && row.exchange !== exchange)
    )
  }

  find(user: string, vhost: string, exchange: string | null): Row['rights'] | null {
    const found = this.rows.find(
      (row) => row.user === user && row.vhost === vhost && row.exchange === exchange
    )
    return found?.rights ?? null
  }

  decide(user: string, vhost: string, { resource, name, right, topic }: Need): string {
    const rights = this.users.has(user) ? this.find(user, vhost, null) : null
    const known = resource === 'exchange' && name === '' ? 'amq.default' : name
    const means = (pattern = '', text = ''): boolean => {
      return new RegExp(pattern === '' ? '^$' : pattern, 'u').test(text)
    }
    const asked = right === 'any' ? ['configure', 'write', 'read'] : [right]
    const isPlain = (pattern = ''): string => pattern.replaceAll(/[{}]/g, '\\$&')
    if (rights === null || !asked.some((one) => means(isPlain(rights[one]), known))) {
      return 'ACCESS_REFUSED'
    }
    const topics = name === 'amq.topic' && topic !== undefined ? this.find(user, vhost, name) : null
    if (topics === null) return 'allowed'
    const literal = (text: string): string => text.replaceAll(/[.{}]/g, '\\$&')
    const pattern = topics[right]
      ?.replaceAll('{username}', () => literal(user))
      .replaceAll('{vhost}', () => literal(vhost))
    return means(pattern, topic) ? 'allowed' : 'TOPIC_REFUSED'
  }
}

for (const seed of [1, 2, 3]) {
  t.test(`decisions are those of the model (seed ${seed})`, async (t) => {
    const random = new Random(seed)
    const pick = <Item>(items: readonly Item[]): Item => random.pick(items)
    const machine = new MetadataMachine()
    for (const vhost of vhosts) machine.topology.addVhost(vhost)
    const authorization = new Authorization(coreWith({ metadata: { machine } }))
    const { access } = machine
    const plain = new Plain()
    const counts = { allowed: 0, ACCESS_REFUSED: 0, TOPIC_REFUSED: 0 }
    const change = (user: string, vhost: string, step: number): void => {
      const row = access.user(user)
      if (row === null || random.fraction() < 0.05) {
        access.putUser({ name: user, id: step + 1 }, null, [])
        plain.users.add(user)
      } else if (random.fraction() < 0.03) {
        access.removeUser(row)
        plain.users.delete(user)
        plain.drop(user, null)
      } else changeRights(row, vhost)
    }
    const changeRights = (row: User, vhost: string): void => {
      const [configure, write, read] = [pick(patterns), pick(patterns), pick(patterns)]
      const { name: user } = row
      if (random.fraction() < 0.2) {
        access.clearPermission(row, vhost)
        plain.drop(user, vhost, null)
      } else if (random.fraction() < 0.5) {
        access.setPermission(row, vhost, { configure, write, read })
        plain.put({ user, vhost, exchange: null, rights: { configure, write, read } })
      } else if (random.fraction() < 0.7) {
        access.setTopic(row, vhost, 'amq.topic', { write, read })
        plain.put({ user, vhost, exchange: 'amq.topic', rights: { write, read } })
      } else {
        access.clearTopics(row, vhost, null)
        plain.drop(user, vhost, 'amq.topic')
      }
    }
    for (let step = 0; step < 3000; step++) {
      const [user, vhost, name] = [pick(users), pick(vhosts), pick(names)]
      if (random.fraction() < 0.3) {
        change(user, vhost, step)
        continue
      }
      const right = pick(['configure', 'write', 'read', 'any'] as const)
      const resource = pick(['queue', 'exchange'] as const)
      const isTopic = resource === 'exchange' && (right === 'write' || right === 'read')
      const need: Need = { resource, name, right, ...(isTopic ? { topic: pick(names) } : {}) }
      const identity = access.user(user) ?? { name: user, id: 1 }
      const decision = authorization.refusalOf(identity, vhost, need)?.code ?? 'allowed'
      const expected = plain.decide(user, vhost, need)
      if (decision !== expected)
        return t.equal(decision, expected, JSON.stringify([user, vhost, need]))
      counts[expected as keyof typeof counts]++
    }
    t.ok(Math.min(...Object.values(counts)) > 3, JSON.stringify(counts))
    return undefined
  })
}
