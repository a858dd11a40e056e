// The options of `npm run fuzz`, read once and checked.
import { parseArgs } from 'node:util'
import { targetNames } from './target-list.ts'

export const usage: string = `npm run fuzz -- [TARGET…] [options]
  TARGET         of the list below; all of them if none is named
  --inputs N     inputs of each target
  --seconds S    or for so long, each (10)
  --seed N       of everything that is drawn; printed (random)
  --resume       goes on with the corpus and the ledger of earlier pieces in .fuzz
  --keep         writes the corpus, made small, beside the sources
  --report       adds the ledger up, and does nothing else
targets: ${targetNames.join(' ')}
`

export interface FuzzOptions {
  readonly targets: readonly string[]
  readonly inputsMax: number
  readonly secondsMax: number
  readonly seed: number
  readonly isResumed: boolean
  readonly isKept: boolean
  readonly isReport: boolean
}

const flags = {
  inputs: { type: 'string' },
  seconds: { type: 'string' },
  seed: { type: 'string' },
  resume: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  report: { type: 'boolean', default: false }
} as const

/** @throws Error with a sentence for whoever typed it */
export function readOptions(args: readonly string[]): FuzzOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: flags,
    allowPositionals: true
  })
  const number = (name: 'inputs' | 'seconds' | 'seed', other: number): number => {
    const text = values[name]
    if (text === undefined) return other
    const value = Number(text)
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number from 0`)
    return value
  }
  const unknown = positionals.find((name) => !targetNames.includes(name))
  if (unknown !== undefined) throw new Error(`no target is called '${unknown}'`)
  return {
    targets: positionals.length === 0 ? targetNames : positionals,
    inputsMax: number('inputs', Number.POSITIVE_INFINITY),
    secondsMax: number('seconds', values.inputs === undefined ? 10 : Number.POSITIVE_INFINITY),
    seed: number('seed', Date.now() % 1_000_000),
    isResumed: values.resume,
    isKept: values.keep,
    isReport: values.report
  }
}
