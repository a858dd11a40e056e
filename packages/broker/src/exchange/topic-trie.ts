// Binding keys of a topic exchange as a trie over their words. `*` stands for exactly one word, `#`
// for none or more. The trie is walked as a non-deterministic automaton: all positions at once,
// word by word, each node at most once a word. So the cost is bounded by words × nodes even for
// `#.#.#.#`, where backtracking would be exponential, and no regular expression is ever made from a
// user's text. An empty key has no words: only `#` and the empty binding key match it, as in
// RabbitMQ.
import { assert } from '@holdfast/errors'
import { insertBinding, removeBinding } from '../binding.ts'
import type { Binding, BindingSink } from '../topology-row.ts'

interface TrieNode {
  readonly parent: TrieNode | null
  /** The word that leads here from the parent. */
  readonly word: string
  /** By literal word; null while there is none, since most nodes are leaves. */
  children: Map<string, TrieNode> | null
  star: TrieNode | null
  hash: TrieNode | null
  /** Bindings whose key ends here, ascending by id; null while there is none. */
  bindings: Binding[] | null
  /** Step of the walk that reached this node last: scratch. */
  stamp: number
}

function createNode(parent: TrieNode | null, word: string): TrieNode {
  return { parent, word, children: null, star: null, hash: null, bindings: null, stamp: 0 }
}

/** Words of a binding key. `#.#` means what `#` means, so runs of it count once. */
function wordsOf(bindingKey: string): readonly string[] {
  if (bindingKey === '') return []
  return bindingKey
    .split('.')
    .filter((word, index, words) => word !== '#' || words[index - 1] !== '#')
}

function childOf(node: TrieNode, word: string): TrieNode | null {
  if (word === '*') return node.star
  if (word === '#') return node.hash
  return node.children?.get(word) ?? null
}

function createChild(node: TrieNode, word: string): TrieNode {
  const child = createNode(node, word)
  if (word === '*') node.star = child
  else if (word === '#') node.hash = child
  else {
    node.children ??= new Map()
    node.children.set(word, child)
  }
  return child
}

function removeChild(node: TrieNode, word: string): void {
  if (word === '*') node.star = null
  else if (word === '#') node.hash = null
  else {
    node.children?.delete(word)
    if (node.children?.size === 0) node.children = null
  }
}

function isBare(node: TrieNode): boolean {
  return (
    node.bindings === null && node.children === null && node.star === null && node.hash === null
  )
}

export class TopicTrie {
  readonly #root: TrieNode = createNode(null, '')
  /**
   * Positions reached by the words so far, and those reached by one word more. Reused by all walks.
   */
  #active: TrieNode[] = []
  #next: TrieNode[] = []
  #nextCount = 0
  /** Grows by one a word; a node whose stamp is equal has been reached in this step. */
  #step = 0

  add(binding: Binding): void {
    let node = this.#root
    for (const word of wordsOf(binding.bindingKey)) {
      node = childOf(node, word) ?? createChild(node, word)
    }
    if (node.bindings === null) node.bindings = [binding]
    else insertBinding(node.bindings, binding)
  }

  remove(binding: Binding): void {
    let node: TrieNode | null = this.#root
    for (const word of wordsOf(binding.bindingKey)) {
      node = childOf(node, word)
      assert(node !== null, 'a topic binding to remove has its path in the trie')
    }
    assert(node.bindings !== null, 'a topic binding to remove is in the trie')
    removeBinding(node.bindings, binding)
    if (node.bindings.length > 0) return
    node.bindings = null
    for (let bare = node; bare.parent !== null && isBare(bare); bare = bare.parent) {
      removeChild(bare.parent, bare.word)
    }
  }

  match(routingKey: string, sink: BindingSink): void {
    this.#begin()
    this.#reach(this.#root)
    let activeCount = this.#turn()
    let start = routingKey === '' ? -1 : 0
    while (start >= 0 && activeCount > 0) {
      const dot = routingKey.indexOf('.', start)
      const word = dot < 0 ? routingKey.slice(start) : routingKey.slice(start, dot)
      start = dot < 0 ? -1 : dot + 1
      activeCount = this.#advance(word, activeCount)
    }
    for (let index = 0; index < activeCount; index++) {
      const bindings = this.#active[index]?.bindings
      if (bindings) for (const binding of bindings) sink.take(binding)
    }
  }

  #begin(): void {
    this.#step += 1
    this.#nextCount = 0
  }

  /**
   * The node is a position now, and so is the `#` behind it, which may stand for no word at all.
   */
  #reach(node: TrieNode): void {
    if (node.stamp === this.#step) return
    node.stamp = this.#step
    this.#next[this.#nextCount] = node
    this.#nextCount += 1
    if (node.hash !== null) this.#reach(node.hash)
  }

  /** What was reached becomes active. Returns how many positions there are. */
  #turn(): number {
    const reached = this.#next
    this.#next = this.#active
    this.#active = reached
    return this.#nextCount
  }

  #advance(word: string, activeCount: number): number {
    this.#begin()
    for (let index = 0; index < activeCount; index++) {
      const node = this.#active[index]
      if (node === undefined) continue
      const child = node.children?.get(word)
      if (child !== undefined) this.#reach(child)
      if (node.star !== null) this.#reach(node.star)
      if (node.word === '#') this.#reach(node)
    }
    return this.#turn()
  }
}
