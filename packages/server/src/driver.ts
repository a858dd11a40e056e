// Carries out what a member wants done: the only place where outputs become I/O. Inputs gather
// while the event loop serves sockets, and are handed over once per turn; outputs are carried out
// in order, and those that name a commit record wait until it is durable.
import type {
  AdminReply,
  AdminRequest,
  CommitRecord,
  Gone,
  Input,
  Output,
  ReadResult
} from '@holdfast/cluster'
import { assert, HoldfastError, unreachable } from '@holdfast/errors'
import { AdminCalls } from './admin-calls.ts'
import type { DriverOptions } from './driver-ports.ts'
import { HeldOutputs, type Sendable } from './held-outputs.ts'
import { serverLimits } from './limits.ts'
import { type Read, readFrom } from './reads.ts'

export class Driver {
  readonly #options: DriverOptions
  readonly #held = new HeldOutputs()
  readonly #calls: AdminCalls
  #inputs: Input[] = []
  #isScheduled = false
  #hasEnded = false
  #isCondemned = false
  #durable: number
  #writing: number | null = null
  #rest: NodeJS.Timeout | null = null
  /** Moment at which the rest ends, by the monotonic clock. */
  #restUntilMs = 0

  constructor(options: DriverOptions) {
    this.#options = options
    this.#durable = options.store.recovered.lastRecord
    this.#calls = new AdminCalls((input) => this.input(input))
  }

  /**
   * Starts the clock: every turn tells the member what time it is, and there is one when nothing
   * else has happened for as long as the member can rest.
   */
  start(): void {
    this.#schedule()
  }

  /** The data is noted to be damaged, and the node has ended for that. */
  get isCondemned(): boolean {
    return this.#isCondemned
  }

  /** Nothing is carried out any more; calls that wait are refused. */
  stop(): void {
    this.#hasEnded = true
    if (this.#rest !== null) clearTimeout(this.#rest)
    this.#calls.refuseAll('this node stops')
  }

  /** Adds an input to the next turn. */
  input(input: Input): void {
    if (this.#hasEnded) return
    this.#inputs.push(input)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled || this.#hasEnded) return
    this.#isScheduled = true
    setImmediate(() => this.#turn())
  }

  /** Resolves with the member's answer. @throws HoldfastError */
  request(request: AdminRequest, gone?: Gone): Promise<AdminReply> {
    return this.#calls.ask(request, gone)
  }

  /**
   * What time it is, first of all: a process that was held up must not act on what it knew before.
   */
  #timeInput(): Extract<Input, { type: 'tick' }> {
    const { nowMs, wallMs } = this.#options
    return { type: 'tick', nowMs: Math.floor(nowMs()), wallMs: Math.floor(wallMs()) }
  }

  #turn(): void {
    this.#isScheduled = false
    if (this.#hasEnded) return
    const time = this.#timeInput()
    const inputs = [time, ...this.#inputs]
    this.#inputs = []
    try {
      for (const output of this.#options.member.step(inputs)) {
        this.#carry(output)
        if (this.#hasEnded) return
      }
      this.#flush()
      this.#restFrom(time.nowMs)
    } catch (error) {
      this.#fail('the member failed', error)
    }
  }

  /** Many turns in a row end in the same rest, until a heartbeat is due: one timer is for all. */
  #restFrom(nowMs: number): void {
    const { restMs } = this.#options.member
    if (this.#rest !== null) {
      if (this.#restUntilMs === nowMs + restMs) return
      clearTimeout(this.#rest)
    }
    this.#restUntilMs = nowMs + restMs
    this.#rest = setTimeout(() => {
      this.#rest = null
      this.#schedule()
    }, restMs)
  }

  #flush(): void {
    this.#options.peers.flush()
    this.#options.clients.flush()
  }

  #carry(output: Output): void {
    switch (output.type) {
      case 'write':
        this.#write(output.record)
        return
      case 'read-entries':
      case 'read-blobs':
      case 'read-staged':
        this.#read(output)
        return
      case 'read-retained': {
        const { id, group, from, countMax } = output
        const entries = this.#options.store.retained(group, from, countMax)
        this.input({ type: 'retained-done', id, entries })
        return
      }
      case 'read-held': {
        const { id, group, indexes } = output
        const entries = this.#options.store.held(group, indexes)
        this.input({ type: 'retained-done', id, entries })
        return
      }
      case 'peer-send':
      case 'client-send':
      case 'client-close':
        if (!this.#held.holds(output, this.#durable)) this.#send(output)
        return
      case 'client-pause':
        this.#options.clients.pause(output.connection)
        return
      case 'client-resume':
        this.#options.clients.resume(output.connection)
        return
      case 'peers':
        this.#options.peers.setPeers(output.peers)
        return
      case 'peer-close':
        this.#options.peers.closeLink(output.link)
        return
      case 'probe-peer':
        this.#options.peers.probe(output.id, output.address, output.adopt)
        return
      case 'admin-reply':
        this.#calls.answer(output.id, output.result)
        return
      case 'verify-password':
        this.#verify(output)
        return
      case 'log':
        this.#options.log(output.level, output.message, output.fields)
        return
      case 'condemn':
        this.#condemn(output.reason)
        return
      case 'exit':
        this.#end(output.code, output.reason)
        return
      default:
        unreachable(output)
    }
  }

  #send(output: Sendable): void {
    switch (output.type) {
      case 'peer-send':
        this.#options.peers.send(output.node, output.lane, output.chunks)
        return
      case 'client-send':
        this.#options.clients.send(output.connection, output.chunks)
        return
      case 'client-close':
        this.#options.clients.close(output.connection)
        return
      default:
        unreachable(output)
    }
  }

  #verify({ id, password, hash, effort }: Extract<Output, { type: 'verify-password' }>): void {
    const { passwords, log } = this.#options
    const answer = (isRight: boolean): void => {
      this.input({ type: 'password-verified', id, isRight })
    }
    if (effort === 'recall') return answer(passwords.isRemembered(password, hash))
    passwords.verify(password, hash).then(answer, (error: unknown) => {
      log('error', 'a password cannot be verified', { reason: String(error) })
      answer(false)
    })
  }

  #write(record: CommitRecord): void {
    assert(this.#writing === null, 'one write is in flight at a time')
    assert(record.id > this.#durable, 'ids of commit records grow')
    this.#writing = record.id
    this.#options.store.write(record).then(
      () => this.#written(record),
      (error: unknown) => this.#fail('a write failed', error)
    )
  }

  #written(record: CommitRecord): void {
    if (this.#hasEnded) return
    this.#writing = null
    this.#durable = record.id
    if (record.identity !== null) this.#options.identified(record.identity)
    this.#held.release(record.id, (output) => this.#send(output))
    this.#flush()
    this.input({ type: 'written', id: record.id })
  }

  #read(output: Read): void {
    if (this.#hasEnded) return
    readFrom(this.#options.store, output).then(
      (results) => this.input({ type: 'read-done', id: output.id, results }),
      (error: unknown) => this.#readFailed(output, error)
    )
  }

  #readFailed(output: Read, error: unknown): void {
    if (this.#hasEnded) return
    if (error instanceof HoldfastError && error.row.retry === 'later') {
      setTimeout(() => this.#read(output), serverLimits.readRetryMs)
      return
    }
    const { group } = output
    this.#options.log('error', 'a read failed', {
      group,
      reason: HoldfastError.from(error).message
    })
    // The honest statement is that this node does not have it intact (storage rule S2).
    const count = output.type === 'read-entries' ? 1 : output.ids.length
    const results: ReadResult[] = Array.from({ length: count }, () => ({ type: 'damaged' }))
    this.input({ type: 'read-done', id: output.id, results })
  }

  /** Crash-only: whatever is not understood ends the process (storage rule S2, failure mode 97). */
  #fail(what: string, error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#options.log('error', what, { reason })
    this.#end(70, `${what}: ${error instanceof Error ? error.message : String(error)}`)
  }

  /** Nothing is carried out any more, and the process does not end before the note is durable. */
  #condemn(reason: string): void {
    if (this.#hasEnded) return
    this.stop()
    this.#options.condemn(reason).then(
      () => {
        this.#isCondemned = true
        this.#options.ended(0, reason)
      },
      (error: unknown) => this.#options.ended(70, `a write failed: ${String(error)}`)
    )
  }

  #end(code: 0 | 70, reason: string): void {
    if (this.#hasEnded) return
    // A farewell may be among what was sent in this turn.
    if (code === 0) this.#flush()
    this.stop()
    this.#options.ended(code, reason)
  }
}
