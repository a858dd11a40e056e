// Whether this machine has ::1, for tests that need it.
import { networkInterfaces } from 'node:os'

export const hasSix: boolean = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .some(({ address }) => address === '::1')

/** For the options of a test. */
export const needsSix: { readonly skip: string | false } = {
  skip: hasSix ? false : 'this machine has no ::1'
}
