// Where the bundle of all that `holdfast` runs is, and whether it is what the modules say: one that
// went into it may have been built again since, by the compiler alone (docs/adr/0034).
const { readFileSync, statSync } = require('node:fs')
const { join } = require('node:path')

const root = join(__dirname, '../../..')
const directory = join(__dirname, '../dist/bundle')
/** The module to begin with. */
const entry = join(directory, 'index.js')
/** Paths from the root of the repository of all that the bundle was made from; written last. */
const inputs = join(directory, 'inputs.json')

/**
 * Whoever preloads a module may be there to change others: to watch them, or to break them in a
 * test. In a bundle there is nothing that could be changed.
 */
function isPreloaded(options) {
  return /(^|\s)(--import|--require|-r|--(experimental-)?loader)(=|\s|$)/.test(options.join(' '))
}

function isCurrent() {
  try {
    const builtMs = statSync(inputs).mtimeMs
    const names = JSON.parse(readFileSync(inputs, 'utf8'))
    return names.every((name) => statSync(join(root, name)).mtimeMs < builtMs)
  } catch {
    // There is none, as in what is installed from a registry; or a module is gone.
    return false
  }
}

module.exports = { root, directory, entry, inputs, isCurrent, isPreloaded }
