extension EntityState {
  /// The state without what changes of others replaced or took back, of an entity that is shown as one with them: what it has to
  /// say of the whole. Cost: its values and elements.
  ///
  /// - Parameter whole: the state of all of them together.
  package func living(in whole: EntityState) -> EntityState {
    var state = self
    for (field, register) in registers {
      let ids = Set(whole.registers[field]?.heads.map(\.id) ?? [])
      let heads = register.heads.filter { ids.contains($0.id) }
      state.registers[field]?.heads = heads
      if heads.isEmpty { state.registers[field] = nil }
    }
    for (field, elements) in sets {
      let present = whole.sets[field] ?? [:]
      let left = elements.filter { element, adds in
        present[element]?.contains(where: adds.contains) == true
      }
      state.sets[field] = left.isEmpty ? nil : left
    }
    return state
  }
}
