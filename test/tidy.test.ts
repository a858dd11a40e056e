// Holds the house to its rules of structure, where neither the compiler nor the linter looks: who
// may import whom, what is pure, and whether the drawing is true. A failure names what to do.
import t from 'tap'
import { arrowsOf, rankRows } from './tidy/documents.ts'
import { matches, none } from './tidy/verdict.ts'
import { packages, read, rootDevDependencies, type Source, wholeTests } from './tidy/workspace.ts'

const scope = '@holdfast/'
const architecture = read('docs/architecture.md')
const rows = new Map(rankRows(architecture).map((row) => [row.name, row]))

interface Lockfile {
  /** By place: `node_modules/a/node_modules/b`, `packages/raft`; the root's is empty. */
  readonly packages: Readonly<Record<string, Locked>>
}

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly optional?: boolean
}

/** Whether Node would find `name` from `place`: there, or in a directory above. */
function isLocked(locked: Lockfile['packages'], place: string, name: string): boolean {
  for (let from = place; from !== ''; from = from.slice(0, Math.max(0, from.lastIndexOf('/')))) {
    if (`${from}/node_modules/${name}` in locked) return true
  }
  return `node_modules/${name}` in locked
}

/** Ports of the core: types only, and asynchronous because those who implement them are. */
const ports = new Set(['packages/cluster/src/log-store.ts', 'packages/cluster/src/status.ts'])

/**
 * Parts of packages that may be imported by themselves. A command that runs no node is not to load
 * one, and whoever only reads an address no links.
 */
const doors = new Set([`${scope}server/terminal`, `${scope}transport/address`])

/** Name of the package that a module belongs to: `@holdfast/raft`, `fastify`, `@types/x`. */
function packageOf(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/')
}

const isOutside = (module: string): boolean =>
  !module.startsWith('.') && !module.startsWith('node:')
const ours = (names: readonly string[]): readonly string[] =>
  names
    .filter((name) => name.startsWith(scope))
    .map((name) => name.slice(scope.length))
    .sort()

t.test('every package has a row in docs/architecture.md, and every row a package', async (t) => {
  const names = packages.map(({ name }) => name)
  none(
    t,
    names.filter((name) => !rows.has(name)),
    'packages without a row in the table of ranks'
  )
  const stale = [...rows.values()].filter(
    ({ name, rank }) => rank !== 'dev' && !names.includes(name)
  )
  none(
    t,
    stale.map(({ name }) => name),
    'rows without a package'
  )
})

t.test(
  'a package imports what it declares, of a lower rank, and declares what it imports',
  async (t) => {
    const offences: string[] = []
    for (const { name, manifest, sources } of packages) {
      const row = rows.get(name)
      const declared = Object.keys(manifest.dependencies)
      const used = new Set<string>()
      for (const { path, imports } of sources) {
        for (const module of imports.filter(isOutside)) {
          used.add(packageOf(module))
          if (!declared.includes(packageOf(module)))
            offences.push(
              `${path}: imports '${module}', which ${name}/package.json does not declare`
            )
          // The reference store is in the contract suites, which only tests may reach; the same
          // goes for the SDK without its sockets and clock.
          const isForTests = row?.rank === 'dev' && /\/(contract|embedded)$/.test(module)
          const isBehind = module.startsWith(scope) && module.split('/').length > 2
          if (isBehind && !isForTests && !doors.has(module))
            offences.push(`${path}: '${module}' reaches behind the index of that package`)
        }
      }
      for (const dependency of declared) {
        if (!used.has(dependency))
          offences.push(`${name}/package.json: declares '${dependency}', which no source imports`)
      }
      for (const dependency of ours(declared)) {
        const theirs = rows.get(dependency)
        // Errors are below everything; every other import goes to a lower rank.
        if (dependency === 'errors' || row?.rank === 'dev') continue
        if (
          theirs === undefined ||
          row === undefined ||
          theirs.rank === 'dev' ||
          theirs.rank >= Number(row.rank)
        ) {
          offences.push(
            `${name} (rank ${row?.rank}) may not import ${dependency} (rank ${theirs?.rank})`
          )
        }
      }
      const foreign = declared.filter((dependency) => !dependency.startsWith(scope)).sort()
      if (row !== undefined && row.rank !== 'dev' && foreign.join() !== row.thirdParty.join()) {
        offences.push(`${name}: third parties are [${foreign}], the table says [${row.thirdParty}]`)
      }
    }
    none(t, offences, 'ranks and imports')
  }
)

t.test('tests import what is declared', async (t) => {
  const offences: string[] = []
  const check = (source: Source, declared: readonly string[], where: string): void => {
    for (const module of source.imports.filter(isOutside)) {
      const isSelf = where === packageOf(module)
      if (!isSelf && !declared.includes(packageOf(module)))
        offences.push(`${source.path}: imports '${module}', which ${where} does not declare`)
    }
  }
  for (const { manifest, tests } of packages) {
    const declared = [
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.devDependencies)
    ]
    for (const source of tests) check(source, declared, manifest.name)
  }
  const whole = [
    ...Object.keys(rootDevDependencies),
    ...packages.map(({ manifest }) => manifest.name)
  ]
  for (const source of wholeTests) check(source, whole, 'the root package.json')
  none(t, offences, 'imports of tests')
})

t.test('project references are the dependencies', async (t) => {
  const offences: string[] = []
  for (const { name, manifest, references } of packages) {
    const declared = ours(Object.keys(manifest.dependencies))
    if (declared.join() !== references.join()) {
      offences.push(
        `${name}/tsconfig.json refers to [${references}], package.json depends on [${declared}]`
      )
    }
  }
  none(t, offences, 'references')
})

t.test('the drawing of the imports is the truth', async (t) => {
  const drawn = arrowsOf(architecture)
  const shown = (name: string): boolean => rows.get(name)?.rank !== 'dev'
  const real = packages
    .filter(({ name }) => shown(name))
    .flatMap(({ name, manifest }) =>
      ours(Object.keys(manifest.dependencies))
        .filter((dependency) => dependency !== 'errors')
        .map((dependency) => `${name} → ${dependency}`)
    )
    .sort()
  none(
    t,
    real.filter((arrow) => !drawn.includes(arrow)),
    'imports that docs/architecture.md does not draw'
  )
  none(
    t,
    drawn.filter((arrow) => !real.includes(arrow)),
    'arrows of docs/architecture.md that no package.json has'
  )
})

t.test('pure packages are synchronous, deterministic, and know no Node', async (t) => {
  const pure = packages.filter(({ name }) => rows.get(name)?.isPure === true)
  const sources = pure.flatMap((each) => each.sources)
  const core = sources.filter(({ path }) => !ports.has(path))
  // Timers, process, Buffer, fetch and the like are unknown to the compiler there (`types: []`).
  const inputs = [
    ...['Date', 'Promise', 'async', 'await', 'Intl', 'WeakRef', 'FinalizationRegistry'],
    ...['globalThis', 'eval', 'Atomics', 'SharedArrayBuffer']
  ]
  const time = new RegExp(`(?<![.\\w$])(?:${inputs.join('|')})\\b(?!\\s*\\??:)`)
  none(t, matches(core, time, 'time, promises and the surroundings are inputs'), 'purity')
  const locale = /\.(?:localeCompare|toLocale\w+)\s*\(/
  none(t, matches(sources, locale, 'replicas on two machines would differ'), 'determinism')
  const nodes = sources.flatMap(({ path, imports }) =>
    imports
      .filter((module) => module.startsWith('node:'))
      .map((module) => `${path}: imports ${module}`)
  )
  none(t, nodes, 'Node modules')
  const typed = pure.filter(
    ({ compilerOptions }) => 'types' in compilerOptions || 'lib' in compilerOptions
  )
  none(
    t,
    typed.map(({ name }) => `${name}/tsconfig.json must not set types or lib`),
    'compiler options'
  )
})

t.test('all packages are of one version, one license and one module system', async (t) => {
  const offences: string[] = []
  const version = packages[0]?.manifest.version
  for (const { name, manifest } of packages) {
    if (manifest.name !== `${scope}${name}`) offences.push(`${name}: is named ${manifest.name}`)
    if (manifest.version !== version)
      offences.push(`${name}: version ${manifest.version}, not ${version}`)
    if (manifest.license !== 'Apache-2.0') offences.push(`${name}: license ${manifest.license}`)
    if (manifest.type !== 'module') offences.push(`${name}: type ${manifest.type}`)
    for (const [dependency, range] of Object.entries(manifest.dependencies)) {
      if (!/^\d+\.\d+\.\d+$/.test(range))
        offences.push(`${name}: ${dependency} ${range} is not an exact version`)
    }
  }
  none(t, offences, 'manifests')
})

t.test(
  'a fresh clone can be installed: the lockfile holds what each package asks for',
  async (t) => {
    // `npm ci` refuses a lockfile that lacks the optional packages of another platform.
    const { packages: locked } = JSON.parse(read('package-lock.json')) as Lockfile
    const offences: string[] = []
    for (const [place, { dependencies, optionalDependencies, optional }] of Object.entries(
      locked
    )) {
      // npm does without what an optional package asks for.
      if (optional === true) continue
      for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
        if (!isLocked(locked, place, name)) offences.push(`${place || 'the root'} asks for ${name}`)
      }
    }
    none(t, offences, 'missing from package-lock.json')
  }
)
