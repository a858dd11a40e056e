// Modules of a package that its index does not make public: parsers are fuzzed one by one, and a
// package does not publish its parsers for that. Types come from the source beside it.

/** `file` is the path of a module below `src`, without extension. */
export async function internal<Module>(packageName: string, file: string): Promise<Module> {
  const manifest = import.meta.resolve(`@holdfast/${packageName}/package.json`)
  return (await import(new URL(`dist/src/${file}.js`, manifest).href)) as Module
}
