// Markdown for the tidy test: links with their anchors, headings, tables, and the drawing of
// imports.

export interface Link {
  readonly line: number
  readonly target: string
}

export interface RankRow {
  readonly rank: number | 'dev'
  readonly name: string
  readonly thirdParty: readonly string[]
  readonly isPure: boolean
}

/** Text outside fenced blocks; line ends stay, so that line numbers agree. */
export function proseOf(text: string): string {
  let isFenced = false
  return text
    .split('\n')
    .map((line) => {
      if (line.trimStart().startsWith('```')) {
        isFenced = !isFenced
        return ''
      }
      return isFenced ? '' : line
    })
    .join('\n')
}

/** Links to other files and to anchors; links to the web are left to the web. */
export function linksOf(text: string): readonly Link[] {
  const links: Link[] = []
  for (const [place, line] of proseOf(text).split('\n').entries()) {
    for (const match of line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
      const target = match[1] ?? ''
      if (!/^[a-z]+:/.test(target)) links.push({ line: place + 1, target })
    }
  }
  return links
}

/** Anchors that headings make, as GitHub makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const match of proseOf(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = (match[1] ?? '').toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    anchors.add(slug.replaceAll(' ', '-'))
  }
  return anchors
}

/** Rows of the table `| rank | package | owns | third party | pure |`. */
export function rankRows(text: string): readonly RankRow[] {
  const row = /^\| (\d+|dev) \| `([a-z-]+)` \| [^|]+ \| ([^|]+) \| (yes|–) \|$/gm
  return [...text.matchAll(row)].map((match) => ({
    rank: match[1] === 'dev' ? 'dev' : Number(match[1]),
    name: match[2] ?? '',
    thirdParty: [...(match[3] ?? '').matchAll(/`([^`]+)`/g)].map((name) => name[1] ?? '').sort(),
    isPure: match[4] === 'yes'
  }))
}

/** Arrows `a --> b & c` of the mermaid drawings, as `a → b`. */
export function arrowsOf(text: string): readonly string[] {
  const arrows: string[] = []
  for (const match of text.matchAll(/^ *([a-z-]+) --> ([a-z-]+(?: & [a-z-]+)*)$/gm)) {
    for (const target of (match[2] ?? '').split(' & ')) arrows.push(`${match[1]} → ${target}`)
  }
  return arrows.sort()
}

/** Paths of sources that stand in backticks. */
export function namedFiles(text: string): readonly string[] {
  const names = [...text.matchAll(/`(packages\/[^`\s]+\.[a-z]+)`/g)].map((match) => match[1] ?? '')
  return [...new Set(names)]
}
