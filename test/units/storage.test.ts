// The tests of packages/storage, in one process.
import { filesTogether, runTogether } from '../batches/together.ts'

await runTogether(filesTogether('storage'))
