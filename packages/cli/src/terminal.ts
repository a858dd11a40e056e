// What a command needs of its surroundings; tests pass their own.

export interface Terminal {
  /** One line to stdout. */
  print(line: string): void
  /** One line to stderr. */
  complain(line: string): void
  /** Raw bytes to stdout. Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>
  /** True if a person types what `readInput` reads. */
  readonly isInputTyped: boolean
  /** All of stdin. */
  readInput(): Promise<Uint8Array>
  /**
   * Calls `listener` on Ctrl-C, when asked to stop, and when a parent with a channel is gone.
   * Returns what stops listening.
   */
  onStop(listener: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
  /** Aborted pauses reject. */
  pause(delayMs: number, signal?: AbortSignal): Promise<void>
  timeOfDay(): string
}
