// Where the server of a node lives, and how its process is started: with a channel that tells it
// when the test is gone, and with its output in the log of the test.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import type { WriteStream } from 'node:fs'

/** Where a node of a cluster without `holdfast dev` lives. */
export interface NodeSite {
  /** A loopback address. */
  readonly host: string
  /** Its data directory. */
  readonly data: string
  /** Program and first arguments that run a file of Node.js there. */
  readonly launcher: readonly string[]
}

/** The channel tells what is started here when this process is gone, also by SIGKILL. */
export const childStdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'ipc']

export function childEnvironment(added: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: children inherit PATH and the like.
  return { ...process.env, ...added }
}

/** True once all is read that a process has said: it may have ended long before. */
export function isRead(child: ChildProcess | null): boolean {
  return child?.stdout?.closed !== false && child?.stderr?.closed !== false
}

/** It is one of `children` until all is read. @throws Error if it cannot be started at all */
export function spawnServer(
  command: readonly string[],
  environment: NodeJS.ProcessEnv | undefined,
  log: WriteStream,
  children: Set<ChildProcess>
): ChildProcess {
  const [program = process.execPath, ...flags] = command
  const child = spawn(program, flags, { stdio: childStdio, env: childEnvironment(environment) })
  if (child.pid === undefined) throw new Error(`cannot start ${command.join(' ')}`)
  child.stdout?.on('data', (chunk: Buffer) => log.write(chunk))
  child.stderr?.on('data', (chunk: Buffer) => log.write(chunk))
  children.add(child)
  child.once('close', () => children.delete(child))
  return child
}
