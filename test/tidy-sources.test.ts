// Holds sources to the rules of the house that a linter does not know: chance and clocks are
// injected, lines are readable, files say what they are, and everything that runs is tested.
import { dirname, posix } from 'node:path'
import t from 'tap'
import {
  codeOf,
  importsOf,
  namesImported,
  publishedFrom,
  unformattedLines
} from './tidy/source-text.ts'
import { matches, none } from './tidy/verdict.ts'
import { isThere, type Package, packages, type Source, wholeTests } from './tidy/workspace.ts'

const columnsMax = 100

/** An index names what is public; a program is run as a process, by tests of the whole. */
const unreached = /[/-](?:index|main)\.ts$/

/** Sources, or directories (ending in `/`), that no test of their package reaches, and why not. */
const testedElsewhere: Readonly<Record<string, string>> = {
  'packages/server/src/development/': 'as processes: test/cluster starts, kills and restarts them',
  'packages/server/src/compose.ts': 'as a process: test/cluster',
  'packages/server/src/admin-client.ts': 'as a process: test/cluster',
  'packages/server/src/version.ts': 'reads one field of package.json',
  'packages/client/src/tcp-wire.ts': 'by every test of the SDK over TCP',
  'packages/simulator/src/campaign/seed-worker.ts': 'as a thread: campaign.test.ts',
  'packages/protocol/src/client-connection.ts': 'against the server end, both of them whole',
  'packages/protocol/src/decode-server-frame.ts': 'by the client end against the server end'
}

const everything: readonly Source[] = [
  ...packages.flatMap(({ sources, tests }) => [...sources, ...tests]),
  ...wholeTests
]

t.test('chance and wall clocks are injected, and exports are named one by one', async (t) => {
  const sources = packages.flatMap((each) => each.sources)
  none(
    t,
    matches(everything, /\bMath\.random\b/, 'take a seeded or a cryptographic source'),
    'chance'
  )
  none(t, matches(sources, /\bnew Date\b/, 'take a clock, or Date.now() in the shell'), 'clocks')
  none(t, matches(everything, /\bexport \*/, 'name what is public'), 'exports')
  none(
    t,
    matches(sources, /\.slice\(\)/, 'copy by new Uint8Array(bytes): the slice of a Buffer shares'),
    'copies that may be none'
  )
  none(
    t,
    matches(sources, /\bconsole\./, 'log through the logger, print through process.stdout'),
    'console'
  )
})

t.test('unfinished work names its issue', async (t) => {
  const unfinished = new RegExp(
    `\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b(?!\\(#\\d+\\))`
  )
  const offences: string[] = []
  for (const { path, text } of everything) {
    for (const [place, line] of text.split('\n').entries()) {
      if (unfinished.test(line)) offences.push(`${path}:${place + 1}: ${line.trim()}`)
    }
  }
  none(t, offences, 'unfinished work without an issue')
})

t.test(`lines have at most ${columnsMax} columns`, async (t) => {
  const offences: string[] = []
  for (const { path, text } of everything) {
    const lines = text.split('\n')
    const exempt = unformattedLines(lines)
    for (const [place, line] of lines.entries()) {
      const columns = [...line].length
      if (columns > columnsMax && !exempt.has(place + 1))
        offences.push(`${path}:${place + 1}: ${columns} columns`)
    }
  }
  none(t, offences, 'long lines')
})

t.test('every source begins by saying what it is', async (t) => {
  const offences: string[] = []
  for (const { path, text } of everything) {
    const [first = '', second = ''] = text.split('\n').filter((line) => !line.startsWith('#!'))
    const head = first === '/**' || first === '/*' ? second : first
    if (!/^(?:\/\/|\/\*| \*)/.test(head) || head.includes('biome-ignore') || head.length < 20) {
      offences.push(`${path}: begin with a comment: what it is, its place, its source`)
    }
  }
  none(t, offences, 'head comments')
})

/** Whether a source has code that runs: types alone need no test. */
function hasCode({ code }: Source): boolean {
  return /^(?:export )?(?:abstract )?(?:async )?(?:const|let|function|class)\b/m.test(code)
}

/**
 * Sources that have a test of their own, that a test imports (by path, or by a name that the index
 * makes public), or that such sources are made of.
 */
function testedSources({ name, sources, tests }: Package): ReadonlySet<string> {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const tested = new Set<string>()
  // An index only names what is public: to import it is not to test all of it.
  const visit = (path: string): void => {
    const source = byPath.get(path)
    if (source === undefined || tested.has(path) || path.endsWith('/index.ts')) return
    tested.add(path)
    for (const module of source.imports) visit(posix.join(dirname(path), module))
  }
  const published = publishedFrom(byPath.get(`packages/${name}/src/index.ts`)?.text ?? '')
  for (const { path, imports, text } of tests) {
    const inside = path.slice(`packages/${name}/test/`.length)
    visit(`packages/${name}/src/${inside.replace(/(?:\.property)?\.test\.ts$/, '.ts')}`)
    for (const module of imports) visit(posix.join(dirname(path), module))
    for (const imported of namesImported(text, `@holdfast/${name}`)) {
      visit(posix.join(`packages/${name}/src`, published.get(imported) ?? ''))
    }
  }
  return tested
}

t.test('every source has a test of its own, or of what uses it', async (t) => {
  const offences: string[] = []
  for (const each of packages) {
    const tested = testedSources(each)
    for (const source of each.sources) {
      const { path } = source
      const isExempt = Object.keys(testedElsewhere).some((place) =>
        place.endsWith('/') ? path.startsWith(place) : path === place
      )
      if (!isExempt && !unreached.test(path) && hasCode(source) && !tested.has(path))
        offences.push(path)
    }
  }
  none(t, offences, 'sources without a test (or a line in testedElsewhere that says why)')
  const stale = Object.keys(testedElsewhere).filter((path) => !isThere(path))
  none(t, stale, 'lines of testedElsewhere without a file')
})

t.test('the reader of sources tells code from comments and literals', async (t) => {
  const tick = '`'
  t.equal(codeOf('a // Date\nb').trimEnd(), 'a        \nb')
  t.notMatch(codeOf(`x = 'Date' + "Date" + /Date\\/'/ /* Date */`), /Date/)
  t.match(
    codeOf(`${tick}Date \${Date + ${tick}Date${tick}} Date${tick} + 1 / Date`),
    /^[^D]*Date[^D]*Date$/
  )
  t.match(codeOf("a = b / c; d = 'Date'; e = f / Date"), /Date$/)
  t.same(
    importsOf(
      "import { a } from 'b'\n// from 'c'\nexport { d } from 'e'\nawait import('f')\nimport 'g'"
    ),
    ['b', 'e', 'f', 'g']
  )
  t.same(
    [...publishedFrom("export {\n  type A,\n  b as c\n} from './d.ts'")],
    [
      ['A', './d.ts'],
      ['b', './d.ts']
    ]
  )
  t.same(namesImported("import { type A, b } from '@x/y'\nimport { c } from 'z'", '@x/y'), [
    'A',
    'b'
  ])
  t.same(
    [...unformattedLines(['// biome-ignore format: table', 'const a = {', '  b', '}', 'c'])],
    [2, 3, 4]
  )
})
