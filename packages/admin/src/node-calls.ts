// The way from a route to the node: a bounded number of calls at once, each with a deadline. The
// node bounds its own work; this bounds what its callers can make it remember. Who calls is asked
// beside that, and bounded by connection: strangers whose passwords wait to be compared take no
// place of others.
import type { Socket } from 'node:net'
import type { AdminPort, AdminReply, AdminRequest, Gone, Identity } from '@holdfast/cluster'
import { assert, HoldfastError } from '@holdfast/errors'
import { adminLimits } from './limits.ts'
import type { Ask } from './route.ts'

type Question = Extract<AdminRequest, { readonly type: 'authenticate' }>

/** Asks the node who calls over a socket; the question ends with it. */
export type Identify = (socket: Socket, question: Question) => Promise<Identity>

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

async function within<Type extends AdminReply['type']>(
  timeoutMs: number,
  answer: Promise<AdminReply>,
  request: AdminRequest,
  expected: readonly Type[]
): Promise<Extract<AdminReply, { readonly type: Type }>> {
  const { expired, cancel } = deadline(timeoutMs)
  try {
    const reply = await Promise.race([answer, expired])
    const isExpected = expected.some((type) => type === reply.type)
    assert(isExpected, `the node answers '${request.type}' with '${expected.join("' or '")}'`)
    return reply as Extract<AdminReply, { readonly type: Type }>
  } finally {
    cancel()
  }
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
    try {
      return await within(timeoutMs, port.request(request), request, expected)
    } finally {
      calls -= 1
    }
  }
}

interface Caller {
  questions: number
  readonly gone: Gone
}

/** @throws UNAVAILABLE, AUTHENTICATION_FAILED, CREDENTIALS_REQUIRED */
export function createIdentify(
  port: AdminPort,
  timeoutMs: number = adminLimits.answerTimeoutMs
): Identify {
  const callers = new WeakMap<Socket, Caller>()
  const callerAt = (socket: Socket): Caller => {
    const known = callers.get(socket)
    if (known !== undefined) return known
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    const caller = { questions: 0, gone: gone.signal }
    callers.set(socket, caller)
    return caller
  }
  return async (socket, question) => {
    const caller = callerAt(socket)
    const limit = adminLimits.questionsPerConnectionMax
    if (caller.questions >= limit) {
      const reason = `${limit} calls of this connection wait already`
      throw new HoldfastError('UNAVAILABLE', { reason })
    }
    caller.questions += 1
    try {
      const answer = port.request(question, caller.gone)
      return (await within(timeoutMs, answer, question, ['identity'])).identity
    } finally {
      caller.questions -= 1
    }
  }
}
