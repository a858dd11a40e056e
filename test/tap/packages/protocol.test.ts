// The tests of packages/protocol, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('protocol'))
