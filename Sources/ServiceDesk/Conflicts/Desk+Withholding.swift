import Agent
import Causality
import Codec
import Merge
import Storage

/// Facts that must not be shown, because there is no consent to their purpose or they hold no longer, in what is said of
/// conflicts about them; and redacted words, in what is said of conflicts about their correction.
extension Desk {
  /// Conflicts without what facts and redacted entries say that must not be shown now: that there is a conflict is shown, and who
  /// wrote.
  ///
  /// Cost: a look at each; of those about facts the customer, and the ticket of a ticket's own.
  func withholding(_ conflicts: [Conflict]) throws(StorageError) -> [Conflict] {
    let conflicts = try conflicts.map { (conflict) throws(StorageError) in
      try isRedacted(conflict) ? conflict.withheld(because: "its words were redacted") : conflict
    }
    let owners = Set(
      conflicts.lazy.filter(\.isAboutFact).flatMap { [$0.on, $0.customer].compactMap(\.self) })
    guard !owners.isEmpty else { return conflicts }
    let settings = Settings(try store.state(of: Vocabulary.settingsID))
    let now = store.environment.now()
    var consents: [EntityID: Consents] = [:]
    var hidden: [EntityID: Set<ExactString>] = [:]
    try store.forEachBatch(of: owners.filter { $0.type == Vocabulary.customer }.sorted()) {
      (customers) throws(StorageError) in
      for id in customers {
        guard let state = try store.mergedState(of: id) else { continue }
        let theirs = Consents(state, settings)
        (consents[id], hidden[id]) = (theirs, theirs.hidden(in: state, now: now))
      }
    }
    return try conflicts.map { (conflict) throws(StorageError) in
      guard conflict.isAboutFact else { return conflict }
      if hidden[conflict.on] == nil {
        let state = try store.state(of: conflict.on)
        // A part of a ticket may be the whole's customer's.
        var customer = conflict.customer
        if customer == nil, let state { customer = try Self.customer(of: state, in: store) }
        if let customer, consents[customer] == nil {
          consents[customer] = Consents(try store.mergedState(of: customer), settings)
        }
        let theirs = customer.flatMap { consents[$0] } ?? Consents(nil, settings)
        hidden[conflict.on] = state.map { theirs.hidden(in: $0, now: now) } ?? []
      }
      let all = (hidden[conflict.on] ?? []).union(conflict.customer.flatMap { hidden[$0] } ?? [])
      return try all.isDisjoint(with: factFields(of: conflict))
        ? conflict : conflict.withheld(because: "it holds no longer, or there is no consent to its purpose")
    }
  }

  /// Whether it is about how to correct an entry that was redacted.
  private func isRedacted(_ conflict: Conflict) throws(StorageError) -> Bool {
    guard let field = conflict.field?.text, field.hasPrefix(Vocabulary.correctedPrefix),
      let entry = ChangeID(field.dropFirst(Vocabulary.correctedPrefix.count))
    else { return false }
    return try store.mergedState(of: conflict.on)?.redaction(of: entry) != nil
  }

  /// The fields of facts that it is about.
  private func factFields(of conflict: Conflict) throws(StorageError) -> Set<ExactString> {
    if let field = conflict.field { return [field] }
    var fields: Set<ExactString> = []
    for side in conflict.sides where side.on.type == Vocabulary.customer {
      let change = try store.changes(of: side.on).first { $0.change.id == side.change }?.change
      try? change.map { change in
        try ChangeBody.operations(of: change.body) { operation in
          if case .set(let field, _) = operation { fields.insert(field) }
        }
      }
    }
    return fields
  }
}

extension Conflict {
  /// Whether it says what a fact says.
  fileprivate var isAboutFact: Bool {
    kind == .staleFact || field?.text.hasPrefix(Vocabulary.factPrefix) == true
  }

  /// Without what the fact says, before and now.
  fileprivate func withheld(because why: String) -> Conflict {
    let what = field?.text ?? "a fact"
    let reason = "which may not be shown: \(why)"
    return Conflict(
      id: id, kind: kind, state: state, harm: harm, on: on, field: field, at: at, title: title,
      customer: customer, customerName: customerName, team: team, assignee: assignee,
      says: "\(Phrase.list(Set(sides.map(\.by)).sorted())) wrote or used \(what), \(reason)", apology: nil,
      rule: rule, shown: shown, sides: sides.map(\.withheld), replaced: [],
      settlement: settlement.map {
        Settlement(change: $0.change, by: $0.by, at: $0.at, value: nil, note: $0.note)
      }, isWithheld: true)
  }
}

extension Conflict.Side {
  fileprivate var withheld: Conflict.Side {
    Conflict.Side(
      change: change, on: on, by: by, replica: replica, at: at, effective: effective, received: received,
      position: position, seen: seen, channel: channel, value: nil, says: "what may not be shown", knew: knew,
      restores: restores)
  }
}
