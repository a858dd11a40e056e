// The ready line of `holdfast dev --json`: which nodes run, where, and how each is started again.
// Whatever dev says before it goes to a log, and into the error if dev ends without being ready.
import type { ChildProcess } from 'node:child_process'
import type { WriteStream } from 'node:fs'
import { within } from './eventually.ts'
import { readJsonLines } from './json-lines.ts'

/** One node as the ready line of dev describes it; `pid` follows restarts. */
export interface ClusterNode {
  readonly id: number
  readonly client: string
  readonly amqp: string
  readonly peer: string
  readonly http: string
  readonly data: string
  readonly command: readonly string[]
  readonly pid: number
}

export interface ReadyLine {
  readonly ready: true
  readonly token: string
  readonly nodes: readonly ClusterNode[]
}

/** Waits for the ready line; `rest` are the lines after it. @throws Error with what dev said. */
export async function readReady(
  development: ChildProcess,
  log: WriteStream,
  timeoutMs: number
): Promise<{ line: ReadyLine; rest: AsyncGenerator<Readonly<Record<string, unknown>>> }> {
  const { stdout, stderr } = development
  if (stdout === null || stderr === null) throw new Error('dev has no output to read')
  let said = ''
  const listen = (text: string): void => {
    said = (said + text).slice(-4_000)
    log.write(text)
  }
  stderr.on('data', (chunk: Buffer) => listen(chunk.toString('utf8')))
  const rest = readJsonLines(stdout, (line) => listen(`${line}\n`))
  const first = async (): Promise<ReadyLine> => {
    for (;;) {
      const { value, done } = await rest.next()
      if (done === true) throw new Error(`holdfast dev ended before it was ready:\n${said}`)
      if (value['ready'] === true) return value as unknown as ReadyLine
      listen(`${JSON.stringify(value)}\n`)
    }
  }
  return { line: await within('ready line of holdfast dev', timeoutMs, first()), rest }
}
