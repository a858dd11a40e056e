// Fewer, larger buffers for a socket: a write of its own costs a small piece more than a copy does.
import { transportLimits } from './limits.ts'

/** Joins runs of small pieces into one buffer each; large pieces pass as they are. */
export function joinSmallPieces(queue: readonly Uint8Array[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = []
  let runStart = 0
  let runBytes = 0
  const endRun = (end: number): void => {
    if (end > runStart) {
      const run = queue.slice(runStart, end)
      const only = run.length === 1 ? run[0] : undefined
      pieces.push(only ?? Buffer.concat(run, runBytes))
    }
    runBytes = 0
  }
  for (const [position, piece] of queue.entries()) {
    if (piece.length < transportLimits.coalesceBytes) {
      runBytes += piece.length
      continue
    }
    endRun(position)
    pieces.push(piece)
    runStart = position + 1
  }
  endRun(queue.length)
  return pieces
}
