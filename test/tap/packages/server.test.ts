// The tests of packages/server, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('server'))
