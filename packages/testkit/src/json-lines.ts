// JSON lines between processes: what `holdfast dev --json` prints, what the load generators of the
// chaos test say to their parent, and what the history is read from.
import type { Readable } from 'node:stream'

/** Longest line that is kept; a longer one is refused rather than buffered without end. */
export const lineBytesMax: number = 16 * 1024 * 1024

/** Cuts a byte stream into lines, across chunks and inside multi-byte characters. */
export class LineSplitter {
  #kept: Buffer[] = []
  #keptBytes = 0

  /** The complete lines that `chunk` ends, without their newlines. */
  push(chunk: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, at)
      lines.push(this.#kept.length === 0 ? piece.toString('utf8') : this.#join(piece))
      start = at + 1
    }
    if (start < chunk.length) {
      this.#kept.push(chunk.subarray(start))
      this.#keptBytes += chunk.length - start
      if (this.#keptBytes > lineBytesMax) throw new Error(`a line exceeds ${lineBytesMax} bytes`)
    }
    return lines
  }

  /** What follows the last newline. */
  end(): string {
    return this.#join(Buffer.alloc(0))
  }

  #join(piece: Buffer): string {
    const text = Buffer.concat([...this.#kept, piece]).toString('utf8')
    this.#kept = []
    this.#keptBytes = 0
    return text
  }
}

/** Every line of a stream that is a JSON object; other lines go to `other`, where given. */
export async function* readJsonLines(
  stream: Readable,
  other: (line: string) => void = () => {}
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const splitter = new LineSplitter()
  const parse = (line: string): Readonly<Record<string, unknown>> | null => {
    if (line.startsWith('{')) {
      try {
        return JSON.parse(line) as Readonly<Record<string, unknown>>
      } catch {
        // Not JSON after all, for instance a cut line of a killed process.
      }
    }
    if (line !== '') other(line)
    return null
  }
  for await (const chunk of stream) {
    for (const line of splitter.push(chunk as Buffer)) {
      const value = parse(line)
      if (value !== null) yield value
    }
  }
  const value = parse(splitter.end())
  if (value !== null) yield value
}
