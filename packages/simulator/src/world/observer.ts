// Whoever watches a world: checkers, marks. What is not of interest is left out.
import type { CommitRecord, Input, Output } from '@holdfast/cluster'
import type { Host } from './host.ts'
import type { Process } from './process.ts'

export interface Observer {
  /** A process begins with what its disk held. */
  started?(process: Process): void
  /** A member has taken a step; nothing of it is carried out yet. */
  stepped?(process: Process, inputs: readonly Input[], outputs: readonly Output[]): void
  /** A commit record is on the disk, whether its process lives to learn of it or not. */
  durable?(host: Host, record: CommitRecord): void
  /** What had to wait for a record, or not, leaves the process now. */
  left?(process: Process, output: Extract<Output, { type: 'peer-send' | 'client-send' }>): void
  /** A process is gone, with or without a word. */
  ended?(process: Process): void
  /** The disk of a host is gone, with all that was on it. */
  wiped?(host: Host): void
}
