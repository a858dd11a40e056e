// Client libraries that come from Debian. Who lacks them runs all other tests: other systems have
// no such packages. The checks of a change (`.ci/run`, which sets CI) install them, and fail
// without.
import { existsSync } from 'node:fs'
import type { Test } from 'tap'

interface Package {
  readonly name: string
  /** A file by which it is known. */
  readonly file: string
}

const libraries = '/usr/share/gocode/src/github.com'
const modules = '/usr/lib/python3/dist-packages'

export const goLibraries: Readonly<Record<'streadway' | 'rabbitmq', string>> = {
  streadway: `${libraries}/streadway/amqp`,
  rabbitmq: `${libraries}/rabbitmq/amqp091-go`
}

/** Debian's: another Python does not see Debian's modules. */
export const python = '/usr/bin/python3'

export const goPackages: readonly Package[] = [
  { name: 'golang-go', file: '/usr/bin/go' },
  { name: 'golang-github-streadway-amqp-dev', file: goLibraries.streadway },
  { name: 'golang-github-rabbitmq-amqp091-go-dev', file: goLibraries.rabbitmq }
]
export const pikaPackages: readonly Package[] = [{ name: 'python3-pika', file: `${modules}/pika` }]
export const celeryPackages: readonly Package[] = [
  { name: 'python3-celery', file: `${modules}/celery` }
]

/** False, and the test says so, where a package is missing. @throws Error in the checks */
export function hasPackages(t: Test, packages: readonly Package[]): boolean {
  const missing = packages.filter(({ file }) => !existsSync(file)).map(({ name }) => name)
  if (missing.length === 0) return true
  const sentence = `not tested here; on Debian: apt-get install ${missing.join(' ')}`
  // biome-ignore lint/style/noProcessEnv: the checks of a change say so by it
  if (process.env['CI'] !== undefined) throw new Error(sentence)
  t.comment(sentence)
  return false
}
