// Plans that failed once, kept for ever: in files beside the tests, which replay them.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Plan } from './plan/plan.ts'

/** A plan, and what was wrong with what it did. */
export interface KeptPlan {
  readonly name: string
  /** What it showed, in a sentence or two. */
  readonly showed: string
  readonly plan: Plan
}

const packagePath = createRequire(import.meta.url).resolve('@holdfast/simulator/package.json')

/** Where plans are kept. */
export const schedulesDirectory: string = join(dirname(packagePath), 'test', 'schedules')

/** All of them, by name. */
export function readSchedules(): readonly KeptPlan[] {
  const names = readdirSync(schedulesDirectory).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => readSchedule(join(schedulesDirectory, name)))
}

export function readSchedule(path: string): KeptPlan {
  return JSON.parse(readFileSync(path, 'utf8')) as KeptPlan
}

/** Keeps a plan; gives the path of its file. */
export function keepSchedule(kept: KeptPlan): string {
  mkdirSync(schedulesDirectory, { recursive: true })
  const path = join(schedulesDirectory, `${kept.name}.json`)
  writeFileSync(path, `${JSON.stringify(kept, null, 1)}\n`)
  return path
}
