// Bundles what `holdfast` runs, the packages it depends on included, so that a node starts in half
// the processor time (docs/adr/0034). What each command loads when it is called stays apart, and
// so does what is compiled C.
import { rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'
import { directory, inputs, root } from '../packages/cli/bin/bundle.js'

/** CommonJS packages ask for modules of Node by a function that ES modules have not. */
const banner = `import { createRequire as requireOfBundle } from 'node:module'
const require = requireOfBundle(import.meta.url)`

rmSync(directory, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['packages/cli/dist/src/index.js'],
  outdir: directory,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // The last three may be there or not; who wants them looks for them when it is loaded.
  external: ['classic-level', 'msgpackr-extract', 'bufferutil', 'utf-8-validate'],
  banner: { js: banner },
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning'
})
const ours = Object.keys(metafile.inputs).filter((name) => name.startsWith('packages/'))
// npm writes there when it installs.
writeFileSync(inputs, JSON.stringify([...ours, 'node_modules/.package-lock.json'], null, 1))
