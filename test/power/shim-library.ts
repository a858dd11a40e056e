// Compiles the disk shim (test/power/shim, C) once for each state of its sources, and says how a
// process is started with it. Whoever has no compiler is told so; nothing is skipped.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/testkit'

const sources = join(repositoryRoot, 'test', 'power', 'shim')
const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC']

function compile(library: string): void {
  const files = readdirSync(sources).filter((name) => name.endsWith('.c'))
  const partial = `${library}.${process.pid}`
  const paths = files.map((name) => join(sources, name))
  const { error, status, stderr } = spawnSync('cc', [...flags, '-o', partial, ...paths, '-ldl'], {
    encoding: 'utf8'
  })
  if (error !== undefined) {
    throw new Error(
      `power cuts need a C compiler, and 'cc' cannot be run (${error.message}); ` +
        'on Debian: apt-get install gcc libc6-dev'
    )
  }
  if (status !== 0) throw new Error(`the disk shim does not compile:\n${stderr}`)
  renameSync(partial, library)
}

/** Path of the compiled shim. @throws Error if there is no Linux, or no C compiler. */
export function shimLibrary(): string {
  if (process.platform !== 'linux') throw new Error('the disk shim is for Linux with glibc')
  const hash = createHash('sha256').update(flags.join(' '))
  for (const name of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, name)))
  const directory = join(repositoryRoot, '.holdfast', 'shim')
  const library = join(directory, `disk-shim-${hash.digest('hex').slice(0, 16)}.so`)
  mkdirSync(directory, { recursive: true })
  if (!existsSync(library)) compile(library)
  return library
}

/**
 * Environment of a node under the shim. Its records go to `records/<name of its data directory>`,
 * on the file system of the data.
 */
export function shimEnvironment(records: string): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: shimLibrary(),
    HOLDFAST_SHIM_DIRECTORY: records,
    // What went through a ring would not pass the functions that are interposed.
    UV_USE_IO_URING: '0'
  }
}
