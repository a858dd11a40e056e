// How fast routing is, printed for people; only the result of routing is asserted, never a time.
import t from 'tap'
import { type MetadataCommand, type MetadataMachine, RouteTargets } from '../src/index.ts'
import {
  applyAll,
  bindQueue,
  createMachine,
  createRandom,
  exchange,
  queue
} from './metadata-fixture.ts'

const queues = 1000

function bindAll(machine: MetadataMachine, commands: readonly MetadataCommand[]): number {
  const started = performance.now()
  for (let start = 0; start < commands.length; start += 4096) {
    for (const result of applyAll(machine, commands.slice(start, start + 4096))) {
      if ('error' in result) throw new Error(result.error.message)
    }
  }
  return (performance.now() - started) / commands.length
}

function measure(route: (turn: number) => void, turns: number): string {
  for (let turn = 0; turn < turns; turn++) route(turn)
  const times = new Float64Array(turns)
  for (let turn = 0; turn < turns; turn++) {
    const started = performance.now()
    route(turn)
    times[turn] = (performance.now() - started) * 1000
  }
  times.sort()
  const at = (part: number): string => (times[Math.floor(turns * part)] ?? 0).toFixed(1)
  return `p50 ${at(0.5)} µs, p99 ${at(0.99)} µs`
}

t.test('a topic exchange with 100,000 bindings', async (t) => {
  const machine = createMachine()
  const names = Array.from({ length: queues }, (_, index) => `q${index}`)
  applyAll(machine, [...names.map((name) => queue(name)), exchange('x', 'topic')])
  const random = createRandom(3)
  const word = (count: number): string => `w${Math.floor(random() * count)}`
  const commands: MetadataCommand[] = []
  const seen = new Set<string>()
  while (commands.length < 100_000) {
    const draw = random()
    const parts = [word(50), word(50), word(50), word(20)]
    if (draw < 0.2) parts[1] = '*'
    else if (draw < 0.3) parts.splice(2, 2, '#')
    else if (draw < 0.35) parts[0] = '#'
    const name = `q${commands.length % queues}`
    const key = parts.join('.')
    if (seen.has(key + name)) continue
    seen.add(key + name)
    commands.push(bindQueue('x', name, key))
  }
  const before = process.memoryUsage().heapUsed
  const bindMs = bindAll(machine, commands)
  commands.length = 0
  const heap = (process.memoryUsage().heapUsed - before) / 100_000
  t.comment(`binding: ${(bindMs * 1000).toFixed(1)} µs, about ${Math.round(heap)} bytes of heap`)
  t.equal(machine.topology.counts.bindings, 100_000)
  const keys = Array.from({ length: 5000 }, () =>
    [word(50), word(50), word(50), word(20)].join('.')
  )
  const out = new RouteTargets()
  let targets = 0
  const figures = measure((turn) => {
    machine.topology.route('/', 'x', keys[turn % keys.length] ?? '', () => null, out)
    targets += out.count
  }, 20_000)
  t.ok(targets > 0)
  t.comment(`topic: ${figures}, ${(targets / 40_000).toFixed(1)} queues a message`)
  const started = performance.now()
  const blobs = machine.snapshot().newBlobs
  const bytes = blobs.reduce((sum, blob) => sum + blob.bytes.length, 0)
  t.comment(`first snapshot: ${(performance.now() - started).toFixed(0)} ms, ${bytes} bytes`)
})

t.test('direct and default exchange', async (t) => {
  const machine = createMachine()
  const names = Array.from({ length: queues }, (_, index) => `q${index}`)
  applyAll(machine, [...names.map((name) => queue(name)), exchange('x')])
  bindAll(
    machine,
    Array.from({ length: 100_000 }, (_, index) =>
      bindQueue('x', `q${index % queues}`, `key-${index}`)
    )
  )
  const out = new RouteTargets()
  let targets = 0
  const direct = measure((turn) => {
    machine.topology.route('/', 'x', `key-${turn}`, () => null, out)
    targets += out.count
  }, 20_000)
  const byDefault = measure((turn) => {
    machine.topology.route('/', '', `q${turn % queues}`, () => null, out)
    targets += out.count
  }, 20_000)
  t.equal(targets, 80_000)
  t.comment(`direct: ${direct}`)
  t.comment(`default: ${byDefault}`)
})
