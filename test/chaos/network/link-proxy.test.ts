// The link proxy does to a connection what it was told, and nothing else.
import { connect, createServer, type Socket } from 'node:net'
import { eventually } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import type { LinkBehaviour } from './link-behaviour.ts'
import { LinkProxy } from './link-proxy.ts'

interface Ends {
  readonly proxy: LinkProxy
  readonly dialler: Socket
  /** What each connection brought to the target, in the order they came. */
  readonly arrived: Buffer[]
  readonly accepted: Socket[]
  readonly answers: () => string
  readonly ending: () => string | null
}

async function through(t: Test, behaviour: LinkBehaviour): Promise<Ends> {
  const arrived: Buffer[] = []
  const accepted: Socket[] = []
  const server = createServer((socket) => {
    const at = accepted.push(socket) - 1
    arrived.push(Buffer.alloc(0))
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      arrived[at] = Buffer.concat([arrived[at] ?? Buffer.alloc(0), chunk])
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const target = { host: '127.0.0.1', port }
  const proxy = new LinkProxy({ listen: { host: '127.0.0.1', port: 0 }, target, behaviour })
  const dialler = connect({ host: '127.0.0.1', port: await proxy.listen() })
  let said = ''
  let ending: string | null = null
  dialler.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
  })
  dialler.on('error', (error: NodeJS.ErrnoException) => {
    ending = error.code ?? error.message
  })
  dialler.on('end', () => {
    ending ??= 'end'
  })
  t.teardown(async () => {
    dialler.destroy()
    for (const socket of accepted) socket.destroy()
    await proxy.close()
    server.close()
  })
  await eventually('a connection at the target', () => accepted.length > 0)
  return { proxy, dialler, arrived, accepted, answers: () => said, ending: () => ending }
}

t.test('passes bytes, answers and ends on', async (t) => {
  const { dialler, arrived, accepted, answers, ending } = await through(t, { kind: 'pass' })
  dialler.write('question')
  await eventually('the question', () => arrived[0]?.toString() === 'question')
  accepted[0]?.write('answer')
  await eventually('the answer', () => answers() === 'answer')
  accepted[0]?.end()
  await eventually('the end', () => ending() === 'end')
})

t.test('passes a reset on as a reset', async (t) => {
  const { dialler, arrived, accepted, ending } = await through(t, { kind: 'pass' })
  dialler.write('x')
  await eventually('the byte', () => arrived[0]?.length === 1)
  accepted[0]?.resetAndDestroy()
  await eventually('the reset', () => ending() === 'ECONNRESET')
})

t.test('delays, and keeps the order', async (t) => {
  const { dialler, arrived } = await through(t, { kind: 'delay', delayMs: 80 })
  const since = performance.now()
  for (const letter of 'abcdef') dialler.write(letter)
  await eventually('all of it', () => arrived[0]?.toString() === 'abcdef')
  t.ok(performance.now() - since >= 79, 'not before the delay')
})

t.test('lets little through in a second', async (t) => {
  const { dialler, arrived } = await through(t, { kind: 'slow', bytesPerSecond: 1_000_000 })
  const since = performance.now()
  dialler.write(Buffer.alloc(300_000, 7))
  await eventually('all of it', () => arrived[0]?.length === 300_000)
  // All but the last piece, of 64 KiB at most, is waited for.
  t.ok(performance.now() - since >= 220, 'it took its time')
})

t.test('resets connections after a while', async (t) => {
  const { proxy, ending } = await through(t, { kind: 'reset', afterMs: 20 })
  await eventually('the reset', () => ending() === 'ECONNRESET')
  t.equal(proxy.counts.resets, 1)
})

t.test('goes silent without an end', async (t) => {
  const { dialler, accepted, arrived, answers, ending } = await through(t, {
    kind: 'half-open',
    afterMs: 0
  })
  dialler.write('nobody hears this')
  accepted[0]?.write('nor this')
  const other = connect(dialler.remotePort ?? 0, '127.0.0.1')
  t.teardown(() => other.destroy())
  await eventually('another connection', () => accepted.length === 2)
  t.equal(arrived[0]?.length, 0)
  t.equal(answers(), '')
  t.equal(ending(), null)
})

t.test('flips one bit in so many bytes', async (t) => {
  const { proxy, dialler, arrived } = await through(t, { kind: 'corrupt', everyBytes: 1_000 })
  dialler.write(Buffer.alloc(1_500, 8))
  dialler.write(Buffer.alloc(1_500, 8))
  await eventually('all of it', () => arrived[0]?.length === 3_000)
  const flipped = [...(arrived[0] ?? [])].flatMap((byte, at) => (byte === 8 ? [] : [at]))
  t.same(flipped, [999, 1_999, 2_999])
  t.equal(proxy.counts.flippedBits, 3)
})

t.test('sends the beginning once more over a connection of its own', async (t) => {
  const { dialler, arrived } = await through(t, { kind: 'replay', bytesMax: 5 })
  dialler.write('hello')
  await eventually('both', () => arrived.length === 2 && arrived[1]?.length === 5)
  t.same(
    arrived.map((bytes) => bytes.toString()),
    ['hello', 'hello']
  )
})
