// Looking at an exchange from any node: metadata knows all of it.
import type { Core } from '../core.ts'
import { type Responder, refusal } from '../sessions/responder.ts'
import { noMetadataLeader, whenCurrent } from './queue-calls.ts'

/** 'Not found' only once this node is as current as the metadata leader. */
export function describeExchange(core: Core, vhost: string, name: string, to: Responder): void {
  whenCurrent(core, to, () => {
    const look = (): boolean => {
      const exchange = core.metadata.machine.topology.exchange(vhost, name)
      if (exchange === null) return false
      const { kind, options } = exchange
      to.done({ vhost, name, kind, ...options })
      return true
    }
    if (look()) return
    core.fence.wait((isCurrent) => {
      if (look()) return
      const isVhost = core.metadata.machine.topology.vhost(vhost) !== null
      const code = isVhost ? 'EXCHANGE_NOT_FOUND' : 'VHOST_NOT_FOUND'
      to.refuse(isCurrent ? refusal(code, { exchange: name, vhost }) : noMetadataLeader())
    })
  })
}
