// Looks closer at some of what nodes say: not whether it is true, but whether it would be said and
// told apart as well if it were older, or other by a bit.
import { crc32 } from 'node:zlib'
import { type PeerFrame, readPeerFrame } from '@holdfast/cluster'
import { join } from '../world/join.ts'
import type { Observer } from '../world/observer.ts'
import type { Process } from '../world/process.ts'
import type { Report } from './checks.ts'
import { unseenFlip } from './flipped-bits.ts'
import { misread } from './grown-numbers.ts'

type Left = Parameters<NonNullable<Observer['left']>>[1]
type PeerMessage = PeerFrame['messages'][number]

/** Of so many frames one is looked at: they are alike. */
const sampleOf = 64

export class SampledFrames implements Observer {
  readonly #report: Report
  #frames = 0

  constructor(report: Report) {
    this.#report = report
  }

  left(_process: Process, output: Left): void {
    if (output.type !== 'peer-send') return
    this.#frames += 1
    if (this.#frames % sampleOf !== 0) return
    for (const message of readPeerFrame(join(output.chunks)).messages) this.#look(message)
  }

  #look(message: PeerMessage): void {
    const what = misread(message)
    if (what !== null) this.#report('grown-numbers', what)
    if (message.type !== 'raft' || message.message.type !== 'append-request') return
    for (const entry of message.message.entries) {
      const place = unseenFlip(entry, (bytes) => crc32(bytes))
      if (place === null) continue
      const where = `byte ${place} of entry ${entry.index} of group ${message.group}`
      this.#report('flipped-bits', `${where} may differ unseen`)
    }
  }
}
