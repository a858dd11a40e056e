// What can be made of a node's memory and time by saying almost nothing, or almost everything, many
// thousand times: before a hello, after one, in pieces of a WebSocket, in half a request of HTTP.
// Each attack is bounded in bytes and time, and the client beside it notices nothing.
import { connect, type Socket } from 'node:net'
import { protocolLimits } from '@holdfast/protocol'
import { anonymousBytes, eventually, within } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { startTarget, type Target } from './healthy-client.ts'
import { framed, hello, RawClient } from './raw-client.ts'
import { RawWebSocket, webSocketFrame } from './raw-websocket.ts'

t.setTimeout(280_000)

const MiB = 2 ** 20

/** Sockets that are opened at a time: a listener's queue is short. */
const openingMax = 100

/** Opens sockets that send `bytes` and keep still. Those that are closed are counted. */
class Crowd {
  readonly sockets: Socket[] = []
  closedCount = 0

  async grow(count: number, address: string, bytes: Uint8Array): Promise<void> {
    const [host = '', port = ''] = address.split(':')
    const open = (): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(Number(port), host, () => {
          socket.write(bytes, () => resolve())
        })
        socket.on('error', () => socket.destroy())
        socket.on('close', () => {
          this.closedCount += 1
          resolve()
        })
        socket.resume()
        this.sockets.push(socket)
      })
    for (let opened = 0; opened < count; opened += openingMax) {
      const some = Math.min(openingMax, count - opened)
      await Promise.all(Array.from({ length: some }, open))
    }
  }

  async gone(): Promise<void> {
    await eventually('the end of the crowd', () => this.closedCount === this.sockets.length, {
      timeoutMs: 60_000
    })
  }

  destroy(): void {
    for (const socket of this.sockets) socket.destroy()
  }
}

/** The most that the node has held while `run` ran, beyond what it held before. */
async function peakOf(target: Target, run: () => Promise<void>): Promise<number> {
  const { pid } = target.node
  const before = anonymousBytes(pid) ?? 0
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, anonymousBytes(pid) ?? 0)
  }, 100)
  await run().finally(() => clearInterval(timer))
  return Math.max(most, anonymousBytes(pid) ?? 0) - before
}

function bounded(t: Test, bytes: number, bytesMax: number, what: string): void {
  t.ok(bytes < bytesMax, `${what}: ${Math.round(bytes / MiB)} of ${bytesMax / MiB} MiB`)
}

t.test('ten thousand strangers that say almost a hello cost little, and go', async (t) => {
  const target = await startTarget(t)
  const crowd = new Crowd()
  const almost = framed(new Uint8Array(3_900), 4_096)
  const peak = await peakOf(target, async () => {
    await crowd.grow(5_000, target.node.client, Uint8Array.of(0))
    await crowd.grow(5_000, target.node.client, almost)
    await crowd.gone()
  })
  bounded(t, peak, 300 * MiB, 'strangers')
  await target.judge(t)
})

t.test('a frame that has only begun holds no more than came of it', async (t) => {
  const target = await startTarget(t)
  const crowd = new Crowd()
  const begun = Buffer.concat([hello(), framed(Uint8Array.of(0x94), 2_000_000)])
  const peak = await peakOf(target, async () => {
    await crowd.grow(2_000, target.node.client, begun)
    const last = await (await RawClient.open('tcp', target.node.client)).greet()
    last.destroy()
  })
  bounded(t, peak, 200 * MiB, 'begun frames')
  crowd.destroy()
  await target.judge(t)
})

t.test('a WebSocket in the smallest of fragments is cut off, or costs little', async (t) => {
  const target = await startTarget(t)
  const one = Uint8Array.of(0)
  const peak = await peakOf(target, async () => {
    const ends = Array.from({ length: 50 }, (_, place) => {
      let isClosed = false
      const socket = new RawWebSocket(
        target.node.http,
        () => undefined,
        () => {
          isClosed = true
        }
      )
      // Fragments without end, empty ones, and pings between them; all of them allowed, alone.
      const rest = webSocketFrame(0x00, place % 2 === 0 ? one : new Uint8Array(0))
      const ping = webSocketFrame(0x89, new Uint8Array(125))
      const pieces = Array.from({ length: 4_000 }, () => (place % 5 === 0 ? ping : rest))
      socket.raw(Buffer.concat([webSocketFrame(0x02, one), ...pieces]))
      return eventually('the end of a WebSocket', () => isClosed)
    })
    await Promise.all(ends)
  })
  bounded(t, peak, 100 * MiB, 'fragments')
  await target.judge(t)
})

t.test('the largest of messages without their last bytes hold what came of them', async (t) => {
  const target = await startTarget(t)
  const { webSocketMessageBytesMax } = protocolLimits
  const message = webSocketFrame(0x82, new Uint8Array(webSocketMessageBytesMax))
  const largest = webSocketFrame(0x82, new Uint8Array(16 * MiB))
  const beyond = largest.subarray(0, 2 * webSocketMessageBytesMax)
  const crowd = new Set<RawWebSocket>()
  let refusedCount = 0
  const peak = await peakOf(target, async () => {
    for (const bytes of [message, beyond]) {
      for (let place = 0; place < 200; place++) {
        const socket = new RawWebSocket(
          target.node.http,
          () => undefined,
          () => {
            refusedCount += 1
          }
        )
        socket.raw(bytes.subarray(0, bytes.length - 1))
        crowd.add(socket)
      }
    }
    await eventually('the end of the largest', () => refusedCount >= 200)
    const last = await (await RawClient.open('websocket', target.node.http)).greet()
    last.destroy()
  })
  bounded(t, peak, 200 * MiB, 'messages')
  for (const socket of crowd) socket.destroy()
  await target.judge(t)
})

t.test(
  'a thousand halves of requests of HTTP, and bodies without end, come to an end',
  async (t) => {
    const target = await startTarget(t)
    const { http } = target.node
    const crowd = new Crowd()
    const post = 'POST /v1/nodes HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n'
    const endless = (type: string): Uint8Array =>
      Buffer.concat([
        Buffer.from(`${post}${type}transfer-encoding: chunked\r\n\r\n`),
        ...Array.from({ length: 40 }, () => Buffer.from(`4000\r\n${'x'.repeat(0x4000)}\r\n`))
      ])
    const peak = await peakOf(target, async () => {
      await crowd.grow(
        1_000,
        http,
        Buffer.from('GET /v1/cluster HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ')
      )
      await crowd.grow(200, http, Buffer.from(`${post}content-length: 200000\r\n\r\n{`))
      await crowd.grow(200, http, Buffer.from(`${post}content-length: 99999999999\r\n\r\n{`))
      await crowd.grow(100, http, endless(''))
      await crowd.grow(100, http, endless('content-encoding: gzip\r\n'))
      await crowd.gone()
    })
    bounded(t, peak, 200 * MiB, 'halves of requests')
    const answer = await within('an answer', 10_000, fetch(`http://${http}/health/live`))
    t.equal(answer.status, 200)
    await target.judge(t)
  }
)
