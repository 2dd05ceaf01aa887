import Agent
import Causality
import Codec
import Merge
import Storage

/// Facts that must not be shown, because there is no consent to their purpose or they hold no longer, in what is said of
/// conflicts about them; and redacted words, in what is said of conflicts about their correction.
extension Desk {
  /// Conflicts without what facts and redacted entries say that must not be shown now: that there is a conflict is shown, and who
  /// wrote. A closed one tells of values that are not there any more; they are judged by what each says of itself.
  ///
  /// Cost: a look at each; of those about facts the customer, and the ticket of a ticket's own; the history of the customer for each
  /// answer that rested on one.
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
    /// By whose consents the facts of each are judged.
    var judging: [EntityID: Consents] = [:]
    try store.forEachBatch(of: owners.filter { $0.type == Vocabulary.customer }.sorted()) {
      (customers) throws(StorageError) in
      for id in customers {
        guard let state = try store.mergedState(of: id) else { continue }
        let theirs = try Consents(state, settings, in: store)
        (consents[id], judging[id], hidden[id]) = (theirs, theirs, theirs.hidden(in: state, now: now))
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
          consents[customer] = try Consents(try store.mergedState(of: customer), settings, in: store)
        }
        let theirs = customer.flatMap { consents[$0] } ?? Consents(nil, settings)
        judging[conflict.on] = theirs
        hidden[conflict.on] = state.map { theirs.hidden(in: $0, now: now) } ?? []
      }
      let theirs = judging[conflict.on] ?? Consents(nil, settings)
      func mayNotBeShown(_ value: JSONText) -> Bool {
        FactTerms(value).obstacle(for: nil, theirs, now: now) != nil
      }
      let all = (hidden[conflict.on] ?? []).union(conflict.customer.flatMap { hidden[$0] } ?? [])
      let (fields, values) = try facts(of: conflict)
      guard all.isDisjoint(with: fields), !values.contains(where: mayNotBeShown) else {
        return conflict.withheld(because: "it holds no longer, or there is no consent to its purpose")
      }
      // What was there before says nothing of the sides, which people may still have to choose from.
      return conflict.withoutReplaced(where: mayNotBeShown)
    }
  }

  /// Whether it is about how to correct an entry that was redacted.
  private func isRedacted(_ conflict: Conflict) throws(StorageError) -> Bool {
    guard let field = conflict.field?.text, field.hasPrefix(Vocabulary.correctedPrefix),
      let entry = ChangeID(field.dropFirst(Vocabulary.correctedPrefix.count))
    else { return false }
    return try store.mergedState(of: conflict.on)?.redaction(of: entry) != nil
  }

  /// The fields of facts that it is about, and the values of facts that it tells, but for those that its sides replaced.
  private func facts(
    of conflict: Conflict
  ) throws(StorageError) -> (fields: Set<ExactString>, values: [JSONText]) {
    if let field = conflict.field {
      return ([field], conflict.sides.compactMap(\.value) + [conflict.settlement?.value].compactMap(\.self))
    }
    var fields: Set<ExactString> = []
    var values: [JSONText] = []
    for side in conflict.sides where side.on.type == Vocabulary.customer {
      guard let history = try history(of: side.on), let newer = history.step(side.change) else { continue }
      let written = newer.edits.compactMap { edit in
        edit.field.flatMap { field in edit.value.map { (field: field, value: $0) } }
      }.filter { $0.field.text.hasPrefix(Vocabulary.factPrefix) }
      fields.formUnion(written.map(\.field))
      values += written.map(\.value)
      // And what the answer told: the value that its author knew.
      for answer in conflict.sides where answer.change != side.change {
        guard let reply = try store.changes(of: answer.on).first(where: { $0.change.id == answer.change }),
          let then = history.state(where: { reply.knew($0) })
        else { continue }
        values += written.compactMap { then.shown($0.field)?.value }
      }
    }
    return (fields, values)
  }
}

extension Conflict {
  /// Whether it says what a fact says.
  fileprivate var isAboutFact: Bool {
    kind == .staleFact || field?.text.hasPrefix(Vocabulary.factPrefix) == true
  }

  /// Without some of the values that the sides replaced.
  fileprivate func withoutReplaced(where isHidden: (JSONText) -> Bool) -> Conflict {
    guard replaced.contains(where: isHidden) else { return self }
    return Conflict(
      id: id, kind: kind, state: state, harm: harm, on: on, field: field, at: at, title: title,
      customer: customer, customerName: customerName, team: team, assignee: assignee, says: says,
      apology: apology, rule: rule, shown: shown, sides: sides, replaced: replaced.filter { !isHidden($0) },
      settlement: settlement)
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
