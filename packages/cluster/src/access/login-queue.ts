// Logins that wait for their password to be compared. Networks take turns, and where there is no
// room, the last of whichever has most waiting gives way: so strangers keep nobody out but those
// who come from where they are.
import { limits } from '../limits.ts'

export class LoginQueue<Login> {
  /** By network, the one whose turn is next first; none is empty. */
  readonly #waiting = new Map<string, Login[]>()
  #size = 0

  /** Null, or who has no room any more: perhaps the one that came. */
  add(network: string, login: Login): Login | null {
    const own = this.#waiting.get(network) ?? []
    own.push(login)
    this.#waiting.set(network, own)
    this.#size++
    if (this.#size <= limits.loginsWaitingMax) return null
    let [longestNetwork, longest] = [network, own]
    for (const [other, logins] of this.#waiting) {
      if (logins.length > longest.length) [longestNetwork, longest] = [other, logins]
    }
    this.#size--
    const last = longest.pop() ?? null
    if (longest.length === 0) this.#waiting.delete(longestNetwork)
    return last
  }

  /** Takes the one whose turn it is. */
  next(): Login | null {
    const [first] = this.#waiting
    if (first === undefined) return null
    const [network, logins] = first
    const login = logins.shift() ?? null
    this.#size--
    this.#waiting.delete(network)
    if (logins.length > 0) this.#waiting.set(network, logins)
    return login
  }
}

/**
 * Where somebody comes from: the IPv4 address, or the first half of the IPv6 address, since the
 * other half is for whoever has it to choose. `remote` is `HOST:PORT`.
 */
export function networkOf(remote: string): string {
  const host = remote.slice(0, remote.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  const mapped = /^::ffff:([\d.]+)$/i.exec(host)?.[1]
  if (mapped !== undefined) return mapped
  if (!host.includes(':')) return host
  const [head = [], tail = []] = host.split('::').map((part) => part.split(':').filter(Boolean))
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}
