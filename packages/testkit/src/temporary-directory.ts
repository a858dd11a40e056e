// Directories that a test owns and that are gone when it ends.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What `temporaryDirectory` needs of a tap test: a way to clean up at its end. */
export interface Teardown {
  teardown(clean: () => void): void
}

/** Makes `<tmp>/holdfast-<name>-XXXXXX` and returns its path. The caller removes it. */
export function makeTemporaryDirectory(name: string, parent: string = tmpdir()): string {
  return mkdtempSync(join(parent, `holdfast-${name}-`))
}

/** Removes a directory and all in it; it is no error if there is none. */
export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

/** Makes a directory for one test; it is removed at the end of the test. */
export function temporaryDirectory(t: Teardown, name: string = 'test'): string {
  const path = makeTemporaryDirectory(name)
  t.teardown(() => removeDirectory(path))
  return path
}
