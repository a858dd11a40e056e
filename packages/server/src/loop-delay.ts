// Measures how long the event loop stood still, since a node that cannot run cannot send heartbeats
// (failure mode 96, storage rule S14).
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { serverLimits } from './limits.ts'
import type { Log } from './logger.ts'

export class LoopDelay {
  readonly #histogram: IntervalHistogram
  readonly #timer: NodeJS.Timeout

  constructor(log: Log) {
    this.#histogram = monitorEventLoopDelay({ resolution: serverLimits.loopResolutionMs })
    this.#histogram.enable()
    this.#timer = setInterval(() => this.#report(log), serverLimits.loopReportIntervalMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#histogram.disable()
  }

  #report(log: Log): void {
    // The histogram holds the times between two looks.
    const lateMs = (ns: number): number =>
      Math.max(0, Math.round(ns / 1e6) - serverLimits.loopResolutionMs)
    const maxMs = lateMs(this.#histogram.max)
    const p99Ms = lateMs(this.#histogram.percentile(99))
    this.#histogram.reset()
    if (maxMs >= serverLimits.loopDelayWarnMs) {
      log('warn', 'the event loop stood still', { maxMs, p99Ms })
    }
  }
}
