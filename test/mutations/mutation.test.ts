// Places are found and replaced letter by letter, or refused, and compile to what was built.
import t from 'tap'
import { builtFile, compile } from './mutated-modules.ts'
import { applyEdit, fingerprintOf, type Mutation } from './mutation.ts'

const edit = { file: 'a.ts', find: 'one', replace: '$& two' }

t.test('a place that is there once is replaced, letter by letter', async (t) => {
  t.equal(applyEdit('zero one', edit), 'zero $& two')
})

t.test(
  'a place that is gone, or there twice, is refused, and so is an edit of nothing',
  async (t) => {
    t.throws(() => applyEdit('zero', edit), { message: /place|stays/ })
    t.throws(() => applyEdit('one one', edit), { message: /place|stays/ })
    t.throws(() => applyEdit('one', { ...edit, replace: 'one' }), { message: /place|stays/ })
  }
)

t.test('another text is another mutation', async (t) => {
  const mutation: Mutation = { ...edit, name: 'a', failureMode: null, catches: 'simulator' }
  t.not(fingerprintOf(mutation), fingerprintOf({ ...mutation, replace: 'three' }))
  t.equal(fingerprintOf(mutation), fingerprintOf({ ...mutation, name: 'b' }))
})

t.test('a source is compiled to the module that was built from it', async (t) => {
  t.equal(builtFile('packages/raft/src/log.ts'), 'packages/raft/dist/src/log.js')
  const code = compile('a.ts', "import { b, type C } from './b.ts'\nexport const a: C = b as C\n")
  t.match(code, /import \{ b \} from ["']\.\/b\.js["']/)
  t.match(code, /const a = b;/)
  t.throws(() => compile('a.ts', 'const = 1'), { message: /Transform failed/ })
})
