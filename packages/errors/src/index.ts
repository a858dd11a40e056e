// The public names of @holdfast/errors: the catalogue, the error class, and the two ways to refuse
// what cannot be (assert, unreachable). Everything else in the product imports this package.
export { AssertionError, assert, unreachable } from './assert.ts'
export { type Closes, catalogue, type ErrorCode, type ErrorRow, type Retry } from './catalogue.ts'
export { type Details, HoldfastError, type WireError, wireError } from './holdfast-error.ts'
