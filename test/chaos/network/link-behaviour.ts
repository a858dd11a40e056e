// What a link proxy does to the connections that pass through it. Each kind is one way in which a
// link between two nodes is bad without being broken.

export type LinkBehaviour =
  /** Nothing: the proxy alone. */
  | { readonly kind: 'pass' }
  /** Everything arrives later, in order. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** At most so many bytes a second in each direction. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Connections are reset after so many milliseconds, again and again. */
  | { readonly kind: 'reset'; readonly afterMs: number }
  /** After so many milliseconds nothing passes any more, and nobody is told. */
  | { readonly kind: 'half-open'; readonly afterMs: number }
  /** One bit is flipped in so many bytes of what the dialler sends. */
  | { readonly kind: 'corrupt'; readonly everyBytes: number }
  /** What a dialler sent first is sent once more, over a connection that it knows nothing of. */
  | { readonly kind: 'replay'; readonly bytesMax: number }

export type LinkFault = Exclude<LinkBehaviour['kind'], 'pass'>

export const linkFaults: readonly LinkFault[] = [
  ...(['delay', 'slow', 'reset'] as const),
  ...(['half-open', 'corrupt', 'replay'] as const)
]

/** What a proxy has done so far. */
export interface LinkCounts {
  readonly connections: number
  readonly bytes: number
  readonly flippedBits: number
  readonly resets: number
  readonly replays: number
}
