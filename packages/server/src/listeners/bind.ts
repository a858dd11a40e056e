// Listening, with an error that a person can act on.
import { HoldfastError } from '@holdfast/errors'
import { formatAddress } from '@holdfast/transport'

interface SystemError extends NodeJS.ErrnoException {
  /** One that cannot be listened at; a name may stand for several. */
  readonly address?: string
  readonly port?: number
}

/** Says which address is in use, and what to do about it. @throws CONFIGURATION_INVALID */
export async function bind<Result>(
  setting: string,
  address: string,
  listen: () => Promise<Result>
): Promise<Result> {
  try {
    return await listen()
  } catch (error) {
    const { code, message, address: host, port = 0 } = error as SystemError
    if (error instanceof HoldfastError) throw error
    const at = host === undefined ? address : formatAddress(host, port)
    const reason =
      code === 'EADDRINUSE'
        ? `${at} is in use by another process; stop it, or choose another port with ` +
          `--${setting}`
        : `cannot listen at ${at}: ${message}`
    throw new HoldfastError('CONFIGURATION_INVALID', { setting, reason }, { cause: error })
  }
}
