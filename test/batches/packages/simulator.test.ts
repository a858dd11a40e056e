// The tests of packages/simulator, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('simulator'))
