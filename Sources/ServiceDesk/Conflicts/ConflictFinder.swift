import Causality
import Codec
import Merge

/// Turns one entity's histories into the entries of the inbox. Pure: the same on every replica with the same changes.
struct ConflictFinder {
  private let subject: Case
  private let title: String?
  private let customer: EntityID?
  private let channel: String?

  init(_ subject: Case) {
    self.subject = subject
    let state = subject.state
    switch state.id.type {
    case Vocabulary.ticket: title = state.text("subject")
    case Vocabulary.customer: title = state.text("name")
    default: title = state.text("name") ?? state.text("subject") ?? state.text("text") ?? state.text("ref")
    }
    customer =
      state.id.type == Vocabulary.customer ? state.id : state.text("customer").flatMap { EntityID($0) }
    channel = state.text("channel")
  }

  /// What a settlement of a situation is written to.
  static func settlementField(_ id: String) -> ExactString { ExactString("settled." + id) }

  /// All entries, open ones and others. One id comes once: as it stands now.
  func all() -> [Conflict] {
    var found: [String: Conflict] = [:]
    for field in subject.fields.keys.sorted() {
      guard let history = subject.fields[field] else { continue }
      // One that is open again, because its settlement was taken back, has the heads with which it ended as its first ones.
      var firsts: [Set<ChangeID>: [ChangeID]] = [:]
      for disagreement in history.disagreements {
        let written = disagreement.first.map(origin)
        let first = firsts[Set(written)] ?? written
        firsts[Set(disagreement.heads.map(origin))] = first
        if let conflict = conflict(field, disagreement, first) { found[conflict.id] = conflict }
      }
      if let id = history.agreements.last, let conflict = agreement(field, id), found[conflict.id] == nil {
        found[conflict.id] = conflict
      }
    }
    for lost in LostDrop.all(subject.owner) {
      let conflict = conflict(lost)
      found[conflict.id] = conflict
    }
    for finding in Situations.find(subject) {
      let conflict = conflict(finding)
      found[conflict.id] = conflict
    }
    return found.values.sorted { $0.id < $1.id }
  }

  // MARK: Fields

  /// - Parameter first: the changes that disagreed first, after which it is named.
  private func conflict(
    _ field: ExactString, _ disagreement: FieldHistory.Disagreement, _ first: [ChangeID]
  ) -> Conflict? {
    // By when they count as made: in the sentence, as sides and for whoever takes one by its number.
    let steps = disagreement.heads.compactMap { subject.owner.step($0) }
      .sorted { ($0.effective, $0.id) < ($1.effective, $1.id) }
    let values = steps.compactMap { $0.value(of: field) }
    guard values.count == steps.count, steps.count > 1 else { return nil }
    let type = subject.type
    var settlement: Conflict.Settlement?
    var state = ConflictState.open
    if !Vocabulary.isDisagreement(type: type, field: field, values) {
      state = .ruled
    } else if let ended = disagreement.ended, let step = subject.owner.step(ended) {
      let value = step.value(of: field)
      state = value == nil && step.settles == nil ? .replaced : .settled
      settlement = Conflict.Settlement(
        change: ended, by: step.by, at: step.effective, value: value, note: step.note)
    }
    let shown = disagreement.isOpen ? subject.state.shown(field).map(\.id) : nil
    let policy = Vocabulary.policy(type: type, field: field)
    let kind = kind(field, steps, values)
    let id = Conflict.id(.field, home(Set(first.compactMap { subject.owner.step($0)?.on })), field, first)
    let sides = steps.map { side(.init($0, says(field, $0), channel: channel), field, steps) }
    let harm =
      kind == .field
      ? FieldWeight.harm(type: type, field: field, values.map(\.plain)) : kind.harm
    return entry(
      id: id, kind: kind, state: state, harm: harm, field: field, sides: sides,
      says: sentence(kind, field, steps, values, shown), apology: nil, rule: policy.name,
      shown: shown.flatMap { id in steps.firstIndex { $0.id == id } },
      replaced: replaced(field, steps), settlement: settlement)
  }

  /// The entity in whose name a conflict has its id: the one that it is about alone, so that the id stays when that is merged
  /// with others; else the whole.
  private func home(_ entities: Set<EntityID>) -> EntityID {
    let members = entities.intersection(subject.ids)
    return members.count == 1 ? members.first ?? subject.owner.id : subject.owner.id
  }

  /// The change that wrote a value first, before it was brought back.
  private func origin(_ id: ChangeID) -> ChangeID {
    var id = id
    for _ in 0..<64 {
      guard let restored = subject.owner.step(id)?.restores else { return id }
      id = restored
    }
    return id
  }

  /// Who wrote a value first.
  private func author(_ step: HistoryStep) -> String { subject.owner.step(origin(step.id))?.by ?? step.by }

  private func kind(_ field: ExactString, _ steps: [HistoryStep], _ values: [JSONText]) -> ConflictKind {
    let settled = steps.compactMap(\.settles)
    if settled.count == steps.count, Set(settled).count == 1 || field.text.hasPrefix("settled.") {
      return .settledTwice
    }
    let isTaking = zip(steps, values).allSatisfy { author($0) == $1.plain }
    return subject.type == Vocabulary.ticket && field == "assignee" && isTaking ? .takenTwice : .field
  }

  private func says(_ field: ExactString, _ step: HistoryStep) -> String {
    let value = step.value(of: field).map { Conflict.words(field, $0) } ?? ""
    guard step.restores != nil else { return "set \(field.text) to \(Phrase.quoted(value, 200))" }
    return "wrote \(field.text) \(Phrase.quoted(value, 200)), brought back by \(step.by)"
  }

  private func sentence(
    _ kind: ConflictKind, _ field: ExactString, _ steps: [HistoryStep], _ values: [JSONText],
    _ shown: ChangeID?
  ) -> String {
    let ordered = Array(zip(steps, values))
    let times = steps.map { subject.owner.step(origin($0.id))?.effective ?? $0.effective }
    let homes = Set(steps.map { subject.owner.step(origin($0.id))?.on ?? $0.on })
    let tail = homes.count > 1 ? "on profiles that were merged" : Phrase.unknowing(times)
    let winner = shown.flatMap { id in ordered.first { $0.0.id == id } }
    switch kind {
    case .takenTwice:
      let has = winner.map { "; \($0.1.plain) has it" } ?? ""
      return "\(Phrase.list(ordered.map(\.1.plain))) took \(subject.ticketName), \(tail)\(has)"
    case .settledTwice:
      let ways = ordered.map { "\(Phrase.quoted(settledText($0.1))) by \($0.0.by)" }
      let what = field.text.hasPrefix("settled.") ? "a situation" : field.text
      return "\(what) of \(name) was settled as \(Phrase.list(ways)), \(tail)"
    default:
      let ways = ordered.map { "\(Phrase.quoted(Conflict.words(field, $0.1))) by \(author($0.0))" }
      let now = winner.map { "; \(Phrase.quoted(Conflict.words(field, $0.1))) is shown" } ?? ""
      return "\(field.text) of \(name) is \(Phrase.list(ways)), \(tail)\(now)"
    }
  }

  private func settledText(_ value: JSONText) -> String {
    value["note"]?.plain ?? value["take"]?.plain ?? value.plain
  }

  private var name: String {
    switch subject.type {
    case Vocabulary.ticket: subject.ticketName
    case Vocabulary.customer: subject.who
    default: "the \(subject.type)"
    }
  }

  /// The values that the sides replaced, each once.
  private func replaced(_ field: ExactString, _ steps: [HistoryStep]) -> [JSONText] {
    let sides = Set(steps.map(\.id))
    var seen: Set<ChangeID> = []
    return steps.flatMap { step in
      (subject.owner.step(origin(step.id)) ?? step).edits.filter { $0.field == field }.flatMap(\.replaced)
    }.filter { !sides.contains($0.change) && seen.insert($0.change).inserted }.map(\.value)
  }

  /// One value that two authors wrote.
  private func agreement(_ field: ExactString, _ id: ChangeID) -> Conflict? {
    guard let step = subject.owner.step(id), let value = step.value(of: field),
      let other = subject.owner.steps.last(where: { $0.isParallel(to: step) && $0.value(of: field) == value })
    else { return nil }
    let steps = [other, step]
    return entry(
      id: Conflict.id(.field, home([other.on, step.on]), field, [other.id, id]), kind: .field, state: .equal,
      harm: 1,
      field: field,
      sides: steps.map { side(.init($0, says(field, $0), channel: channel), field, steps) },
      says:
        "\(field.text) of \(name) was set to \(Phrase.quoted(Conflict.words(field, value))) by \(other.by) and \(step.by), "
        + Phrase.unknowing(steps.map(\.effective)),
      apology: nil, rule: nil, shown: nil, replaced: replaced(field, steps), settlement: nil)
  }

  /// A drop that met an add: the rule of sets answers it.
  private func conflict(_ lost: LostDrop) -> Conflict {
    let steps = [lost.drop] + lost.adds
    let words = Phrase.list(lost.elements.map { Phrase.quoted($0.text) })
    let sides = steps.map { step in
      let isDrop = step.id == lost.drop.id
      return side(
        .init(step, "\(isDrop ? "took" : "put") \(words) \(isDrop ? "out of" : "into") \(lost.field.text)"),
        lost.field, steps)
    }
    return entry(
      id: Conflict.id(.field, home(Set(steps.map(\.on))), lost.field, steps.map(\.id)), kind: .field,
      state: .ruled,
      harm: 1, field: lost.field, sides: sides,
      says:
        "\(words) in \(lost.field.text) of \(name) was taken out by \(lost.drop.by) and put in by "
        + "\(Phrase.list(Set(lost.adds.map(\.by)).sorted())), \(Phrase.unknowing(steps.map(\.effective))); who puts in wins",
      apology: nil, rule: "add wins", shown: nil, replaced: [], settlement: nil)
  }

  // MARK: Situations

  private func conflict(_ finding: SituationRule.Finding) -> Conflict {
    let key = finding.key ?? finding.sides.map(\.step.id)
    let on = home(Set(finding.sides.flatMap { [$0.on, $0.about].compactMap(\.self) }))
    let id = Conflict.id(finding.kind, on, nil, key)
    let steps = finding.sides.map(\.step)
    let field = Self.settlementField(id)
    var settlement: Conflict.Settlement?
    // An erased entity has no fields; there the marks of changes tell.
    let isErased = subject.state.isErased
    if let step = subject.owner.steps.last(where: {
      $0.settles == id || isErased && $0.reopens == id || $0.value(of: field) != nil
    }), isErased ? step.settles == id : subject.state.registers[field] != nil {
      settlement = self.settlement(step, field)
    }
    // What was settled before the tickets were merged stays so.
    for part in subject.parts where settlement == nil {
      guard part.state.registers[field] != nil,
        let step = part.owner.steps.last(where: { $0.value(of: field) != nil })
      else { continue }
      settlement = self.settlement(step, field)
    }
    return entry(
      id: id, kind: finding.kind, state: settlement == nil ? .open : .settled, harm: finding.kind.harm,
      field: nil, sides: finding.sides.map { side($0, nil, steps) }, says: finding.says,
      apology: finding.apology.map {
        "Dear \(subject.who == "the customer" ? "customer" : subject.who), " + $0
      },
      rule: nil, shown: nil, replaced: [], settlement: settlement)
  }

  /// How a change settled a situation.
  private func settlement(_ step: HistoryStep, _ field: ExactString) -> Conflict.Settlement {
    let value = step.value(of: field)
    return Conflict.Settlement(
      change: step.id, by: step.by, at: step.effective, value: value?["take"],
      note: value?["note"]?.string ?? step.note)
  }

  // MARK: Both

  private func side(
    _ side: SituationRule.Finding.Side, _ field: ExactString?, _ all: [HistoryStep]
  ) -> Conflict.Side {
    let step = side.step
    return Conflict.Side(
      change: step.id, on: side.on, by: step.restores == nil ? step.by : author(step), replica: step.replica,
      at: step.at, effective: step.effective, received: step.placed.stamp, position: step.position,
      seen: step.placed.seen, channel: side.channel, value: field.flatMap { step.value(of: $0) },
      says: side.says,
      knew: all.filter { $0.id != step.id && step.placed.knew($0.placed) }.map(\.id), restores: step.restores)
  }

  private func entry(
    id: String, kind: ConflictKind, state: ConflictState, harm: Int, field: ExactString?,
    sides: [Conflict.Side], says: String, apology: String?, rule: String?, shown: Int?, replaced: [JSONText],
    settlement: Conflict.Settlement?
  ) -> Conflict {
    func word(_ field: ExactString) -> String? {
      subject.state.text(field).flatMap { $0.isEmpty ? nil : $0 }
    }
    return Conflict(
      id: id, kind: kind, state: state, harm: harm, on: subject.owner.id, field: field,
      at: sides.map(\.effective).max() ?? .zero, title: title, customer: customer,
      customerName: subject.customerName, team: word("team"), assignee: word("assignee"), says: says,
      apology: apology, rule: rule, shown: shown, sides: sides, replaced: replaced, settlement: settlement)
  }
}

extension WinnerPolicy {
  /// What it is called.
  public var name: String {
    switch self {
    case .latest: "latest"
    case .earliest: "earliest"
    case .first(Vocabulary.statuses): "least finished"
    case .first(let order): "first of " + order.joined(separator: ", ")
    case .last(Vocabulary.priorities): "highest"
    case .last(let order): "last of " + order.joined(separator: ", ")
    }
  }
}
