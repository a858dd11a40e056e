// While a member takes a step, nothing may ask what time it is, draw, wait, or do I/O: such a call
// throws (as in the workflows of Temporal's TypeScript SDK). The compiler and the tidy tests forbid
// it, too; this catches what reaches them through a dependency.

let isStepping = false

type Surroundings = Readonly<Record<string, object | undefined>>

/** What is watched, by where it is. */
const watched: Readonly<Record<string, readonly string[]>> = {
  globalThis: [
    'Date',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'fetch',
    'WeakRef',
    'FinalizationRegistry'
  ],
  Math: ['random'],
  performance: ['now'],
  crypto: ['getRandomValues', 'randomUUID'],
  process: ['nextTick', 'hrtime', 'cwd', 'uptime', 'memoryUsage']
}

function trip(name: string): void {
  if (isStepping) throw new Error(`${name} was used while a member took a step`)
}

/** Stands before a function or class, and is told from it by nobody. */
function guarded(name: string, real: object): object {
  return new Proxy(real, {
    apply(target, self, args) {
      trip(name)
      return Reflect.apply(target as () => unknown, self, args)
    },
    construct(target, args, newTarget) {
      trip(name)
      return Reflect.construct(target as new () => object, args, newTarget)
    },
    get(target, property, receiver) {
      if (property === 'now') trip(`${name}.now`)
      return Reflect.get(target, property, receiver)
    }
  })
}

/** Sets the wire; the function that is returned takes it away. */
export function setTripwire(): () => void {
  const undo: (() => void)[] = []
  const surroundings = globalThis as unknown as Surroundings
  for (const [place, names] of Object.entries(watched)) {
    const owner = surroundings[place]
    if (owner === undefined) continue
    for (const name of names) {
      const real = Reflect.get(owner, name)
      const before = Object.getOwnPropertyDescriptor(owner, name)
      const value = guarded(place === 'globalThis' ? name : `${place}.${name}`, real)
      Object.defineProperty(owner, name, { value, configurable: true, writable: true })
      undo.push(() => {
        if (before === undefined) Reflect.deleteProperty(owner, name)
        else Object.defineProperty(owner, name, before)
      })
    }
  }
  return () => {
    for (const restore of undo) restore()
  }
}

/** Runs what must ask nobody. */
export function step<Result>(run: () => Result): Result {
  isStepping = true
  try {
    return run()
  } finally {
    isStepping = false
  }
}
