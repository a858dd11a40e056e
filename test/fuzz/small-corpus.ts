// Makes a corpus small: shortest inputs first, and of them only those that reach something that the
// ones before do not.
import type { BlockCoverage } from './block-coverage.ts'
import type { Target } from './target.ts'

/** The seeds of the target run first, and are not part of it. */
export async function smallCorpus(
  target: Target,
  corpus: readonly Uint8Array[],
  coverage: BlockCoverage
): Promise<readonly Uint8Array[]> {
  const reaches = async (input: Uint8Array): Promise<boolean> => {
    try {
      await target.run(input)
    } catch {
      // What it found is reported already; what it reaches counts all the same.
    }
    return coverage.merge(coverage.read()) > 0
  }
  coverage.forget()
  for (const seed of target.seeds) await reaches(seed)
  const small: Uint8Array[] = []
  for (const input of [...corpus].sort((a, b) => a.length - b.length)) {
    if (await reaches(input)) small.push(input)
  }
  return small
}
