// Runs the built tests that it is given one after another in this process. A sentence is reported
// behind the name of its file.
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import t from 'tap'

/** For all sentences of one file. */
const limitMs = 280_000

// Some tests have parameters of their own, for those who run them by themselves.
const files = process.argv.splice(2)
const { test } = t
for (const file of files) {
  const running: unknown[] = []
  const value = (sentence: string, ...rest: [never]): unknown => {
    const result = test(`${file}: ${sentence}`, ...rest)
    running.push(result)
    return result
  }
  Object.defineProperty(t, 'test', { value, configurable: true })
  t.setTimeout(limitMs)
  try {
    await import(pathToFileURL(file).href)
  } catch (error) {
    t.fail(`${file}: is loaded`, { error })
  }
  await Promise.all(running)
}
