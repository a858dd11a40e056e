// Headers exchange: the arguments of a binding are compared with the headers of a message (AMQP
// 0-9-1 §3.1.3.4). A binding waits in the bucket of one of its terms (`all`: the first that has a
// value; `any`: each of them), so that only bindings which share a header with the message are
// compared.
import { assert } from '@holdfast/errors'
import { insertBinding, removeBinding } from '../binding.ts'
import type { Binding, BindingIndex, BindingSink } from '../topology-row.ts'
import {
  CanonicalHeaders,
  type HeaderMatch,
  type HeaderTerm,
  matchesHeaders,
  parseHeaderMatch
} from './header-match.ts'

/** Bindings that wait for one header name. Lists are ascending by id. */
interface Bucket {
  /** Those that ask for presence only. */
  readonly present: Binding[]
  /** Those that ask for a value, by its canonical form. */
  readonly byValue: Map<string, Binding[]>
}

function termsToIndex(match: HeaderMatch): readonly HeaderTerm[] {
  if (!match.isAll) return match.terms
  const term = match.terms.find(({ value }) => value !== null) ?? match.terms[0]
  return term === undefined ? [] : [term]
}

export class HeadersIndex implements BindingIndex {
  readonly #matches: Map<Binding, HeaderMatch> = new Map()
  readonly #buckets: Map<string, Bucket> = new Map()
  /** Bindings of mode `all` with nothing to compare: they take every message. */
  readonly #always: Binding[] = []

  add(binding: Binding): void {
    const match = parseHeaderMatch(binding.arguments)
    this.#matches.set(binding, match)
    if (match.isAll && match.terms.length === 0) insertBinding(this.#always, binding)
    for (const term of termsToIndex(match)) this.#addTerm(term, binding)
  }

  remove(binding: Binding): void {
    const match = this.#matches.get(binding)
    assert(match !== undefined, 'a headers binding to remove is indexed')
    this.#matches.delete(binding)
    if (match.isAll && match.terms.length === 0) removeBinding(this.#always, binding)
    for (const term of termsToIndex(match)) this.#removeTerm(term, binding)
  }

  match(_routingKey: string, sink: BindingSink): void {
    for (const binding of this.#always) sink.take(binding)
    if (this.#buckets.size === 0) return
    const headers = new CanonicalHeaders(sink.headers())
    for (const name of headers.names) {
      const bucket = this.#buckets.get(name)
      if (bucket === undefined) continue
      this.#compare(bucket.present, headers, sink)
      const list = bucket.byValue.get(headers.value(name) ?? '')
      if (list !== undefined) this.#compare(list, headers, sink)
    }
  }

  #compare(list: readonly Binding[], headers: CanonicalHeaders, sink: BindingSink): void {
    for (const binding of list) {
      const match = this.#matches.get(binding)
      if (match !== undefined && matchesHeaders(match, headers)) sink.take(binding)
    }
  }

  #addTerm(term: HeaderTerm, binding: Binding): void {
    let bucket = this.#buckets.get(term.name)
    if (bucket === undefined) {
      bucket = { present: [], byValue: new Map() }
      this.#buckets.set(term.name, bucket)
    }
    const list = term.value === null ? bucket.present : bucket.byValue.get(term.value)
    if (list !== undefined) insertBinding(list, binding)
    else if (term.value !== null) bucket.byValue.set(term.value, [binding])
  }

  #removeTerm(term: HeaderTerm, binding: Binding): void {
    const bucket = this.#buckets.get(term.name)
    assert(bucket !== undefined, 'a headers binding to remove has its bucket')
    if (term.value === null) removeBinding(bucket.present, binding)
    else {
      const list = bucket.byValue.get(term.value)
      assert(list !== undefined, 'a headers binding to remove has its list')
      removeBinding(list, binding)
      if (list.length === 0) bucket.byValue.delete(term.value)
    }
    if (bucket.present.length === 0 && bucket.byValue.size === 0) this.#buckets.delete(term.name)
  }
}
