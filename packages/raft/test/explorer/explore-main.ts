// npm run explore -- --timeouts 2 --crashes 1 --proposals 1 --messages 2
// Visits all states of three replicas within bounds, and says how many there are. Exits with 1 if
// one of them is not safe, after the history that leads to it.
import { parseArgs } from 'node:util'
import { Explorer } from './explore.ts'

const flags = {
  timeouts: { type: 'string', default: '2' },
  crashes: { type: 'string', default: '1' },
  proposals: { type: 'string', default: '1' },
  beats: { type: 'string', default: '0' },
  messages: { type: 'string', default: '2' },
  states: { type: 'string', default: '2000000' },
  named: { type: 'boolean', default: false },
  'speaks-early': { type: 'boolean', default: false }
} as const

const { values } = parseArgs({ options: flags })
const print = (text: string): void => void process.stdout.write(`${text}\n`)
const startedMs = performance.now()
const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
const statesMax = Number(values.states)
let next = 100_000

const found = new Explorer({
  timeouts: Number(values.timeouts),
  crashes: Number(values.crashes),
  proposals: Number(values.proposals),
  beats: Number(values.beats),
  messages: Number(values.messages),
  hasSymmetry: !values.named,
  speaksEarly: values['speaks-early']
}).run((states) => {
  if (states >= next) {
    print(`${states} states, ${seconds()}`)
    next += 100_000
  }
  return states >= statesMax
})

const { states, transitions, depth, localStates, cut, isComplete, violation } = found
print(`${states} states, ${transitions} transitions, ${localStates} states of one replica`)
print(`${depth} steps deep, ${cut} not followed for too many messages, ${seconds()}`)
if (violation !== null) {
  print(`NOT SAFE: ${violation.what}`)
  for (const step of violation.history) print(`  ${step}`)
  process.exitCode = 1
} else print(isComplete ? 'all states within bounds are safe' : 'safe so far: not all were visited')
