// The public names of @holdfast/cli: what the launcher in bin/ calls.
export { main, run } from './main.ts'
export type { Surroundings } from './program.ts'
export type { Terminal } from './terminal.ts'
