// The tests of packages/record, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('record'))
