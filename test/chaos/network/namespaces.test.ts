// The network of namespaces carries what it should and drops what it is told to, each direction by
// itself. Where the machine allows no namespaces, it says so and leaves nothing behind.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { eventually } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { inside, Namespaces, type Station } from './namespaces.ts'

t.setTimeout(120_000)

const port = 7_000
/** After which nobody answers, and in which whoever can does, however busy the machine is. */
const silenceMs = 700
const patienceMs = 20_000
const brief = { waitMs: silenceMs } as const

/** Says its name to whoever says something, at every address of a place. */
const namesake = `require('node:net').createServer((socket) => {
  socket.on('error', () => {}); socket.on('data', () => socket.end(process.argv[1]))
  }).listen(${port}, '0.0.0.0', () => console.log('listening'))`

/** Says what became of one connection: the answer, `silent`, or the code of the error. */
const ask = `const socket = require('node:net').connect({ port: ${port}, host: process.argv[1],
    ...(process.argv[2] ? { localAddress: process.argv[2] } : {}) })
  const end = (word) => { console.log(word); process.exit(0) }
  socket.on('error', ({ code }) => end(code)); socket.on('data', (bytes) => end(String(bytes)))
  socket.write('x'); setTimeout(() => end('silent'), process.argv[3])`

function create(): Namespaces | null {
  try {
    return Namespaces.create()
  } catch {
    return null
  }
}

async function serve(t: Test, station: Station): Promise<ChildProcess> {
  const [program = '', ...flags] = [...inside(station.namespace), process.execPath, '-e', namesake]
  const child = spawn(program, [...flags, station.link], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
  })
  await eventually('a listener', () => said.includes('listening'), { timeoutMs: 20_000 })
  return child
}

function connection(
  from: Station,
  to: Station,
  { source = '', waitMs = patienceMs } = {}
): Promise<string> {
  const [program = '', ...flags] = [...inside(from.namespace), process.execPath, '-e', ask]
  return new Promise((resolve, reject) => {
    execFile(program, [...flags, to.host, source, String(waitMs)], (error, stdout) => {
      if (error === null) resolve(stdout.trim())
      else reject(error)
    })
  })
}

t.test('packets pass, and vanish on request', async (t) => {
  const network = create()
  if (network === null) {
    const own = readdirSync('/proc/self/ns').includes('net')
    t.type(own, 'boolean', 'no namespaces on this machine: campaigns run on loopback')
    return
  }
  t.teardown(() => network.destroy())
  const [first, second] = [network.node(0), network.node(1)]
  await Promise.all([serve(t, first), serve(t, second)])
  t.equal(await connection(first, second), 'n1')
  t.equal(await connection(network.clients, first), 'n0')

  network.drop(first, second)
  t.equal(await connection(first, second, brief), 'silent', 'what it sends does not arrive')
  t.equal(await connection(second, first, brief), 'silent', 'nor what it answers')
  t.equal(await connection(network.clients, second), 'n1', 'others are not touched')
  network.pass(first, second)
  t.equal(await connection(first, second), 'n1')

  network.unplug(0)
  t.equal(await connection(first, second), 'ENETUNREACH', 'it knows that it has no link')
  network.plug(0)
  const isBack = async (): Promise<boolean> => (await connection(first, second, brief)) === 'n1'
  await eventually('the link', isBack, { timeoutMs: 20_000 })

  network.drop(second, first)
  network.unplug(1)
  network.heal()
  await eventually('the healed link', isBack, { timeoutMs: 20_000 })

  network.divert(first, second.host, port)
  t.equal(await connection(first, second), 'n0', 'to whoever listens at the place itself')
  t.equal(await connection(second, first), 'n0', 'the other direction is not diverted')
  t.equal(
    await connection(first, second, { source: first.proxyHost }),
    'n1',
    'the proxy gets through'
  )
  network.undivert(first, second.host, port)
  t.equal(await connection(first, second), 'n1')
})
