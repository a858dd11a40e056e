// The workspace as the tidy test sees it: packages with their manifests and sources, and documents.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf, importsOf } from './source-text.ts'

export interface Source {
  /** From the root, with `/`. */
  readonly path: string
  readonly text: string
  /** Without comments and literals. */
  readonly code: string
  readonly imports: readonly string[]
}

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly type: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

export interface Package {
  readonly name: string
  readonly manifest: Manifest
  readonly sources: readonly Source[]
  readonly tests: readonly Source[]
  /** Packages that `tsconfig.json` of the sources refers to. */
  readonly references: readonly string[]
  readonly compilerOptions: Readonly<Record<string, unknown>>
}

const ignored = new Set([
  'node_modules',
  'dist',
  '.tap',
  '.git',
  '.holdfast',
  'testdata',
  'fixtures'
])

function findRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, 'tsconfig.base.json'))) directory = dirname(directory)
  return directory
}

/** The directory that holds the workspace. */
export const root: string = findRoot()

/** Paths of files below `directory` (from the root), sorted. */
export function filesBelow(directory: string, extension: string): readonly string[] {
  const found: string[] = []
  const walk = (absolute: string): void => {
    if (!existsSync(absolute)) return
    for (const entry of readdirSync(absolute, { withFileTypes: true })) {
      const path = join(absolute, entry.name)
      if (entry.isDirectory() && !ignored.has(entry.name)) walk(path)
      else if (entry.isFile() && entry.name.endsWith(extension)) found.push(path)
    }
  }
  walk(join(root, directory))
  return found.map((path) => relative(root, path).replaceAll('\\', '/')).sort()
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function isThere(path: string): boolean {
  return existsSync(join(root, path))
}

function readJson(path: string): Readonly<Record<string, unknown>> {
  return JSON.parse(read(path)) as Readonly<Record<string, unknown>>
}

function source(path: string): Source {
  const text = read(path)
  return { path, text, code: codeOf(text), imports: importsOf(text) }
}

function readPackage(name: string): Package {
  const directory = `packages/${name}`
  const manifest = readJson(`${directory}/package.json`)
  const project = readJson(`${directory}/tsconfig.json`)
  const references = (project['references'] ?? []) as readonly { readonly path: string }[]
  const tests = [`${directory}/test`, `${directory}/contract`].flatMap((path) =>
    filesBelow(path, '.ts').map(source)
  )
  return {
    name,
    manifest: { dependencies: {}, devDependencies: {}, ...manifest } as unknown as Manifest,
    sources: filesBelow(`${directory}/src`, '.ts').map(source),
    tests,
    references: [...new Set(references.map(({ path }) => path.split('/')[1] ?? path))].sort(),
    compilerOptions: project['compilerOptions'] as Readonly<Record<string, unknown>>
  }
}

/** All packages, by name. */
export const packages: readonly Package[] = readdirSync(join(root, 'packages'))
  .filter((name) => isThere(`packages/${name}/package.json`))
  .sort()
  .map(readPackage)

/** Tests of the whole. */
export const wholeTests: readonly Source[] = filesBelow('test', '.ts').map(source)

/** Markdown of the project, from the root. */
export const documents: readonly string[] = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...filesBelow('docs', '.md'),
  ...filesBelow('test', '.md'),
  ...filesBelow('packages', '.md')
].sort()

const workspace = readJson('package.json')

/** Names and versions that tests of the whole may import. */
export const rootDevDependencies: Readonly<Record<string, string>> = workspace[
  'devDependencies'
] as Readonly<Record<string, string>>
