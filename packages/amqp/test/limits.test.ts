// The bounds of AMQP hold together, among themselves and with those of a message.
import { recordLimits } from '@holdfast/record'
import t from 'tap'
import { amqpLimits as limits } from '../src/limits.ts'

t.test('bounds that depend on one another agree', async (t) => {
  t.equal(limits.tableBytesMax, recordLimits.propertiesBytesMax, 'headers fill the properties')
  t.equal(limits.propertiesBytesMax + 3, recordLimits.propertiesBytesMax, 'bin 16 has a head of 3')
  t.ok(limits.strangerFrameBytesMax >= limits.frameBytesMin)
  t.ok(limits.frameBytesMax >= recordLimits.propertiesBytesMax + 14, 'a header is one frame')
  t.ok(limits.waitingBytesMax > recordLimits.bodyBytesMax, 'the largest message may wait')
  const { bodyBytesMax, propertiesBytesMax } = recordLimits
  const largest = bodyBytesMax + 3 * propertiesBytesMax + limits.copiesMax * 32 + 2_000
  t.ok(limits.transactionBytesMax > largest, 'with its keys, in two bytes a character')
  t.ok(limits.batchRecordsMax <= recordLimits.recordsMax)
  t.ok(limits.bodyCopyBytesMax < limits.frameBytesMin - limits.frameOverheadBytes)
})
