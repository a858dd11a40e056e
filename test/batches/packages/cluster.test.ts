// The tests of packages/cluster, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('cluster'))
