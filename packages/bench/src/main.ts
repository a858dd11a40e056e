// npm run bench -- W1 --size 1024 --seconds 10
// A table for people, and one JSON line with every figure for machines.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runBench } from './bench.ts'
import { compareTls } from './compare-tls.ts'
import { renderFigures } from './measure.ts'

const usage = `npm run bench -- WORKLOAD… [options]
  W1  publish with confirms        W2  publish, consume and ack     W3  drain a backlog
  W4  one publish at a time        W5  declare queues, idle, then publish to all of them
  W7  memory of a backlog          W9  many connections, one publish in flight each
  --size BYTES (1024)  --seconds N (10)  --window N (1000)  --rate N (0: unlimited)
  --count N      messages of W3 and W7, queues of W5, connections of W9
  --tls          each workload plain and by TLS, in turns, and the ratio
  --nodes N (3)  --out FILE: the JSON there too
`

const flags = {
  size: { type: 'string', default: '1024' },
  seconds: { type: 'string', default: '10' },
  window: { type: 'string', default: '1000' },
  rate: { type: 'string', default: '0' },
  count: { type: 'string' },
  nodes: { type: 'string', default: '3' },
  out: { type: 'string' },
  tls: { type: 'boolean', default: false },
  sdk: { type: 'string' },
  cli: { type: 'string' },
  help: { type: 'boolean', default: false }
} as const

const { values, positionals } = parseArgs({ options: flags, allowPositionals: true })

if (values.help || positionals.length === 0) process.stdout.write(usage)
else {
  const request = {
    names: positionals,
    size: Number(values.size),
    seconds: Number(values.seconds),
    window: Number(values.window),
    rate: Number(values.rate),
    count: values.count === undefined ? null : Number(values.count),
    nodes: Number(values.nodes),
    ...(values.sdk === undefined ? {} : { sdk: values.sdk }),
    ...(values.cli === undefined ? {} : { cli: values.cli }),
    log: (sentence: string) => void process.stderr.write(`${sentence}\n`)
  }
  const figures = values.tls ? await compareTls(request) : await runBench(request)
  const json = JSON.stringify({ node: process.version, figures })
  process.stdout.write(`${renderFigures(figures)}\n${json}\n`)
  if (values.out !== undefined) writeFileSync(values.out, `${json}\n`)
}
