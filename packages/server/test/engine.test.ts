// The engine's settings: V8 does not promise to keep its flags, and only grumbles about one that it
// does not know.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'

const engine = new URL('../src/engine.js', import.meta.url).href

function run(program: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
}

t.test('this engine knows the settings of a node', async (t) => {
  const program = `import { tuneEngine } from '${engine}'; tuneEngine(); console.log('tuned')`
  t.same(await run(program), { stdout: 'tuned\n', stderr: '' })
})

t.test('an engine that does not know a setting would say so', async (t) => {
  const { stderr } = await run(`import('node:v8').then((v8) => v8.setFlagsFromString('--no-such'))`)
  t.match(stderr, /unrecognized flag/)
})
