// The tests of packages/errors, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('errors'))
