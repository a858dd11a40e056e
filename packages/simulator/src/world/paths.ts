// What lies between two hosts, one way: whether it is cut, how slow it is, when it carries again.
// Clients are all in one place, which has number 0.
import type { Random } from '@holdfast/testkit'
import type { NetworkPlan } from '../plan/plan.ts'

/** Where the clients are. */
export const clientsPlace = 0

export interface Path {
  /** How many faults cut it at present. */
  cuts: number
  slowMs: number
  clogUntilMs: number
  /** Until then one of the two connections of a link carries nothing. */
  raftClogUntilMs: number
  /** Bytes a millisecond; 0: no bound. */
  bytesPerMs: number
  /** When what was sent before has passed a path with a bound. */
  freeAtMs: number
}

const unbounded = { bytesPerMs: 0, freeAtMs: 0 }

export class Paths {
  readonly #paths = new Map<number, Path>()
  readonly #random: Random
  plan: NetworkPlan

  constructor(plan: NetworkPlan, random: Random) {
    this.plan = plan
    this.#random = random
  }

  path(from: number, to: number): Path {
    const key = from * 1024 + to
    let path = this.#paths.get(key)
    if (path === undefined) {
      path = { cuts: 0, slowMs: 0, clogUntilMs: 0, raftClogUntilMs: 0, ...unbounded }
      this.#paths.set(key, path)
    }
    return path
  }

  isCut(from: number, to: number): boolean {
    return (this.#paths.get(from * 1024 + to)?.cuts ?? 0) > 0
  }

  /** When the Raft lane carries something again. */
  raftOpensMs(from: number, to: number): number {
    return this.#paths.get(from * 1024 + to)?.raftClogUntilMs ?? 0
  }

  /** Both ways. */
  canTalk(a: number, b: number): boolean {
    return !this.isCut(a, b) && !this.isCut(b, a)
  }

  /** All is well between all hosts. */
  heal(): void {
    this.#paths.clear()
  }

  /** How long something small is under way where nothing is wrong. */
  delayMs(): number {
    const { delayMsMean, delayMsMax } = this.plan
    const drawn = -Math.log(1 - this.#random.fraction()) * delayMsMean
    return Math.min(delayMsMax, Math.floor(drawn))
  }

  /** When `bytes` that leave now are there. */
  arrivalMs(from: number, to: number, bytes: number, nowMs: number): number {
    const path = this.#paths.get(from * 1024 + to)
    const atMs = nowMs + this.delayMs()
    if (path === undefined) return atMs
    let leavesMs = Math.max(nowMs, path.clogUntilMs)
    if (path.bytesPerMs > 0) {
      leavesMs = Math.max(leavesMs, path.freeAtMs) + bytes / path.bytesPerMs
      path.freeAtMs = leavesMs
    }
    return Math.ceil(leavesMs) + (atMs - nowMs) + path.slowMs
  }
}
