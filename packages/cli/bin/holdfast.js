#!/usr/bin/env node
// The launcher. It is CommonJS, because loading an ES module uses libuv's thread pool, whose size is
// fixed by its first use: LevelDB's synced writes hold threads that DNS and files share.
// biome-ignore lint/style/noProcessEnv: a variable of libuv, not a setting of ours.
process.env.UV_THREADPOOL_SIZE ??= '16'

const { pathToFileURL } = require('node:url')
const { entry, isCurrent, isPreloaded } = require('./bundle.js')

// biome-ignore lint/style/noProcessEnv: what Node was started with.
const isBundled = !isPreloaded([...process.execArgv, process.env.NODE_OPTIONS ?? '']) && isCurrent()

import(isBundled ? pathToFileURL(entry) : '../dist/src/index.js').then(
  ({ main }) => main(process.argv.slice(2), [process.execPath, ...process.execArgv, __filename]),
  (error) => {
    const isUnbuilt = error?.code === 'ERR_MODULE_NOT_FOUND'
    process.stderr.write(
      isUnbuilt
        ? `holdfast: a part is missing, run 'npm install && npm run build' (${error.message})\n`
        : `holdfast: ${error?.stack ?? error}\n`
    )
    process.exitCode = 70
  }
)
