// Mutations must not rot: each place is there, once, and what stands there instead is code.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/testkit'
import t from 'tap'
import { findMutation, mutations } from './catalogue.ts'
import { mutatedModules } from './mutated-modules.ts'

t.test('every mutation can be put into the product as it is', async (t) => {
  for (const mutation of mutations) {
    t.doesNotThrow(() => mutatedModules(mutation), mutation.name)
  }
})

t.test('names are unique and in kebab-case', async (t) => {
  const names = mutations.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
  t.same(
    names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name)),
    []
  )
})

t.test('the suites that have to catch a mutation exist', async (t) => {
  const suites = mutations.flatMap(({ catches }) => (catches === 'simulator' ? [] : catches))
  t.ok(suites.length > 0)
  t.same(
    suites.filter((suite) => !existsSync(join(repositoryRoot, suite))),
    []
  )
})

t.test('what nobody knows is not taken for a mutation', async (t) => {
  t.throws(() => findMutation('no-such-bug'), { message: /there is no mutation/ })
  t.equal(findMutation('vote-before-sync').failureMode, 1)
})
