// What a publisher asks for beyond its first credit, on one link and then on the next, with nodes
// in memory.
import { HoldfastError } from '@holdfast/errors'
import { type PublishEvent, ServerConnection } from '@holdfast/protocol'
import t from 'tap'
import { realPlatform } from '../src/clock.ts'
import { Link } from '../src/link.ts'
import { resolveOptions } from '../src/options.ts'
import { Publisher } from '../src/publisher.ts'

const publishCreditBytes = 1_000
const platform = { ...realPlatform, nowMs: () => 0, wallMs: () => 0 }
const ignored = (): void => undefined

/** An open link to a node, which notes what comes over it and grants only what it is told to. */
class Line {
  readonly wanted: number[] = []
  readonly publishes: PublishEvent[] = []
  readonly link: Link
  readonly #server = new ServerConnection({ nowMs: 0, limits: { publishCreditBytes } })
  #received: (bytes: Uint8Array) => void = ignored

  constructor() {
    const producer = new Uint8Array(16)
    const hello = { producer, epoch: 1, name: '', vhost: '/', heartbeatMs: 0 }
    const owner = { platform, opened: ignored, nodes: ignored, closed: ignored, dirty: ignored }
    let opened = ignored
    this.link = new Link(
      'a:1',
      (_, handlers) => {
        opened = handlers.opened
        this.#received = handlers.received
        return { send: (chunks) => this.#take(chunks), end: ignored, destroy: ignored }
      },
      hello,
      owner
    )
    opened()
  }

  grant(bytes: number): void {
    this.#server.grant(bytes)
    this.#answer()
  }

  #take(chunks: readonly Uint8Array[]): void {
    for (const event of chunks.flatMap((chunk) => this.#server.receive(chunk, 0))) {
      if (event.type === 'hello') this.#server.welcome({ clusterId: 'c', node: 1, nodes: [] })
      if (event.type === 'want-credit') this.wanted.push(event.bytes)
      if (event.type === 'publish') this.publishes.push(event)
    }
    this.#answer()
  }

  #answer(): void {
    for (const chunk of this.#server.flush()) this.#received(chunk)
  }
}

t.test('credit that did not come before its link broke is wanted again on the next', async (t) => {
  const publisher = new Publisher(resolveOptions({}), platform, ignored)
  const body = new Uint8Array(2 * publishCreditBytes)
  const way = { exchange: '', routingKey: 'q', isMandatory: false, properties: null }
  publisher.publish({ ...way, body }).catch(ignored)
  const first = new Line()
  publisher.attach(first.link)
  first.link.flush()
  t.match(first.wanted, [Number], 'it does not fit into the first credit')
  first.link.destroy(new HoldfastError('CONNECTION_CLOSED', { reason: 'the connection broke' }))
  publisher.detach('the connection broke')

  const second = new Line()
  publisher.attach(second.link)
  second.link.flush()
  t.same(second.wanted, first.wanted)
  second.grant(first.wanted[0] ?? 0)
  publisher.flush()
  second.link.flush()
  t.match(second.publishes, [{ firstSequence: 1, count: 1 }], 'and with it the message goes')
})
