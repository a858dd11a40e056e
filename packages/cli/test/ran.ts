// Runs one command as the launcher would, with stand-ins for everything outside.
import { run } from '../src/main.ts'
import { type FakeSdk, FakeTerminal, fakeSdk } from './fakes.ts'

export interface Ran {
  readonly code: number
  readonly terminal: FakeTerminal
  readonly out: string
  readonly err: string
}

export async function ran(
  words: readonly string[],
  sdk: FakeSdk = fakeSdk(),
  terminal: FakeTerminal = new FakeTerminal()
): Promise<Ran> {
  const code = await run(words, { terminal, connect: sdk.connect, launcher: ['holdfast'] })
  return { code, terminal, out: terminal.lines.join('\n'), err: terminal.complaints.join('\n') }
}
