// Ids that begin as those of nodes do are theirs.
import t from 'tap'
import { isReservedProducer, reservedProducer } from '../src/index.ts'

t.test('an id is reserved if all of the beginning is there', async (t) => {
  const id = new Uint8Array(16)
  t.notOk(isReservedProducer(id))
  id.set(reservedProducer)
  t.ok(isReservedProducer(id))
  id.fill(0, reservedProducer.length - 1)
  t.notOk(isReservedProducer(id))
})
