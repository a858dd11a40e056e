// Direct exchange: a message goes where the binding key equals its routing key (AMQP 0-9-1
// §3.1.3.1). One look-up a message, whatever the number of bindings.
import { assert } from '@holdfast/errors'
import { insertBinding, removeBinding } from '../binding.ts'
import type { Binding, BindingIndex, BindingSink } from '../topology-row.ts'

export class DirectIndex implements BindingIndex {
  /** By binding key; lists are ascending by id and never empty. */
  readonly #lists: Map<string, Binding[]> = new Map()

  add(binding: Binding): void {
    const list = this.#lists.get(binding.bindingKey)
    if (list === undefined) this.#lists.set(binding.bindingKey, [binding])
    else insertBinding(list, binding)
  }

  remove(binding: Binding): void {
    const list = this.#lists.get(binding.bindingKey)
    assert(list !== undefined, 'a direct binding to remove is indexed')
    removeBinding(list, binding)
    if (list.length === 0) this.#lists.delete(binding.bindingKey)
  }

  match(routingKey: string, sink: BindingSink): void {
    const list = this.#lists.get(routingKey)
    if (list === undefined) return
    for (const binding of list) sink.take(binding)
  }
}
