// Acceptance 10: names of up to 255 bytes, any UTF-8, with '/'; invalid UTF-8 refused; 1,000
// vhosts.
import { codeOf } from '@holdfast/testkit'
import { withScene } from './cluster-scene.ts'
import { accept, option } from './verdict.ts'

const names: readonly string[] = [
  'a',
  'x'.repeat(255),
  '€'.repeat(85),
  'a/b//c/',
  '/',
  'Zürich 東京 🦉',
  ' leading and trailing ',
  '\u0001\n\t"\\',
  '%2F%00..',
  '__proto__',
  'constructor'
]
const refused: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['256 bytes', 'x'.repeat(256)],
  ['258 bytes in 86 characters', '€'.repeat(86)],
  ['a lone surrogate', '\ud800']
]

await accept(10, 'names and vhosts', async (verdict) => {
  await withScene('line-10', {}, async ({ cluster, connect, connection }) => {
    for (const name of names) {
      const told = JSON.stringify(name.length > 30 ? `${name.slice(0, 10)}… ${name.length}` : name)
      await connection.declareQueue(name)
      await connection.publish('', name, new TextEncoder().encode(name), { mandatory: true })
      const consumer = await connection.consume(name)
      for await (const delivery of consumer) {
        const text = new TextDecoder().decode(delivery.body)
        const isSame = text === name && delivery.routingKey === name
        verdict.check(`a queue named ${told} takes and gives a message`, isSame)
        delivery.ack()
        break
      }
      await consumer.settled?.()
      await consumer.cancel()
      const view = await cluster.admin.queue(name)
      verdict.check(`the admin API finds ${told}`, view.name === name)
    }
    for (const [what, name] of refused) {
      const code = await connection.declareQueue(name).then(() => 'accepted', codeOf)
      verdict.check(`${what} is refused`, code === 'NAME_INVALID', code)
    }
    const status = await fetch(`http://${cluster.node(1).http}/v1/queues/%2F/%C3%28`)
    const isRefused = status.status === 400
    verdict.check('a path of invalid UTF-8 is refused', isRefused, status.status)
    const count = option('vhosts', 1_000)
    for (let at = 0; at < count; at += 1) {
      await cluster.admin.call('PUT', `/v1/vhosts/${encodeURIComponent(`vhost/${at}`)}`)
    }
    for (const at of [0, Math.floor(count / 2), count - 1]) {
      const vhost = `vhost/${at}`
      const inside = await connect(cluster.clientAddresses(), { vhost })
      await inside.declareQueue('same')
      await inside.publish('', 'same', new Uint8Array(at % 7), { mandatory: true })
      const view = await cluster.admin.queue('same', vhost)
      verdict.check(`vhost ${at} has a queue of its own`, view.ready === 1, view.ready ?? 'unknown')
      await inside.close()
    }
    const outside = await connect(cluster.clientAddresses(), { vhost: 'nowhere' }).then(
      (one) => one.declareQueue('q').then(() => 'accepted', codeOf),
      codeOf
    )
    verdict.check('an unknown vhost is refused', outside === 'VHOST_NOT_FOUND', outside)
  })
})
