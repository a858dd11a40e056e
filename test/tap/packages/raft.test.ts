// The tests of packages/raft, in one process.
import { filesTogether, runTogether } from '../together.ts'

await runTogether(filesTogether('raft'))
