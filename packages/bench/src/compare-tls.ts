// The same workloads plain and by TLS, in one run: machines and days differ, a ratio less so. Turns
// are plain, TLS, TLS, plain, so that a drift of the machine counts for both.
import { type BenchRequest, runBench } from './bench.ts'
import type { Figures } from './measure.ts'

const turns = [false, true, true, false]

/** Figures of every turn; those by TLS say what share of the plain speed they reach. */
export async function compareTls(
  request: BenchRequest,
  run: (request: BenchRequest) => Promise<Figures[]> = runBench
): Promise<Figures[]> {
  const plain: Figures[] = []
  const secured: Figures[] = []
  for (const isSecured of turns) {
    const figures = await run({ ...request, isSecured })
    for (const each of figures) {
      if (isSecured) secured.push({ ...each, what: `${each.what}, TLS` })
      else plain.push(each)
    }
  }
  const speed = (all: readonly Figures[], workload: string): number =>
    mean(all.filter((one) => one.workload === workload).map(({ result }) => result.perSecond))
  const cost = (all: readonly Figures[], workload: string): number =>
    mean(all.filter((one) => one.workload === workload).map((one) => one.nodesMicroseconds))
  const compared = secured.map((each) => {
    const { workload, more } = each
    const speedRatio = speed(secured, workload) / speed(plain, workload)
    const costRatio = cost(secured, workload) / cost(plain, workload)
    return { ...each, more: { ...more, speedRatio, costRatio } }
  })
  return [...plain, ...compared]
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
