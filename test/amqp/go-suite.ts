// The integration tests that a library of Go ships, against a node.
import type { Test } from 'tap'
import { ClientProgram } from './client-program.ts'

/** Tests that cannot pass yet, and what they wait for. One that passes has to leave this list. */
const waiting: Readonly<Record<string, string>> = {}

/** Many give an answer 200 ms, which a busy machine may not have: what failed is tried again. */
const attemptsMax = 5

export interface GoSuite {
  /** The library, where its tests have their data. */
  readonly directory: string
  /** Its tests, built. */
  readonly program: string
  /** Of the node. */
  readonly url: string
}

interface Run {
  readonly outcomes: ReadonlyMap<string, string>
  readonly said: string
}

async function names(t: Test, { directory, program }: GoSuite): Promise<readonly string[]> {
  const list = new ClientProgram(t, [program, '-test.list=.'], { directory })
  await list.ended
  // Those of the allocator keep a processor busy, and meet no server.
  return list.lines.filter((line) => /^Test(?!Allocator)/.test(line))
}

async function run(t: Test, suite: GoSuite, tests: readonly string[]): Promise<Run> {
  const { directory, program: path, url } = suite
  const flags = ['-test.v', '-test.timeout=240s', `-test.run=^(${tests.join('|')})$`]
  const environment = { AMQP_URL: url }
  const program = new ClientProgram(t, [path, ...flags], { directory, environment })
  await program.ended
  const outcomes = new Map<string, string>()
  for (const line of program.lines) {
    const [, outcome, name] = /^--- (\w+): (\w+)/.exec(line) ?? []
    if (outcome !== undefined && name !== undefined) outcomes.set(name, outcome)
  }
  return { outcomes, said: program.lines.join('\n') }
}

export async function testGoSuite(t: Test, suite: GoSuite): Promise<void> {
  const all = await names(t, suite)
  t.ok(all.length > 90, `${all.length} tests`)
  let failed: readonly string[] = all
  let said = ''
  for (let attempt = 1; attempt <= attemptsMax && failed.length > 0; attempt++) {
    const { outcomes, ...rest } = await run(t, suite, failed)
    if (attempt === 1) {
      const passed = Object.keys(waiting).filter((name) => outcomes.get(name) !== 'FAIL')
      t.same(passed, [], 'what waits for something fails')
    }
    failed = failed.filter((name) => outcomes.get(name) !== 'PASS' && !(name in waiting))
    said = rest.said
  }
  t.same(failed, [], `all others pass:\n${failed.length > 0 ? said.slice(-8_000) : ''}`)
}
