// The trie against the definition of a topic match, with bindings that come and go; and the
// patterns that bring backtracking matchers to a halt.
import t from 'tap'
import { noArguments } from '../../src/binding.ts'
import { createExchange } from '../../src/exchange/exchange.ts'
import { TopicTrie } from '../../src/exchange/topic-trie.ts'
import type { Binding } from '../../src/topology-row.ts'
import { createRandom, pick } from '../metadata-fixture.ts'
import { matchesTopic } from '../naive-routing.ts'

const exchange = createExchange('/', 'x', 'topic')

function createBinding(id: number, bindingKey: string): Binding {
  return {
    type: 'binding',
    id,
    source: exchange,
    destination: exchange,
    bindingKey,
    arguments: noArguments,
    identity: String(id),
    page: null,
    bytes: 0
  }
}

/** Ids of the bindings that match, in the order in which they come. */
function matching(trie: TopicTrie, routingKey: string): readonly number[] {
  const ids: number[] = []
  trie.match(routingKey, { headers: () => null, take: (binding) => ids.push(binding.id) })
  return ids
}

t.test('40,000 random keys match as defined, while bindings come and go', async (t) => {
  const seed = 7
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const trie = new TopicTrie()
  const bindings: Binding[] = []
  const join = (words: readonly string[]): string =>
    Array.from({ length: Math.floor(random() * 6) }, () => pick(random, words)).join('.')
  for (let id = 1; id <= 5000; id++) {
    if (bindings.length > 60 || (bindings.length > 0 && random() < 0.3)) {
      const [removed] = bindings.splice(Math.floor(random() * bindings.length), 1)
      if (removed !== undefined) trie.remove(removed)
    } else {
      const binding = createBinding(id, join(['a', 'b', '', '*', '#', '#', 'Ω']))
      bindings.push(binding)
      trie.add(binding)
    }
    for (let turn = 0; turn < 8; turn++) {
      const key = join(['a', 'b', 'c', '', 'Ω', '*', '#'])
      const wanted = bindings.filter(({ bindingKey }) => matchesTopic(bindingKey, key))
      const got = matching(trie, key).toSorted((a, b) => a - b)
      if (got.join() === wanted.map((binding) => binding.id).join()) continue
      t.fail(`'${key}' matched ${got}, not ${wanted.map((binding) => binding.bindingKey)}`)
      return
    }
  }
  for (const binding of bindings) trie.remove(binding)
  t.same(matching(trie, 'a.b'), [])
})

const table: readonly (readonly [string, string, boolean])[] = [
  ['', '', true],
  ['#', '', true],
  ['*', '', false],
  ['', 'a', false],
  ['a', 'a', true],
  ['a', 'A', false],
  ['*', 'a', true],
  ['*', 'a.b', false],
  ['a.*', 'a.', true],
  ['a.*', 'a', false],
  ['a.#', 'a', true],
  ['a.#', 'a.b.c', true],
  ['#.a', 'a', true],
  ['#.a', 'b.a.a', true],
  ['#.a.#', 'b.a.c', true],
  ['*.#', '', false],
  ['#.*', 'x', true],
  ['#.#', '', true],
  ['*.*', '.', true],
  ['a..b', 'a..b', true],
  ['a.*.b', 'a..b', true],
  ['a.b', 'a.b.', false],
  ['stock.*.nyse', 'stock.usd.nyse', true],
  ['*.stock.#', 'usd.stock.db', true],
  ['*.stock.#', 'stock.nasdaq', false],
  ['a*', 'ab', false],
  ['#a', 'a', false]
]

for (const [pattern, key, isMatch] of table) {
  t.test(`'${pattern}' ${isMatch ? 'matches' : 'does not match'} '${key}'`, async (t) => {
    const trie = new TopicTrie()
    trie.add(createBinding(1, pattern))
    t.same(matching(trie, key), isMatch ? [1] : [])
    t.equal(matchesTopic(pattern, key), isMatch, 'and the model agrees')
  })
}

t.test('wildcards in a routing key are words like others', async (t) => {
  const trie = new TopicTrie()
  trie.add(createBinding(1, 'a.b'))
  trie.add(createBinding(2, '*.b'))
  t.same(matching(trie, 'a.#'), [])
  t.same(matching(trie, '#.b'), [2])
})

t.test('a binding matches once, however many ways its key fits', async (t) => {
  const trie = new TopicTrie()
  trie.add(createBinding(1, '#.a.#.a.#'))
  t.same(matching(trie, 'a.a.a.a.a.a'), [1])
})

t.test('many hashes cost words times nodes, not a power of them', async (t) => {
  const trie = new TopicTrie()
  const bindingKey = Array.from({ length: 60 }, () => '#.a').join('.')
  trie.add(createBinding(1, bindingKey))
  trie.add(createBinding(2, Array.from({ length: 127 }, () => '#').join('.')))
  trie.add(createBinding(3, `${Array.from({ length: 60 }, () => '#.*').join('.')}.end`))
  const key = `${Array.from({ length: 120 }, () => 'a').join('.')}.b`
  t.same(matching(trie, key), [2])
  const started = performance.now()
  for (let turn = 0; turn < 100; turn++) matching(trie, key)
  t.comment(`${((performance.now() - started) / 100).toFixed(3)} ms a route`)
})

t.test('bindings of one key come in the order in which they were made', async (t) => {
  const trie = new TopicTrie()
  for (const id of [5, 1, 9, 3]) trie.add(createBinding(id, 'a'))
  t.same(matching(trie, 'a'), [1, 3, 5, 9])
})

t.test('what is not in the trie cannot be removed', async (t) => {
  const trie = new TopicTrie()
  trie.add(createBinding(1, 'a.b'))
  t.throws(() => trie.remove(createBinding(1, 'a.b')), { name: 'AssertionError' })
  t.throws(() => trie.remove(createBinding(1, 'a')), { name: 'AssertionError' })
  t.throws(() => trie.remove(createBinding(1, 'x')), { name: 'AssertionError' })
})
