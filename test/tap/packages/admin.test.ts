// The tests of packages/admin, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('admin'))
