// The hooks of the module loader that put mutated modules in the place of the built ones. They run
// in a thread of their own, and are given the texts when they are registered (node:module).
import type { InitializeHook, LoadHook } from 'node:module'

let modules: ReadonlyMap<string, string> = new Map()

export const initialize: InitializeHook<ReadonlyMap<string, string>> = (given) => {
  modules = given
}

export const load: LoadHook = (url, context, nextLoad) => {
  const source = modules.get(url)
  if (source === undefined) return nextLoad(url, context)
  return { format: 'module', source, shortCircuit: true }
}
