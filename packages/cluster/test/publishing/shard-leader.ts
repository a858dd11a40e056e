// The leader of a shard as its gateways see it: what they forward, what of it was proposed, and
// what they are told.
import { encodePublishSection, readSectionAlone, type SectionReply } from '@holdfast/broker'
import { encodeRecord, utf8Encode } from '@holdfast/record'
import type { Core } from '../../src/core.ts'
import { join } from '../../src/peers/byte-writer.ts'
import type { Forward, ForwardOutcome } from '../../src/peers/peer-codec.ts'
import { coreWith, sent } from '../part-core.ts'

export const group = 3
export const epoch = 1024
export const blob: Uint8Array = encodeRecord(null, utf8Encode('body'))
export const accepted: SectionReply = { type: 'accepted', missing: [] }

interface Shard {
  isLeading: boolean
  hasRoom: boolean
  /** Whether the shard has the queue, and if not, whether it is to come. */
  hasQueue: boolean
  isToCome: boolean
  closingUntilMs: number
  /** Log time of the next entry, which is not what this node takes for the time. */
  timeMs: number
  /** It has come to its end by itself. */
  isOver: boolean
  isDiskLow: boolean
  /** Of the gateway, by what the machine has applied. */
  gatewayExpected: number | null
}

export interface Leader {
  readonly core: Core
  readonly shard: Shard
  /** Proposals that are not decided yet. */
  readonly offered: { readonly bytes: Uint8Array; readonly decide: (reply: unknown) => void }[]
  /** Sections of a gateway arrive in one frame. `first`: the lowest that has no answer. */
  forward(numbers: readonly number[], from?: number, epoch?: number, first?: number): void
  /** What the gateways were told since the last look. */
  told(from?: number): ForwardOutcome[]
}

/** Node 1, which leads shard 3 with its queue 7. */
export function leadShard(): Leader {
  const shard: Shard = {
    isLeading: true,
    hasRoom: true,
    hasQueue: true,
    isToCome: false,
    closingUntilMs: 0,
    timeMs: 1_000,
    isOver: false,
    isDiskLow: false,
    gatewayExpected: null
  }
  const offered: Leader['offered'] = []
  const offer = (bytes: Uint8Array, decide: (reply: unknown) => void): boolean => {
    if (shard.isLeading) offered.push({ bytes, decide })
    return shard.isLeading
  }
  const machine = {
    queue: () => (shard.hasQueue ? shard : undefined),
    gatewayExpected: () => shard.gatewayExpected
  }
  const groupPart = Object.defineProperties(
    { offer },
    {
      isLeading: { get: () => shard.isLeading },
      hasRoom: { get: () => shard.hasRoom },
      nextTimeMs: { get: () => shard.timeMs }
    }
  )
  const disk = {
    get isLow() {
      return shard.isDiskLow
    },
    refusal: (number: number) => ({ type: 'refused', number, code: 'DISK_LOW', details: {} })
  }
  const groups = { shard: () => groupPart, shardHost: () => ({ machine, timeMs: 0 }) }
  const lackingQueues = { isToCome: () => shard.isToCome }
  const core = coreWith({ groups, disk, lackingQueues })
  const forward: Leader['forward'] = (numbers, from = 2, ofEpoch = epoch, first = 1) => {
    const sections = numbers.map((number) => {
      return { number, bytes: sectionOf(number, ofEpoch, number === first) }
    })
    const message: Forward = { type: 'forward', group, epoch: ofEpoch, sections }
    core.shards.forward(from, message)
  }
  const told: Leader['told'] = (from = 2) => {
    core.shards.flush()
    return sent(core).flatMap(({ to, message }) => {
      return to === from && message.type === 'forward-result' ? message.outcomes : []
    })
  }
  return { core, shard, offered, forward, told }
}

function sectionOf(number: number, ofEpoch: number, first: boolean): Uint8Array {
  const gateway = { replica: 2_097_153, epoch: ofEpoch }
  const place = { gateway, number, first, producer: null }
  const message = { exchange: '', routingKey: 'q', queues: [7], count: 1, blob }
  return join(encodePublishSection({ ...place, ...message }))
}

export function numbersOf({ offered }: Leader): number[] {
  return offered.map(({ bytes }) => readSectionAlone(bytes).number)
}
