// Listening, with an error that a person can act on.
import { HoldfastError } from '@holdfast/errors'

/** Says which address is in use, and what to do about it. @throws CONFIGURATION_INVALID */
export async function bind<Result>(
  setting: string,
  address: string,
  listen: () => Promise<Result>
): Promise<Result> {
  try {
    return await listen()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof HoldfastError) throw error
    const reason =
      code === 'EADDRINUSE'
        ? `${address} is in use by another process; stop it, or choose another port with ` +
          `--${setting}`
        : `cannot listen at ${address}: ${message}`
    throw new HoldfastError('CONFIGURATION_INVALID', { setting, reason }, { cause: error })
  }
}
