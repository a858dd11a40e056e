// The way from a route to the node: a bounded number of calls at once, each with a deadline. The
// node bounds its own work; this bounds what its callers can make it remember.
import type { AdminPort, AdminReply, AdminRequest } from '@holdfast/cluster'
import { assert, HoldfastError } from '@holdfast/errors'
import { adminLimits } from './limits.ts'
import type { Ask } from './route.ts'

function deadline(timeoutMs: number): { expired: Promise<never>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const reason = `no answer within ${timeoutMs} ms; the call may still take effect`
      reject(new HoldfastError('UNAVAILABLE', { reason }))
    }, timeoutMs)
  })
  return { expired, cancel: () => clearTimeout(timer) }
}

/** @throws UNAVAILABLE, and whatever error of the catalogue the node answers with */
export function createAsk(
  port: AdminPort,
  timeoutMs: number = adminLimits.answerTimeoutMs,
  callsMax: number = adminLimits.callsMax
): Ask {
  let calls = 0
  return async <Type extends AdminReply['type']>(
    request: AdminRequest,
    ...expected: readonly Type[]
  ) => {
    if (calls >= callsMax) {
      throw new HoldfastError('UNAVAILABLE', {
        reason: `${callsMax} calls are being served already`
      })
    }
    calls += 1
    const { expired, cancel } = deadline(timeoutMs)
    try {
      const reply = await Promise.race([port.request(request), expired])
      const isExpected = expected.some((type) => type === reply.type)
      assert(isExpected, `the node answers '${request.type}' with '${expected.join("' or '")}'`)
      return reply as Extract<AdminReply, { readonly type: Type }>
    } finally {
      cancel()
      calls -= 1
    }
  }
}
