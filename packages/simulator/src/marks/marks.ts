// Coverage of what matters: a campaign that never installed a snapshot while a leader died has not
// shown that this works. Marks are derived from what a member takes in, wants and writes, so that
// production code knows nothing of them. Which ones a campaign must reach is in catalogue.ts.
import { type CommitRecord, type Input, type Output, readPeerFrame } from '@holdfast/cluster'
import type { Host } from '../world/host.ts'
import type { Observer } from '../world/observer.ts'
import type { Process } from '../world/process.ts'
import type { World } from '../world/world.ts'
import { markFrame } from './frame-marks.ts'
import { markRecord } from './record-marks.ts'

/** Notes that something happened. */
export type Reached = (mark: string) => void

/** How often frames are looked into: to decode each of them twice would be a tenth of a run. */
const frameEvery = 4

export class Marks implements Observer {
  readonly #world: World
  readonly #looksIntoFrames: boolean
  /** What each process is in the midst of. */
  readonly #led = new Map<Process, Set<number>>()
  readonly #written = new WeakMap<Host, CommitRecord>()
  readonly reached: Reached

  constructor(world: World, seed: number) {
    this.#world = world
    this.#looksIntoFrames = seed % frameEvery === 0
    const { marks } = world
    this.reached = (mark) => void marks.set(mark, (marks.get(mark) ?? 0) + 1)
  }

  started({ host }: Process): void {
    const { groups, identity, lastRecord } = host.disk
    if (lastRecord === 0) return this.reached('start: blank')
    this.reached(identity === null ? 'start: without a place' : 'start: as a member')
    for (const { meta, lastIndex, staged, entries } of groups.values()) {
      const applied = meta?.id.index ?? 0
      if (staged !== null) this.reached('start: a snapshot half fetched')
      if (meta !== null && lastIndex > applied) this.reached('start: a snapshot and a log')
      if (meta !== null && lastIndex === applied) this.reached('start: a snapshot alone')
      if (meta === null && lastIndex > 0) this.reached('start: a log alone')
      if (entries.size > 0 && lastIndex - applied < entries.size) {
        this.reached('start: entries retained below the snapshot')
      }
    }
  }

  stepped(process: Process, inputs: readonly Input[], outputs: readonly Output[]): void {
    for (const input of inputs) this.#input(process, input)
    for (const output of outputs) this.#output(process, output)
    if (outputs.length === 0) this.reached('step: nothing to do')
    if (inputs.length > 10) this.reached('step: more than ten inputs')
  }

  #input(process: Process, input: Input): void {
    switch (input.type) {
      case 'tick':
      case 'client-bytes':
      case 'client-drained':
        return
      case 'peer-frame':
        if (this.#looksIntoFrames) markFrame(readPeerFrame(input.bytes), this.reached)
        return
      case 'read-done':
        for (const { type } of input.results) this.reached(`read: ${type}`)
        return
      case 'admin':
        return this.reached(`asked: ${input.request.type}`)
      case 'probe-done':
        return this.reached('error' in input.result ? 'probe: no answer' : 'probe: an answer')
      case 'client-down':
        if (this.#leads(process)) this.reached('input: client-down at a leader')
        return this.reached('input: client-down')
      default:
        return this.reached(`input: ${input.type}`)
    }
  }

  #output(process: Process, output: Output): void {
    switch (output.type) {
      case 'write':
      case 'client-send':
        return
      case 'peer-send':
        return this.reached(output.after === null ? 'send: at once' : 'send: after a record')
      case 'admin-reply':
        if ('error' in output.result) return this.reached(`answered: ${output.result.error.code}`)
        return this.reached(`answered: ${output.result.type}`)
      case 'log':
        return this.#log(process, output)
      case 'exit':
        return this.reached(`exit: ${output.reason}`)
      case 'probe-peer':
        return this.reached(output.adopt === null ? 'probe: who is there' : 'probe: with an offer')
      default:
        return this.reached(`output: ${output.type}`)
    }
  }

  #log(process: Process, { message, fields }: Extract<Output, { type: 'log' }>): void {
    this.reached(`log: ${message}`)
    const group = Number(fields['group'])
    const led = this.#led.get(process) ?? new Set<number>()
    this.#led.set(process, led)
    if (message === 'leads a group') led.add(group)
    if (message === 'leads a group no more') led.delete(group)
    const isMetadata = group === 0
    if (message === 'leads a group' && isMetadata) this.reached('lead: the metadata')
    if (message === 'leads a group' && led.size > 1) this.reached('lead: several groups')
    if (message === 'a snapshot is complete' && led.size > 0) {
      this.reached('lead: some groups while a snapshot of another is fetched')
    }
  }

  #leads(process: Process): boolean {
    return (this.#led.get(process)?.size ?? 0) > 0
  }

  durable(host: Host, record: CommitRecord): void {
    this.#written.set(host, record)
    markRecord(record, this.reached)
  }

  ended(process: Process): void {
    const led = this.#led.get(process)
    if (led !== undefined && led.size > 0) this.reached('end: of a leader')
    if (led?.has(0)) this.reached('end: of the leader of the metadata')
    if (process.isPaused) this.reached('end: while it stood still')
    const last = this.#written.get(process.host)
    if ((last?.installs.length ?? 0) > 0) this.reached('end: just after an install')
    if ((last?.stages.length ?? 0) > 0) this.reached('end: while a snapshot is fetched')
    if ((last?.snapshots.length ?? 0) > 0) this.reached('end: just after a snapshot')
    if (last?.groups.some(({ truncateFrom }) => truncateFrom !== null)) {
      this.reached('end: just after a truncation')
    }
    if (last?.groups.some(({ hardState }) => hardState?.vote != null)) {
      this.reached('end: just after a vote')
    }
    const { length } = this.#world.runningHosts
    if (length === 0) this.reached('end: of the last process that ran')
    this.#led.delete(process)
  }

  wiped(): void {
    this.reached('disk: lost')
  }
}
