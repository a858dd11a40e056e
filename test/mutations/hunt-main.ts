// One process of a hunt, started under preload.ts: runs seeds until one finds something, and says
// as JSON lines how far it is. `node hunt-main.js FIRST LAST`.
import process, { argv } from 'node:process'
import { hunt, loadGrounds } from './grounds.ts'

const [first = 1, last = first] = argv.slice(2).map(Number)
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

const grounds = await loadGrounds()
for (let seed = first; seed <= last; seed += 1) {
  say({ seed })
  const found = await hunt(grounds, seed)
  if (found === null) continue
  say({ seed, found })
  break
}
say({ done: true })
