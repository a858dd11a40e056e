// From arguments to an exit code.
import { exitCodes } from '@holdfast/server/terminal'
import { CommanderError } from 'commander'
import { describeFailure } from './failure.ts'
import { processTerminal } from './process-terminal.ts'
import { createProgram, type Surroundings } from './program.ts'
import type { Connect } from './sdk.ts'

/** Runs one command. Resolves with its exit code; `server` goes on running after that. */
export async function run(
  parameters: readonly string[],
  surroundings: Surroundings
): Promise<number> {
  try {
    await createProgram(surroundings).parseAsync([...parameters], { from: 'user' })
    return exitCodes.done
  } catch (error) {
    // commander has printed its own errors, and help, already.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    }
    const failure = describeFailure(error)
    for (const line of failure.lines) surroundings.terminal.complain(line)
    return failure.exitCode
  }
}

/** The SDK, loaded by those commands that use it. */
const connect: Connect = async (addresses, options) => {
  const sdk = await import('@holdfast/client')
  return sdk.connect(addresses, options)
}

/** `launcher`: program and first arguments that run `holdfast`. */
export async function main(
  parameters: readonly string[],
  launcher: readonly string[]
): Promise<void> {
  // Whoever reads our output may go away: `holdfast queue list | head`.
  process.stdout.on('error', () => process.exit(exitCodes.done))
  const exitCode = await run(parameters, { terminal: processTerminal, connect, launcher })
  // A node that could not start may have left something open; one that runs ends by itself.
  if (exitCode !== exitCodes.done) process.exit(exitCode)
}
