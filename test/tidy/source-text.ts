// Source text for the tidy test: the same text with comments and literals blanked out, so that a
// rule about code is not fooled by what a comment or a string says, and the modules that a file
// imports.

/** Characters after which a `/` begins a regular expression and not a division. */
const beforeExpression = new Set([...'([{,;=:?!&|+-*%<>~^', ''])
const keywordBeforeExpression = /\b(?:return|case|typeof|of|in|throw|yield|await|else)$/

/** Walks through text once, copying code and blanking the rest. Line ends stay where they are. */
class Blanker {
  readonly #text: string
  #position = 0
  #code = ''

  constructor(text: string) {
    this.#text = text
  }

  run(): string {
    this.#walkCode('')
    return this.#code
  }

  #blankTo(end: number): void {
    const skipped = this.#text.slice(this.#position, end)
    this.#code += skipped.replaceAll(/[^\n]/g, ' ')
    this.#position = end
  }

  /** Copies code until `closing` at depth zero, or to the end. */
  #walkCode(closing: string): void {
    let depth = 0
    while (this.#position < this.#text.length) {
      const character = this.#text[this.#position] ?? ''
      if (closing !== '' && character === closing && depth === 0) return
      if (character === '{') depth += 1
      if (character === '}') depth -= 1
      if (!this.#skipLiteral(character)) {
        this.#code += character
        this.#position += 1
      }
    }
  }

  #skipLiteral(character: string): boolean {
    const pair = this.#text.slice(this.#position, this.#position + 2)
    if (pair === '//') this.#blankTo(this.#find('\n', this.#position))
    else if (pair === '/*') this.#blankTo(this.#find('*/', this.#position + 2) + 2)
    else if (character === "'" || character === '"') this.#skipString(character)
    else if (character === '`') this.#skipTemplate()
    else if (character === '/' && this.#isExpressionNext()) this.#skipRegularExpression()
    else return false
    return true
  }

  #find(what: string, from: number): number {
    const found = this.#text.indexOf(what, from)
    return found === -1 ? this.#text.length : found
  }

  #skipString(quote: string): void {
    let end = this.#position + 1
    while (end < this.#text.length && this.#text[end] !== quote && this.#text[end] !== '\n') {
      end += this.#text[end] === '\\' ? 2 : 1
    }
    this.#blankTo(Math.min(end + 1, this.#text.length))
  }

  #skipTemplate(): void {
    let end = this.#position + 1
    while (end < this.#text.length && this.#text[end] !== '`') {
      if (this.#text[end] === '$' && this.#text[end + 1] === '{') {
        this.#blankTo(end + 2)
        this.#walkCode('}')
        end = this.#position
      }
      end += this.#text[end] === '\\' ? 2 : 1
    }
    this.#blankTo(Math.min(end + 1, this.#text.length))
  }

  #isExpressionNext(): boolean {
    const before = this.#code.trimEnd()
    return beforeExpression.has(before.slice(-1)) || keywordBeforeExpression.test(before)
  }

  #skipRegularExpression(): void {
    let end = this.#position + 1
    let isClass = false
    while (end < this.#text.length && (isClass || this.#text[end] !== '/')) {
      if (this.#text[end] === '\n') break
      if (this.#text[end] === '[') isClass = true
      if (this.#text[end] === ']') isClass = false
      end += this.#text[end] === '\\' ? 2 : 1
    }
    this.#blankTo(Math.min(end + 1, this.#text.length))
  }
}

/** The text without comments and without the insides of strings, templates and expressions. */
export function codeOf(text: string): string {
  return new Blanker(text).run()
}

const importing = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"\n]+)\1/g

/** Modules that a source imports or re-exports, statically or dynamically, each once. */
export function importsOf(text: string): readonly string[] {
  const code = codeOf(text)
  const modules = new Set<string>()
  for (const match of text.matchAll(importing)) {
    // Only where the keyword is code: the same words stand in comments too.
    if (code.slice(match.index, match.index + 4) === text.slice(match.index, match.index + 4)) {
      modules.add(match[2] ?? '')
    }
  }
  return [...modules].sort()
}

/** Numbers (from 1) of the lines that a `biome-ignore format` comment exempts from the width. */
export function unformattedLines(lines: readonly string[]): ReadonlySet<number> {
  const exempt = new Set<number>()
  let isExempt = false
  for (const [place, line] of lines.entries()) {
    if (line.includes('biome-ignore format:')) isExempt = true
    else if (isExempt) {
      exempt.add(place + 1)
      if (/^\s*[}\])]/.test(line) || line === '') isExempt = false
    }
  }
  return exempt
}

/** Names between braces, as they are called where they come from; types too. */
function namesIn(braces: string): readonly string[] {
  return braces
    .split(',')
    .map(
      (each) =>
        each
          .trim()
          .replace(/^type /, '')
          .split(' as ')[0] ?? ''
    )
    .filter((each) => each !== '')
}

/** What a source imports from a module by name; an index of a package ends in `src/index.ts`. */
export function namesImported(text: string, module: string): readonly string[] {
  const imports = /\bimport\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'([^']+)'/g
  return [...text.matchAll(imports)]
    .filter(([, , from = '']) => from === module || from.endsWith('/src/index.ts'))
    .flatMap(([, braces = '']) => namesIn(braces))
}

/** Public names of an index, and the module that each comes from. */
export function publishedFrom(index: string): ReadonlyMap<string, string> {
  const published = new Map<string, string>()
  for (const [, braces = '', from = ''] of index.matchAll(
    /\bexport\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'([^']+)'/g
  )) {
    for (const name of namesIn(braces)) published.set(name, from)
  }
  return published
}
