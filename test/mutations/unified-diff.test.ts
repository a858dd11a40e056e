// Hunks become edits at the right one of several places that look the same.
import t from 'tap'
import { applyEdit } from './mutation.ts'
import { editsOfDiff } from './unified-diff.ts'

const source = ['start', 'if (a) {', '  go()', '}', 'if (b) {', '  go()', '}', 'end', ''].join('\n')

const diff = `diff --git a/packages/x/src/a.ts b/packages/x/src/a.ts
--- a/packages/x/src/a.ts
+++ b/packages/x/src/a.ts
@@ -6,1 +6,1 @@
-  go()
+  stay()
`

t.test('a hunk becomes one edit, whose place is unique', async (t) => {
  const edits = editsOfDiff(diff, () => source)
  t.same(
    edits.map(({ file }) => file),
    ['packages/x/src/a.ts']
  )
  const changed = edits.reduce((text, edit) => applyEdit(text, edit), source)
  t.equal(changed, source.replace('if (b) {\n  go()', 'if (b) {\n  stay()'))
})

t.test('hunks of several files are told apart', async (t) => {
  const two = `${diff}${diff.replaceAll('a.ts', 'b.ts').replace('@@ -6,1', '@@ -3,1')}`
  const edits = editsOfDiff(two, () => source)
  t.same(
    edits.map(({ file }) => file),
    ['packages/x/src/a.ts', 'packages/x/src/b.ts']
  )
  const [, second] = edits
  t.equal(second && applyEdit(source, second), source.replace('  go()', '  stay()'))
})

t.test('a hunk that fits nowhere is refused', async (t) => {
  t.throws(() => editsOfDiff(diff.replace('-  go()', '-  come()'), () => source), {
    message: /place|stays/
  })
})
