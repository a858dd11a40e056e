// One process of tests: started as anybody would start it, with nothing loaded into it, since what
// is loaded into it would be loaded into the nodes that it starts, too.
import { spawn } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Run } from './plan.ts'

export interface Result {
  readonly run: Run
  /** Sentences. */
  readonly passed: number
  readonly failed: number
  readonly ms: number
  /** What it said. */
  readonly output: string
}

export interface Limits {
  /** Until a process is killed. */
  readonly ms: number
  /** Of the end of what a process says. */
  readonly characters: number
}

const together = fileURLToPath(new URL('./together-main.js', import.meta.url))

/** From the end of a process to that of what it says. */
const graceMs = 5_000

const count = (output: string, line: RegExp): number => output.match(line)?.length ?? 0

/** `root`: the directory from which files are named. */
export async function execute(run: Run, root: string, limits: Limits): Promise<Result> {
  const startMs = performance.now()
  const program = run.files.length === 1 ? run.files : [together, ...run.files]
  const child = spawn(process.execPath, ['--enable-source-maps', ...program], {
    cwd: root,
    // biome-ignore lint/style/noProcessEnv: handed on, with the limit of the library of tests.
    env: { ...process.env, TAP_TIMEOUT: String(Math.ceil(limits.ms / 1_000)) },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const stop = (): void => void child.kill('SIGTERM')
  process.once('exit', stop)
  let [output, line, passed, failed] = ['', '', 0, 0]
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-limits.characters)
    })
  }
  child.stdout.on('data', (text: string) => {
    const end = (line + text).lastIndexOf('\n') + 1
    const lines = (line + text).slice(0, end)
    line = (line + text).slice(end)
    passed += count(lines, /^ok /gm)
    failed += count(lines, /^not ok /gm)
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), limits.ms)
  // What it has left behind may hold its end of a pipe for ever.
  child.once('exit', () => {
    const letGo = (): void => {
      for (const stream of [child.stdout, child.stderr]) stream.destroy()
    }
    setTimeout(letGo, graceMs).unref()
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (...how) => resolve(how))
  })
  clearTimeout(timer)
  process.off('exit', stop)
  // It crashed, ran out of time, or tested nothing.
  if (failed === 0 && (code !== 0 || passed === 0)) {
    failed = 1
    output += `# the process ended with ${code ?? signal}\n`
  }
  return { run, passed, failed, ms: performance.now() - startMs, output }
}
