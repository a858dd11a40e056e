// Builds programs of Go with the libraries of Debian, offline.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repositoryRoot } from '@holdfast/testkit'

const run = promisify(execFile)
/** No symbols: nobody debugs it. Code other than by default would be the whole library anew. */
const flags = 'GOFLAGS=-ldflags=-s'
const settings = ['GO111MODULE=off', 'GOPATH=/usr/share/gocode', flags, 'CGO_ENABLED=0']

async function go(directory: string, ...flags: readonly string[]): Promise<void> {
  await run('env', [...settings, 'go', ...flags], { cwd: directory })
}

/** Builds the programs of test/amqp/go into a directory. */
export async function buildGoPrograms(directory: string): Promise<void> {
  await go(join(repositoryRoot, 'test/amqp/go'), 'build', '-o', `${directory}/`, './...')
}

/** Builds the program in a directory that is anywhere. */
export async function buildGoProgram(directory: string, program: string): Promise<void> {
  await go(directory, 'build', '-o', program, '.')
}

/** The integration tests that a library ships, as a program; answers with its path. */
export async function buildGoTests(library: string, program: string): Promise<string> {
  await go(library, 'test', '-c', '-vet=off', '-tags', 'integration', '-o', program, '.')
  return program
}
