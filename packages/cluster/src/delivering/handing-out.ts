// The way of a run of messages out of the log and into the hands of a consumer.
import { type DeliveryRun, type QueueView, readSectionHeader } from '@holdfast/broker'
import { tellHandedOut } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import type { GroupId } from '../log-store.ts'
import { type Consumer, keyText } from './consumer.ts'

/** `data`: of the entry that has the run. */
export function handOut(
  core: Core,
  { group, queue }: { readonly group: GroupId; readonly queue: QueueView },
  consumer: Consumer,
  run: DeliveryRun,
  data: Uint8Array
): void {
  const { firstOffset, count, attempt, deliveryCount } = run
  const { exchange, routingKey } = readSectionHeader(data, run.section)
  const blob = data.subarray(run.position, run.position + run.lengthBytes)
  tellHandedOut(core, group, { queue, run, to: keyText(consumer.key) })
  const { counters } = core
  counters.deliveredMessages += count
  if (attempt > 0) counters.redeliveredMessages += count
  consumer.recipient.deliver({
    consumer: consumer.number,
    exchange,
    routingKey,
    firstOffset,
    count,
    attempt,
    deliveryCount,
    blob
  })
}
