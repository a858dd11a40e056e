// Libraries by name, and whose consumers go on where they were.
import { defaultSdk } from '@holdfast/testkit'
import t from 'tap'
import { isInOrder } from './chaos-run.ts'
import { amqpLibraries, isOfAmqp, moduleOf } from './sdk-names.ts'

t.test('libraries of AMQP are known by their modules', async (t) => {
  for (const name of amqpLibraries) t.ok(isOfAmqp(moduleOf(name)), name)
  t.notOk(isOfAmqp(moduleOf(defaultSdk)))
  t.equal(moduleOf('a module'), 'a module')
})

t.test('flagged first deliveries are in order for one consumer of the SDK alone', async (t) => {
  t.ok(isInOrder({}))
  t.ok(isInOrder({ consumersPerQueue: 1, sdks: [defaultSdk] }))
  t.notOk(isInOrder({ consumersPerQueue: 2, sdks: [defaultSdk] }))
  t.notOk(isInOrder({ sdks: [defaultSdk, moduleOf('amqplib')] }))
})
