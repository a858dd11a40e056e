// The tests of packages/simulator, in one process.
import { filesTogether, runTogether } from '../batches/together.ts'

await runTogether(filesTogether('simulator'))
