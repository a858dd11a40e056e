// Switches the faults of the disk shim in a process that runs, or is about to start: a page of
// 64-bit numbers that the process has mapped. The same list of fields is in shim/shim.h.
import { closeSync, existsSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const format = 1
const fieldBytes = 8

/** Faults by name, and the value that switches each off. */
export const faultsOff = {
  /** Milliseconds added to every wall clock of the process. */
  clockOffsetMs: 0,
  /** Every sync takes so many milliseconds longer; 0 ends those that wait as well. */
  syncDelayMs: 0,
  /** 1: syncs succeed and do nothing, and nothing that they should have made durable is. */
  syncIsLying: 0,
  /** The n-th sync from now fails with EIO. */
  syncFailIn: 0,
  /** The n-th write from now writes half of what it was given. */
  writeShortIn: 0,
  /** Bytes that may still be written before ENOSPC; −1: no limit. `statfs` agrees. */
  bytesLeft: -1,
  /** The process is killed before the n-th operation from now. */
  dieIn: 0
} as const

export type Fault = keyof typeof faultsOff
export type Count = 'operations' | 'syncs' | 'writes'

/** In the order of the page, after its format. */
const fields: readonly (Fault | Count)[] = [
  ...(Object.keys(faultsOff) as Fault[]),
  'operations',
  'syncs',
  'writes'
]

export class FaultControl {
  readonly #path: string

  /** `directory` is that of the records of one node; it need not be there yet. */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true })
    this.#path = join(directory, 'control')
    if (existsSync(this.#path)) return
    const page = new BigInt64Array(1 + fields.length)
    page[0] = BigInt(format)
    for (const [at, field] of fields.entries()) {
      page[at + 1] = field in faultsOff ? BigInt(faultsOff[field as Fault]) : 0n
    }
    const file = openSync(this.#path, 'wx')
    writeSync(file, new Uint8Array(page.buffer))
    closeSync(file)
  }

  /** In force at once, also after a restart of the process. */
  set(faults: Partial<Record<Fault, number>>): void {
    const file = openSync(this.#path, 'r+')
    for (const [fault, value] of Object.entries(faults)) {
      const at = 1 + fields.indexOf(fault as Fault)
      const bytes = new Uint8Array(new BigInt64Array([BigInt(value)]).buffer)
      writeSync(file, bytes, 0, fieldBytes, at * fieldBytes)
    }
    closeSync(file)
  }

  /** Switches every fault off. */
  clear(): void {
    this.set(faultsOff)
  }

  read(field: Fault | Count): number {
    const file = openSync(this.#path, 'r')
    const value = new BigInt64Array(1)
    readSync(file, new Uint8Array(value.buffer), 0, fieldBytes, (1 + fields.indexOf(field)) * 8)
    closeSync(file)
    return Number(value[0])
  }
}
