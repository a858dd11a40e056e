// Records whose properties are whatever a test wants, and what becomes of them.
import { HoldfastError } from '@holdfast/errors'
import { pack } from '../src/index.ts'

export function withProperties(properties: unknown): Uint8Array {
  return Uint8Array.of(0x92, ...pack(properties), 0xc4, 0)
}

export function verdict(run: () => unknown): string {
  try {
    run()
    return 'accepted'
  } catch (error) {
    return HoldfastError.from(error).code
  }
}
