// The tests of packages/client, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('client'))
