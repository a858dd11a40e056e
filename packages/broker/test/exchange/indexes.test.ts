// Direct, fanout and topic indexes alike: what they take, the order of ids whatever the order of
// adding, and that nothing is left behind. The trie and headers have files of their own.
import t from 'tap'
import { noArguments } from '../../src/binding.ts'
import { DirectIndex } from '../../src/exchange/direct.ts'
import { createExchange } from '../../src/exchange/exchange.ts'
import { FanoutIndex } from '../../src/exchange/fanout.ts'
import { headerMatchFault, parseHeaderMatch } from '../../src/exchange/header-match.ts'
import { TopicIndex } from '../../src/exchange/topic.ts'
import type { Binding, BindingIndex } from '../../src/topology-row.ts'

const exchange = createExchange('/', 'x', 'direct')

function createBinding(id: number, bindingKey: string): Binding {
  const place = { source: exchange, destination: exchange, page: null, bytes: 0 }
  return { type: 'binding', id, bindingKey, arguments: noArguments, identity: `${id}`, ...place }
}

function matching(index: BindingIndex, routingKey: string): readonly number[] {
  const ids: number[] = []
  index.match(routingKey, { headers: () => null, take: (binding) => ids.push(binding.id) })
  return ids
}

const cases: readonly (readonly [string, BindingIndex, readonly number[]])[] = [
  ['direct', new DirectIndex(), [1, 3, 5]],
  ['topic', new TopicIndex(), [1, 3, 5, 4]],
  ['fanout', new FanoutIndex(), [1, 2, 3, 4, 5]]
]

for (const [kind, index, wanted] of cases) {
  t.test(
    `${kind} takes what it should, in order of ids, and forgets what is removed`,
    async (t) => {
      const keys = ['a', 'b', 'a', '*', 'a']
      const bindings = keys.map((key, position) => createBinding(position + 1, key))
      for (const position of [4, 0, 2, 1, 3]) {
        const binding = bindings[position]
        if (binding !== undefined) index.add(binding)
      }
      t.same(matching(index, 'a'), wanted)
      for (const binding of bindings) {
        index.remove(binding)
        t.notOk(matching(index, 'a').includes(binding.id))
      }
      t.same(matching(index, 'a'), [])
      t.throws(() => index.remove(createBinding(1, 'a')), { name: 'AssertionError' })
    }
  )
}

t.test('terms are sorted, and leave x-match out', async (t) => {
  t.same(parseHeaderMatch({ b: null, 'x-match': 'all', a: 1, 'x-c': 2 }), {
    isAll: true,
    terms: [
      { name: 'a', value: 'n1;' },
      { name: 'b', value: null }
    ]
  })
  t.equal(parseHeaderMatch({ 'x-match': 'any-with-x', 'x-c': 2 }).terms.length, 1)
})

t.test('x-match is one of four', async (t) => {
  for (const mode of ['all', 'any', 'all-with-x', 'any-with-x']) {
    t.equal(headerMatchFault({ 'x-match': mode }), null)
  }
  t.equal(headerMatchFault({}), null)
  for (const mode of ['ALL', '', 1, null, true, ['all']]) {
    t.type(headerMatchFault({ 'x-match': mode }), 'string')
  }
})
