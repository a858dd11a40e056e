// What strangers, broken clients and floods may do to a node, in one process.
import { builtTests, runTogether } from './together.ts'

await runTogether(builtTests('test/dist/hostile'))
