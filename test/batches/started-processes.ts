// Loaded by tap into each process of tests, after its own hooks (`node-arg` of `.taprc`): takes out
// what would load those into each process that a test starts, too. These run as at users', and cost
// half as much to start.
import process from 'node:process'
import processOnSpawn from 'process-on-spawn'

const hook = /"?--import=\S*@tapjs\/processinfo\/\S*/g

// Of these there are tap's alone. Each puts back into an environment what is taken out below.
processOnSpawn.removeAllListeners()

// What children inherit.
const { env } = process
for (const name of Object.keys(env)) {
  if (name.startsWith('_TAPJS_PROCESSINFO_')) delete env[name]
}
// A thread loads the hooks nevertheless: told nothing, they would count each call of a function.
env['_TAPJS_PROCESSINFO_COVERAGE_'] = '0'
const options = (env['NODE_OPTIONS'] ?? '').replace(hook, '').trim()
if (options === '') delete env['NODE_OPTIONS']
else env['NODE_OPTIONS'] = options

// What `fork` hands on.
process.execArgv.splice(0)
