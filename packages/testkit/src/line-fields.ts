// Fields in a line of a script: `name=value`, or a name alone.

/** A value in braces or quotes may hold spaces; quotes go. That of a bare word is 'true'. */
export function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  const pattern = /([^\s=]+)(?:=(\{.*?\}(?=\s|$)|"[^"]*"|\S*))?/g
  for (const [, name = '', value = 'true'] of text.matchAll(pattern)) {
    fields.set(name, value.startsWith('"') ? value.slice(1, -1) : value)
  }
  return fields
}
