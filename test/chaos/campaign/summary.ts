// The report of a campaign: its ledger as text for people, and the verdict.
import { median, quantile } from '../gap-meter.ts'
import type { LostRuns } from '../loss.ts'
import { table } from '../report.ts'
import type { ViolationKind } from '../violations.ts'
import { violationKinds } from '../violations.ts'
import type { PieceRecord } from './piece-record.ts'
import { profileOf } from './profile.ts'

type Row = readonly (string | number)[]

export interface Summary {
  readonly text: string
  readonly isSound: boolean
}

function total(records: readonly PieceRecord[], pick: (record: PieceRecord) => number): number {
  return records.reduce((sum, record) => sum + pick(record), 0)
}

/** Sums of counts by name, the most frequent first. */
function sums(counts: readonly Readonly<Record<string, number>>[]): [string, number][] {
  const all = new Map<string, number>()
  for (const each of counts) {
    for (const [name, count] of Object.entries(each)) all.set(name, (all.get(name) ?? 0) + count)
  }
  return [...all].sort(([, left], [, right]) => right - left)
}

function gapRows(records: readonly PieceRecord[]): Row[] {
  const byFault = new Map<string, number[]>()
  for (const { gaps } of records) {
    for (const { fault, queueMs } of gaps) {
      byFault.set(fault, [...(byFault.get(fault) ?? []), queueMs])
    }
  }
  const head: Row = ['gap of a queue, ms', 'faults', 'median', 'p90', 'p99', 'max']
  const rows = [...byFault].sort(([left], [right]) => left.localeCompare(right))
  return [
    head,
    ...rows.map(([fault, values]): Row => {
      const figures = [median(values), ...[0.9, 0.99, 1].map((share) => quantile(values, share))]
      return [fault, values.length, ...figures.map(Math.round)]
    })
  ]
}

function lossRows(records: readonly PieceRecord[]): Row[] {
  const rows: Row[] = []
  for (const { piece, report } of records) {
    for (const [queue, lost] of Object.entries(report.lostByQueue)) {
      const { prefix, middle, postfix } = lost as LostRuns
      rows.push([`piece ${piece}, ${queue}`, prefix, middle, postfix])
    }
  }
  return rows.length === 0 ? [] : [['lost in', 'prefix', 'middle', 'end'], ...rows]
}

function countRows(records: readonly PieceRecord[]): Row[] {
  const lost = (place: keyof LostRuns): number => total(records, ({ report }) => report.lost[place])
  const sum = (pick: (report: PieceRecord['report']) => number): number =>
    total(records, ({ report }) => pick(report))
  return [
    ['pieces', records.length],
    ['minutes', Math.round(total(records, ({ seconds }) => seconds) / 60)],
    ['published', sum((report) => report.invoked)],
    ['confirmed', sum((report) => report.confirmed)],
    ['outcome unknown', sum((report) => report.unknown)],
    ['deliveries', sum((report) => report.deliveries)],
    ['duplicates (flagged)', sum((report) => report.duplicates)],
    ['lost: prefix', lost('prefix')],
    ['lost: middle', lost('middle')],
    ['lost: end', lost('postfix')],
    ['refused, a disk being full', sum((report) => report.refused)],
    ['errors in application code', sum((report) => report.errors)],
    ['stalls of a second or more', total(records, ({ stalls }) => sums([stalls]).reduce(add, 0))],
    ['longest recovery, ms', Math.round(Math.max(0, ...records.map((one) => one.recoveryMs)))]
  ]
}

function add(sum: number, [, count]: [string, number]): number {
  return sum + count
}

/** What is wrong, as sentences; none: all is well. */
function complaints(records: readonly PieceRecord[]): string[] {
  const sentences: string[] = []
  for (const { piece, report, isDrained, directory, calmElections } of records) {
    const where = directory === null ? '' : ` (${directory})`
    for (const [kind, { count, examples }] of Object.entries(report.violations)) {
      const meaning = violationKinds[kind as ViolationKind]
      sentences.push(`piece ${piece}: ${kind} (${meaning}): ${count}${where}`)
      for (const example of examples.slice(0, 3)) sentences.push(`  ${example}`)
    }
    if (report.errors > 0) sentences.push(`piece ${piece}: errors: ${report.errorExamples[0]}`)
    if (!isDrained) sentences.push(`piece ${piece}: its queues were not empty at the end`)
    if ((calmElections ?? 0) > 0) sentences.push(`piece ${piece}: ${calmElections} elections`)
  }
  return [...sentences, ...excesses(records)]
}

/** Gaps beyond what the profile allows. */
function excesses(records: readonly PieceRecord[]): string[] {
  const [first] = records
  if (first === undefined) return []
  const sentences: string[] = []
  for (const [fault, bound] of Object.entries(profileOf(first.profile).bounds)) {
    const gaps = records.flatMap((record) => record.gaps.filter((gap) => gap.fault === fault))
    const values = gaps.map(({ queueMs }) => queueMs)
    const [middle, most] = [median(values), quantile(values, 0.99)].map(Math.round)
    if ((middle ?? 0) > bound.medianMs) sentences.push(`${fault}: median ${middle} ms`)
    if ((most ?? 0) > bound.p99Ms) sentences.push(`${fault}: p99 ${most} ms`)
  }
  return sentences
}

export function summarise(records: readonly PieceRecord[]): Summary {
  const leftOut = [...new Set(records.flatMap((record) => record.leftOut))]
  const isolated = records.filter(({ isIsolated }) => isIsolated).length
  const elections = records.flatMap(({ calmElections }) => calmElections ?? [])
  const faults = sums(records.map((record) => record.faults)).filter(([name]) => name !== 'healed')
  const strikes = sums(records.map((record) => record.strikes))
  const stalls = sums(records.map((record) => record.stalls))
  const parts = [
    table(countRows(records)),
    strikes.length > 0 ? table([['strikes', ''], ...strikes]) : '',
    faults.length > 0 ? table([['faults', ''], ...faults]) : '',
    table(gapRows(records)),
    stalls.length > 0 ? table([['stalls, explained by', ''], ...stalls]) : '',
    table(lossRows(records)),
    elections.length > 0 ? `  elections in the calm: ${elections.reduce((a, b) => a + b, 0)}` : '',
    `  ${isolated} of ${records.length} pieces in a network of namespaces`,
    leftOut.length > 0
      ? `  left out, since this machine has no place for it: ${leftOut.join(', ')}`
      : ''
  ]
  const wrong = complaints(records)
  const text = [...parts.filter((part) => part.trim() !== ''), ...wrong.map((one) => `  ${one}`)]
  return { text: text.join('\n\n'), isSound: wrong.length === 0 }
}
