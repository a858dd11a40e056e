// Topic exchange: the binding key is a pattern over words parted by dots (AMQP 0-9-1 §3.1.3.3). The
// work is done by the trie.
import type { Binding, BindingIndex, BindingSink } from '../topology-row.ts'
import { TopicTrie } from './topic-trie.ts'

export class TopicIndex implements BindingIndex {
  readonly #trie: TopicTrie = new TopicTrie()

  add(binding: Binding): void {
    this.#trie.add(binding)
  }

  remove(binding: Binding): void {
    this.#trie.remove(binding)
  }

  match(routingKey: string, sink: BindingSink): void {
    this.#trie.match(routingKey, sink)
  }
}
