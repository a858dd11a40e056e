// The tests of packages/cli, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('cli'))
