// From a mutation to the modules that replace the built ones: the changed source without its types,
// under the address of the module that was built from it.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { repositoryRoot } from '@holdfast/testkit'
import { transformSync } from 'esbuild'
import { type Mutation, mutatedSources } from './mutation.ts'

/** `packages/raft/src/log.ts` is built as `packages/raft/dist/src/log.js`. */
export function builtFile(file: string): string {
  return file.replace(/^(packages\/[^/]+)\/(.*)\.ts$/, '$1/dist/$2.js')
}

function withBuiltImports(code: string): string {
  return code.replace(/((?:from|import)\s*\(?\s*['"]\.{1,2}\/[^'"]*)\.ts(['"])/g, '$1.js$2')
}

/** @throws Error if it does not parse */
export function compile(file: string, source: string): string {
  const { code } = transformSync(source, {
    loader: 'ts',
    target: 'es2023',
    sourcefile: file,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } }
  })
  return withBuiltImports(code)
}

/** By the address at which the module is loaded. @throws Error if a place is gone, or is no code */
export function mutatedModules(mutation: Mutation): ReadonlyMap<string, string> {
  const modules = new Map<string, string>()
  for (const [file, source] of mutatedSources(mutation)) {
    const { href } = pathToFileURL(join(repositoryRoot, builtFile(file)))
    modules.set(href, compile(file, source))
  }
  return modules
}
