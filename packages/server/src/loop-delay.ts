// Measures how long the event loop stood still, since a node that cannot run cannot send heartbeats
// (failure mode 96, storage rule S14).
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { serverLimits } from './limits.ts'
import type { Log } from './logger.ts'

export class LoopDelay {
  readonly #histogram: IntervalHistogram
  readonly #timer: NodeJS.Timeout

  constructor(log: Log) {
    this.#histogram = monitorEventLoopDelay({ resolution: 20 })
    this.#histogram.enable()
    this.#timer = setInterval(() => this.#report(log), serverLimits.loopReportIntervalMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#histogram.disable()
  }

  #report(log: Log): void {
    const maxMs = Math.round(this.#histogram.max / 1e6)
    const p99Ms = Math.round(this.#histogram.percentile(99) / 1e6)
    this.#histogram.reset()
    if (maxMs >= serverLimits.loopDelayWarnMs) {
      log('warn', 'the event loop stood still', { maxMs, p99Ms })
    }
  }
}
