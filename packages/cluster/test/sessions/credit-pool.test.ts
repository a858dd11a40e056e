// Who is lent publish credit, and what becomes of it when its client goes.
import { protocolLimits } from '@holdfast/protocol'
import t from 'tap'
import { limits, times } from '../../src/limits.ts'
import { type LoneClient, LoneMember } from '../lone-member.ts'

/** As much as one client may ask for. */
const most = protocolLimits.frameBytesMax

function want(client: LoneClient): void {
  client.connection.wantCredit(most)
  client.speak()
}

function lentTo({ events }: LoneClient): number {
  let bytes = 0
  for (const event of events) if (event.type === 'confirm') bytes += event.credit
  return bytes
}

t.test('who waits gets the credit of who sat on it and was cut off', async (t) => {
  const member = new LoneMember()
  const length = Math.floor(limits.publishCreditBytesMax / most)
  const hoarders = Array.from({ length }, (_, index) => member.connect(index + 1))
  for (const hoarder of hoarders) want(hoarder)
  t.ok(hoarders.every((hoarder) => lentTo(hoarder) === most))
  const other = member.connect(length + 1)
  want(other)
  member.pass(times.lentIdleMs + times.tickMs)
  t.ok(hoarders.every(({ state }) => state === 'CONNECTION_CLOSED'))
  t.equal(lentTo(other), 0)
  member.step(hoarders.map((hoarder) => hoarder.gone()))
  t.equal(lentTo(other), most)
})
