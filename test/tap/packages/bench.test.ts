// The tests of packages/bench, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('bench'))
