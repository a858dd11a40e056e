// The tests of packages/cluster, in one process.
import { filesTogether, runTogether } from '../batches/together.ts'

await runTogether(filesTogether('cluster'))
