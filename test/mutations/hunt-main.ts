// One process of a hunt, started under preload.ts: runs seeds on a ground until one finds
// something, and says as JSON lines how far it is.
// `node hunt-main.js group|store|cluster FIRST LAST`.
import process, { argv } from 'node:process'
import { hunt, loadGround } from './grounds.ts'

const [name = 'cluster', ...seeds] = argv.slice(2)
const [first = 1, last = first] = seeds.map(Number)
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

const ground = await loadGround(name)
for (let seed = first; seed <= last; seed += 1) {
  say({ seed })
  const found = await hunt(ground, seed)
  if (found === null) continue
  say({ seed, found })
  break
}
say({ done: true })
