// Names and further keys count as much as they take.
import t from 'tap'
import { publishMemory } from '../src/publish-memory.ts'

const publish = { exchange: '', routingKey: '', copies: [], mandatory: false, count: 1 }
const small = { ...publish, blob: new Uint8Array(4) }

t.test('bodies, names and keys count', async (t) => {
  const least = publishMemory(small)
  t.ok(least > 4, 'an object is not free')
  t.equal(publishMemory({ ...small, blob: new Uint8Array(1_004) }), least + 1_000)
  const named = { ...small, exchange: 'x'.repeat(100), routingKey: 'k'.repeat(155) }
  t.equal(publishMemory(named), least + 510)
  const copies = Array.from({ length: 256 }, () => 'k'.repeat(255))
  t.ok(publishMemory({ ...small, copies }) >= least + 256 * 255)
  t.ok(publishMemory({ ...small, copies: ['', ''] }) > least)
})
