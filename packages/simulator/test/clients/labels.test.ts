// A delivery tells what a message was published with.
import t from 'tap'
import { type Label, Labels, type Told } from '../../src/clients/labels.ts'

const label: Label = {
  exchange: 'top',
  routingKey: 'a.z',
  properties: { priority: 3, headers: { colour: 'red', size: 'big' } }
}

function difference(changes: Partial<Told>, sequence: number = 1): string | null {
  const labels = new Labels()
  labels.published('p1:1', label)
  return labels.difference(
    { publisher: 'p1', sequence },
    { ...label, attempt: 0, deliveryCount: 0, ...changes }
  )
}

t.test('the same is told, whatever the order, and with counts where it comes again', async (t) => {
  const headers = { size: 'big', colour: 'red', 'x-acquired-count': 2, 'x-delivery-count': 1 }
  t.equal(difference({}), null)
  t.equal(difference({ properties: { headers, priority: 3 } }), null)
  t.equal(difference({ exchange: 'dir' }, 2), null, 'nobody knows of it')
})

t.test('anything else is found', async (t) => {
  t.match(difference({ exchange: 'dir' }), /sent to 'top' by 'a.z', told as 'dir' by 'a.z'/)
  t.match(difference({ routingKey: 'a' }), /told as 'top' by 'a'/)
  t.match(difference({ properties: { priority: 3 } }), /told with/)
  t.match(difference({ properties: { ...label.properties, priority: 4 } }), /told with/)
  t.match(difference({ properties: { ...label.properties, expiration: '9' } }), /told with/)
})
