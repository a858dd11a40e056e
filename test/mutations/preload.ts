// Puts one mutation into whatever Node runs: `node --import <this file>`, or NODE_OPTIONS for
// processes that start others. The variable HOLDFAST_MUTATION names it: a mutation of the
// catalogue, or a file (see mutation-file.ts). Without it, nothing is changed.
import { register } from 'node:module'
import process from 'node:process'
import { findMutation } from './catalogue.ts'
import { mutatedModules } from './mutated-modules.ts'

// biome-ignore lint/style/noProcessEnv: the switch of a test run, not a setting of the product.
const wanted = process.env['HOLDFAST_MUTATION']
if (wanted !== undefined && wanted !== '') {
  const data = mutatedModules(findMutation(wanted))
  register(new URL('./module-hooks.js', import.meta.url), { data })
  // Who counts on a mutation must not take a build without it for a good one.
  process.stderr.write(`mutated: ${wanted}\n`)
}
