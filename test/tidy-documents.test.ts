// Holds the documents to the truth: links lead somewhere, files that are named exist, the changelog
// and the decisions have their form. Pages of the reference are compared by the tests of their
// packages.
import { dirname, posix } from 'node:path'
import t from 'tap'
import { anchorsOf, arrowsOf, linksOf, namedFiles, rankRows } from './tidy/documents.ts'
import { none } from './tidy/verdict.ts'
import { documents, filesBelow, isThere, packages, read } from './tidy/workspace.ts'

t.test('links in documents lead somewhere', async (t) => {
  const offences: string[] = []
  for (const document of documents) {
    for (const { line, target } of linksOf(read(document))) {
      const [file = '', anchor] = target.split('#')
      const path = file === '' ? document : posix.join(dirname(document), file)
      if (!isThere(path)) offences.push(`${document}:${line}: ${target}: no such file`)
      else if (anchor !== undefined && path.endsWith('.md') && !anchorsOf(read(path)).has(anchor)) {
        offences.push(`${document}:${line}: ${target}: no such heading`)
      }
    }
  }
  none(t, offences, 'links')
})

t.test('every document is reached from docs/README.md', async (t) => {
  const signpost = linksOf(read('docs/README.md')).map(({ target }) =>
    posix.join('docs', target.split('#')[0] ?? '')
  )
  const lost = filesBelow('docs', '.md').filter(
    (path) => path !== 'docs/README.md' && !signpost.includes(path)
  )
  none(t, lost, 'documents without a line in docs/README.md')
})

t.test('files that documents name exist', async (t) => {
  const offences: string[] = []
  for (const document of documents) {
    for (const path of namedFiles(read(document))) {
      if (!isThere(path)) offences.push(`${document}: names ${path}, which does not exist`)
    }
  }
  none(t, offences, 'named files')
  for (const subject of ['publish', 'delivery', 'failover']) {
    const named = namedFiles(read(`docs/life-of-a-${subject}.md`))
    t.ok(named.length >= 8, `docs/life-of-a-${subject}.md names the files it passes, in backticks`)
  }
})

t.test('the changelog has its form', async (t) => {
  const text = read('CHANGELOG.md')
  const versions = [...text.matchAll(/^## (.*)$/gm)].map((match) => match[1] ?? '')
  const wrong = versions.filter(
    (line) => !/^\d+\.\d+\.\d+ – (?:unreleased|\d{4}-\d\d-\d\d)$/.test(line)
  )
  none(t, wrong, "headings of versions read '## 1.2.3 – 2026-01-31' or '… – unreleased'")
  t.ok(
    versions[0]?.startsWith(`${packages[0]?.manifest.version} – `),
    'the first version is that of the packages'
  )
  const parts = [...text.matchAll(/^### (.*)$/gm)].map((match) => match[1] ?? '')
  none(
    t,
    parts.filter((part) => !['Safety', 'Features', 'Internals'].includes(part)),
    'parts are Safety, Features, Internals'
  )
})

t.test('decisions are numbered without gaps and have their three parts', async (t) => {
  const offences: string[] = []
  for (const [place, path] of filesBelow('docs/adr', '.md').entries()) {
    const text = read(path)
    const number = String(place + 1).padStart(4, '0')
    if (!new RegExp(`^docs/adr/${number}-[a-z0-9-]+\\.md$`).test(path))
      offences.push(`${path}: expected number ${number}`)
    if (!text.startsWith(`# ${number} `))
      offences.push(`${path}: the title begins with '# ${number} '`)
    for (const part of ['Context', 'Decision', 'Consequences']) {
      if (!text.includes(`\n## ${part}\n`)) offences.push(`${path}: has no part '${part}'`)
    }
    if (text.split('\n').length > 80) offences.push(`${path}: is longer than a page (80 lines)`)
  }
  none(t, offences, 'decisions')
})

t.test('the reader of documents finds links, anchors, rows and arrows', async (t) => {
  t.same(linksOf('[a](b.md#c) ' + '`[x](y)`' + ' [w](https://w)\n```\n[f](g)\n```'), [
    { line: 1, target: 'b.md#c' }
  ])
  t.same([...anchorsOf('# A `b`: c\n## Ü')], ['a-b-c', 'ü'])
  t.same(arrowsOf('  a --> b & c\nd --> e'), ['a → b', 'a → c', 'd → e'])
  t.match(rankRows('| 1 | `raft` | x | `a`, `b` | yes |'), [
    { rank: 1, name: 'raft', thirdParty: ['a', 'b'], isPure: true }
  ])
})
