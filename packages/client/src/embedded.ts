// The entry for those who embed the SDK in surroundings of their own: they bring the byte streams,
// the clock, the timers and the chance. Simulations do; applications use `index.ts`.
export type { Platform } from './clock.ts'
export { connectWith } from './connection.ts'
export { resolveOptions } from './options.ts'
export type { Dial, Wire, WireHandlers } from './wire.ts'
