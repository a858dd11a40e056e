// Which node a connection starts at, and where it goes from there, with wires in memory and chance
// that the test decides.
import { HoldfastError } from '@holdfast/errors'
import { type Hello, ServerConnection } from '@holdfast/protocol'
import t from 'tap'
import { type Platform, realPlatform, shuffled } from '../src/clock.ts'
import { Links } from '../src/links.ts'
import type { Dial } from '../src/wire.ts'

const hello: Hello = {
  producer: new Uint8Array(16),
  epoch: 1,
  name: '',
  vhost: '/',
  heartbeatMs: 1_500
}

const seeds = ['a:1', 'b:1', 'c:1', 'd:1']

function fakes(random: () => number): {
  readonly platform: Platform
  readonly ignored: () => void
} {
  // Time passes at once, as soon as nothing else is to be done.
  const after = (_ms: number, run: () => void): (() => void) => {
    const timer = setImmediate(run)
    return () => clearImmediate(timer)
  }
  const platform = { ...realPlatform, randomPart: random, after }
  return { platform, ignored: () => undefined }
}

/** Links whose dials are noted; addresses in `alive` answer as node 1, with `nodes` as the list. */
function linksWith(
  random: () => number,
  alive: ReadonlySet<string> = new Set(),
  nodes: readonly string[] = [],
  silent: ReadonlySet<string> = new Set(),
  given: readonly string[] = seeds,
  http = ''
): { readonly links: Links; readonly dialled: string[] } {
  const dialled: string[] = []
  const dial: Dial = (address, handlers) => {
    dialled.push(address)
    const server = new ServerConnection({ nowMs: 0 })
    const answer = alive.has(address) ? handlers.opened : () => handlers.closed('refused')
    if (!silent.has(address)) queueMicrotask(answer)
    return {
      send: (chunks) => {
        for (const chunk of chunks) {
          for (const event of server.receive(chunk, 0)) {
            if (event.type !== 'hello') continue
            const list = nodes.map((client, i) => ({ id: i + 1, client, http }))
            server.welcome({ clusterId: 'c', node: 1, nodes: list })
          }
        }
        for (const chunk of server.flush()) handlers.received(chunk)
      },
      end: () => undefined,
      destroy: () => undefined
    }
  }
  const { platform, ignored } = fakes(random)
  const links = new Links({ seeds: given, dial, hello, platform, dirty: ignored, closed: ignored })
  return { links, dialled }
}

async function fails(links: Links, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await links.open().catch(() => undefined)
}

t.test('chance says which address is first, and all the others follow', async (t) => {
  const firsts = new Set<string | undefined>()
  for (const part of [0, 0.25, 0.5, 0.75]) {
    const { links, dialled } = linksWith(() => part)
    await fails(links, 8)
    t.strictSame(dialled.slice(0, 4).sort(), seeds, `each is tried in a round, from ${part}`)
    t.strictSame(dialled.slice(4), dialled.slice(0, 4), 'the next round has the same order')
    firsts.add(dialled[0])
    links.close()
  }
  t.equal(firsts.size, 4, 'each can be the first')
})

t.test('clients of a node that died do not all go to the same one', async (t) => {
  const seconds = new Set<string | undefined>()
  for (const part of [0, 0.4, 0.7]) {
    let draws = 0
    const { links, dialled } = linksWith(() => (draws++ === 0 ? 0 : part))
    await fails(links, 2)
    t.equal(dialled[0], 'a:1')
    seconds.add(dialled[1])
    links.close()
  }
  t.strictSame([...seconds].sort(), ['b:1', 'c:1', 'd:1'])
})

t.test('nodes that were told of are tried after those given, in an order of its own', async (t) => {
  const told = ['e:1', 'f:1', 'g:1']
  const { links, dialled } = linksWith(() => 0.99, new Set(['d:1']), told)
  const link = await links.open()
  t.equal(link.address, 'd:1')
  t.strictSame(links.addresses, ['d:1', 'c:1', 'b:1', 'a:1', 'g:1', 'f:1', 'e:1'])
  link.close()
  await fails(links, 6)
  t.strictSame(dialled.slice(1), ['c:1', 'b:1', 'a:1', 'g:1', 'f:1', 'e:1'])
  links.close()
})

t.test('an address that says nothing is tried beside the next one', async (t) => {
  const { links, dialled } = linksWith(() => 0.99, new Set(['c:1']), [], new Set(['d:1']))
  await t.rejects(links.open(), { code: 'NODE_UNREACHABLE' })
  const link = await links.open()
  t.equal(link.address, 'c:1')
  t.equal(await links.open(), link, 'what is open is taken before anything is tried')
  t.strictSame(dialled, ['d:1', 'c:1'])
  links.close()
})

t.test('a refusal that comes late is heard at the next turn of its address', async (t) => {
  const refusals = new Map<string, () => void>()
  const dialled: string[] = []
  const dial: Dial = (address, { closed }) => {
    dialled.push(address)
    const refusal = new HoldfastError('CERTIFICATE_REFUSED', { reason: 'nobody knows it' })
    refusals.set(address, () => closed(refusal))
    return { send: () => undefined, end: () => undefined, destroy: () => undefined }
  }
  const { platform, ignored } = fakes(() => 0.99)
  const given = ['b:1', 'a:1']
  const links = new Links({ seeds: given, dial, hello, platform, dirty: ignored, closed: ignored })
  for (const address of ['a:1', 'b:1']) {
    await t.rejects(links.open(), { code: 'NODE_UNREACHABLE', details: { address } })
  }
  refusals.get('a:1')?.()
  await new Promise((resolve) => setImmediate(resolve))
  await t.rejects(links.open(), { code: 'CERTIFICATE_REFUSED' })
  await t.rejects(links.open(), { code: 'NODE_UNREACHABLE', details: { address: 'b:1' } })
  t.strictSame(dialled, ['a:1', 'b:1'], 'the one is told of, the other is still tried')
  await t.rejects(links.open(), { code: 'NODE_UNREACHABLE', details: { address: 'a:1' } })
  t.strictSame(dialled, ['a:1', 'b:1', 'a:1'], 'then it is tried anew')
  links.close()
})

t.test('one address is the one that is used', async (t) => {
  t.strictSame(
    shuffled(['a:1'], () => 0.999),
    ['a:1']
  )
  t.strictSame(
    shuffled([], () => 0),
    []
  )
})

t.test('what nodes tell is dialled as the first address was: plain, or by TLS', async (t) => {
  const server = (address: string) => new Set([address])
  for (const [seed, expected] of [
    ['ws://a:1/v1/connect', 'ws://h:2/v1/connect'],
    ['wss://a:1/v1/connect', 'wss://h:2/v1/connect']
  ] as const) {
    const { links } = linksWith(() => 0, server(seed), ['c:2'], new Set(), [seed], 'h:2')
    await links.open()
    t.strictSame(links.addresses, [seed, expected])
    links.close()
  }
})
