// The tests of packages/transport, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('transport'))
