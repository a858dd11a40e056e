// Patterns of permissions: what they mean, what is refused, and that none takes long.
import t from 'tap'
import { checkAccessCommand } from '../../src/access/access-check.ts'
import { checkPattern } from '../../src/access/pattern.ts'
import { compilePattern, quotePattern } from '../../src/index.ts'

const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['', [''], ['a', ' ']],
  ['.*', ['', 'a', 'a\nb'], []],
  ['^$', [''], ['a']],
  ['a', ['a', 'bab'], ['', 'b']],
  ['^orders-', ['orders-', 'orders-eu'], ['my-orders-', 'orders']],
  ['^(amq\\.gen.*|amq\\.default)$', ['amq.gen-1', 'amq.default'], ['amq.topic', 'xamq.default']],
  ['^ann-.*', ['ann-1'], ['bann-1']],
  ['ü+', ['grün'], ['u']],
  ['(', [], ['', '(']]
]

t.test('a pattern is searched for in the name', async (t) => {
  for (const [pattern, matching, others] of cases) {
    const isMatch = compilePattern(pattern)
    for (const name of matching) t.ok(isMatch(name), `'${pattern}' means '${name}'`)
    for (const name of others) t.notOk(isMatch(name), `'${pattern}' does not mean '${name}'`)
  }
})

t.test('what is quoted stands for itself', async (t) => {
  const name = 'a.b*[c](d)\\'
  t.ok(compilePattern(`^${quotePattern(name)}$`)(name))
  t.notOk(compilePattern(`^${quotePattern('a.b')}$`)('axb'))
})

t.test('what needs backtracking, or is broken or too complex, is refused', async (t) => {
  for (const pattern of ['(?!x)', '(?<=x)y', '(a)\\1', '(', '[', 'a{2000}', '(a?){500}a{500}']) {
    t.throws(() => checkPattern('read', pattern), { code: 'PATTERN_INVALID' }, pattern)
  }
  const command = { type: 'set-permission', user: 'u', vhost: '/', configure: '' } as const
  const bad = { ...command, write: '.*', read: '(' }
  t.throws(() => checkAccessCommand(bad), { code: 'PATTERN_INVALID', details: { right: 'read' } })
  const { configure: _, ...topic } = {
    ...bad,
    type: 'set-topic-permission',
    exchange: 'x'
  } as const
  t.throws(() => checkAccessCommand(topic), { code: 'PATTERN_INVALID' })
  checkAccessCommand({ ...command, write: '', read: '.*' })
})

t.test('the worst that is taken is over soon', async (t) => {
  const name = `${'a'.repeat(254)}b`
  for (const pattern of [
    '^(a+)+$',
    '(.*a){20}',
    '^(a|a)*$',
    '(a?){100}a{100}',
    '(x+x+)+y',
    '(a*)*c'
  ]) {
    checkPattern('read', pattern)
    // Of the processor, for which other tests wait as well.
    const before = process.cpuUsage()
    compilePattern(pattern)(name)
    const { user, system } = process.cpuUsage(before)
    t.ok(user + system < 1_000_000, `'${pattern}' took ${user + system} µs`)
  }
})
