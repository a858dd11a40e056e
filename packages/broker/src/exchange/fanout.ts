// Fanout exchange: every binding takes every message; routing keys do not matter
// (AMQP 0-9-1 §3.1.3.2).
import { insertBinding, removeBinding } from '../binding.ts'
import type { Binding, BindingIndex, BindingSink } from '../topology-row.ts'

export class FanoutIndex implements BindingIndex {
  readonly #bindings: Binding[] = []

  add(binding: Binding): void {
    insertBinding(this.#bindings, binding)
  }

  remove(binding: Binding): void {
    removeBinding(this.#bindings, binding)
  }

  match(_routingKey: string, sink: BindingSink): void {
    for (const binding of this.#bindings) sink.take(binding)
  }
}
