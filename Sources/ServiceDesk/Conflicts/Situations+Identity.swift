import Causality
import Codec
import Merge

/// Situations about what exists: erased, twice, merged; and about when.
extension Situations {
  /// Edits of something by authors who did not know that it was erased, and of which who erased it did not know either, wherever
  /// in the order they are: what was gone from the customer by one of them is gone with the others.
  static func erasedEdit(_ subject: Case) -> [SituationRule.Finding] {
    guard let erasure = subject.owner.steps.first(where: { $0.edits.contains(where: \.isErasure) }) else {
      return []
    }
    let erasures = subject.owner.steps.filter { $0.edits.contains(where: \.isErasure) }
    let edits = subject.owner.steps.filter { step in
      // What the erasure's author knew was erased knowingly.
      !step.edits.contains(where: \.isErasure) && !erasure.placed.knew(step.placed)
        && !erasures.contains { step.placed.knew($0.placed) }
    }
    guard let last = edits.last else { return [] }
    let authors = Set(edits.map(\.by)).sorted()
    return [
      SituationRule.Finding(
        kind: .erasedEdit,
        sides: [.init(erasure, "erased it")]
          + edits.map { .init($0, "edited it, not knowing of the erasure") },
        says:
          "The \(subject.type) that \(erasure.by) erased was edited by \(Phrase.list(authors)), not knowing, last "
          + "\(Phrase.span(Phrase.between(last.effective, erasure.effective))) "
          + "\(last.effective < erasure.effective ? "before" : "after"); nothing of it is kept",
        key: [erasure.id] + edits.map(\.id))
    ]
  }

  /// Two profiles that share a way to reach the person, made by two authors who did not know of each other's.
  ///
  /// Over when one is merged into the other, or somebody says that they are two people. Found at the lesser of the two.
  static func createdTwice(_ subject: Case) -> [SituationRule.Finding] {
    guard !subject.owner.isErased else { return [] }
    let profiles = subject.owner.profiles
    return profiles.flatMap { profile in createdTwice(profile, subject) }
  }

  /// One of the profiles that a customer consists of, beside others that are none of them.
  private static func createdTwice(_ profile: EntityHistory, _ subject: Case) -> [SituationRule.Finding] {
    guard let own = profile.state(), let made = profile.steps.first(where: \.placed.change.creates) else {
      return []
    }
    let contacts = contacts(own)
    let numbers = numbers(own)
    return subject.others.compactMap { other in
      guard other.id.type == subject.type, profile.id < other.id, !other.isErased,
        let state = other.state(),
        let second = other.steps.first(where: \.placed.change.creates), made.isParallel(to: second),
        let shared = contacts.intersection(Self.contacts(state)).min()
          ?? Self.shared(numbers, Self.numbers(state))
      else { return nil }
      let links =
        mergeTargets(subject.state).contains(other.id) || isTold(subject.state, other.id)
        || subject.owner.members.contains { mergeTargets(state).contains($0) || isTold(state, $0) }
      if links { return nil }
      let times = [made.effective, second.effective]
      return SituationRule.Finding(
        kind: .createdTwice,
        sides: [
          .init(made, "made the profile \(Phrase.quoted(own.text("name") ?? ""))"),
          .init(second, "made the profile \(Phrase.quoted(state.text("name") ?? ""))"),
        ],
        says:
          "\(subject.who) is there twice: \(made.by) and \(second.by) each made a profile with \(shared), "
          + Phrase.unknowing(times))
    }
  }

  /// How a customer is reached, as far as it tells people apart.
  static func contacts(_ state: EntityState) -> Set<String> {
    var found: Set<String> = []
    for email in state.elements("emails") { found.insert(TextFolding.fold(email)) }
    for handle in state.elements("handles") { found.insert(TextFolding.fold(handle)) }
    for phone in state.elements("phones") {
      if let digits = PhoneDigits.parse(phone) { found.insert(digits) }
    }
    return found
  }

  /// A customer's telephone numbers, ordered.
  private static func numbers(_ state: EntityState) -> [PhoneNumber] {
    state.elements("phones").sorted().compactMap { PhoneNumber($0) }
  }

  /// A number that is among others in another form, with its calling code or without; nil where none is.
  private static func shared(_ numbers: [PhoneNumber], _ others: [PhoneNumber]) -> String? {
    numbers.first { number in
      others.contains {
        number.isInternational != $0.isInternational
          ? number.canBeSame(as: $0)
          : number.isInternational && number.international == $0.international
      }
    }?.digits
  }

  /// Whether a profile says of another that it is, or is not, the same person.
  private static func isTold(_ state: EntityState, _ other: EntityID) -> Bool {
    (["same", "distinct"] as [ExactString]).contains { state.sets[$0]?[ExactString("\(other)")] != nil }
  }

  /// What an entity was merged into, by any of its heads.
  static func mergeTargets(_ state: EntityState) -> Set<EntityID> {
    Set((state.registers[Vocabulary.merged]?.heads ?? []).compactMap { EntityID($0.value.plain) })
  }

  /// Two things of which each was merged into the other by authors who did not know. Found at the lesser of the two.
  static func mergedBothWays(_ subject: Case) -> [SituationRule.Finding] {
    subject.others.compactMap { other in
      guard other.id.type == subject.type, subject.owner.id < other.id,
        let one = merge(subject.owner, into: other.id), let two = merge(other, into: subject.owner.id),
        one.isParallel(to: two)
      else { return nil }
      return SituationRule.Finding(
        kind: .mergedBothWays,
        sides: [
          .init(one, "merged it into \(other.id)"),
          .init(two, "merged it into \(subject.owner.id)"),
        ],
        says:
          "\(one.by) merged \(subject.owner.id) into \(other.id), and \(two.by) did it the other way round, "
          + Phrase.unknowing([one.effective, two.effective]))
    }
  }

  /// The step by which an entity says that it is merged into another, where that is a head.
  private static func merge(_ history: EntityHistory, into target: EntityID) -> HistoryStep? {
    let heads = history.state()?.registers[Vocabulary.merged]?.heads ?? []
    return heads.first { EntityID($0.value.plain) == target }.flatMap { history.step($0.id) }
  }

  /// Profiles that somebody merged and somebody else, who did not know of that, called two people. They are shown as one.
  ///
  /// Over when somebody who knows splits or merges them again: either takes the other's word back.
  static func sameAndDistinct(_ subject: Case) -> [SituationRule.Finding] {
    guard subject.owner.members.count > 1 else { return [] }
    let members = Set(subject.owner.members)
    let states = subject.owner.profiles.compactMap { $0.state() }
    func adds(_ state: EntityState, _ field: ExactString, _ element: EntityID) -> [HistoryStep] {
      (state.sets[field]?[ExactString("\(element)")] ?? []).compactMap { subject.owner.step($0) }
    }
    let ties = states.flatMap { state in
      state.linked.filter(members.contains).flatMap { adds(state, Links.same, $0) }
    }
    var told: Set<[EntityID]> = []
    var found: [SituationRule.Finding] = []
    for state in states {
      for other in state.distinct where members.contains(other) && !told.contains([other, state.id]) {
        let clash = adds(state, Links.distinct, other).lazy.compactMap { step in
          // The tie that this profile has itself tells more than one of a chain of ties.
          (ties.filter { $0.on == state.id } + ties).first { $0.isParallel(to: step) }.map { (step, $0) }
        }.first
        guard let (distinct, tie) = clash else { continue }
        told.insert([state.id, other])
        found.append(
          SituationRule.Finding(
            kind: .sameAndDistinct,
            sides: [
              .init(tie, "merged the profiles"),
              .init(distinct, "said that \(state.id) and \(other) are two people"),
            ],
            says:
              "\(subject.who) is shown as one person, because \(tie.by) merged two profiles that \(distinct.by) called two "
              + "people, \(Phrase.unknowing([distinct.effective, tie.effective]))"))
      }
    }
    return found
  }

  /// Edits of a device whose clock ran ahead, so that they count as made when the server received them. One for each
  /// device and receipt.
  static func wrongClock(_ subject: Case) -> [SituationRule.Finding] {
    var groups: [String: [HistoryStep]] = [:]
    for step in subject.owner.steps where step.placed.isClamped {
      groups["\(step.on) \(step.replica) \(step.placed.stamp ?? 0)", default: []].append(step)
    }
    return groups.sorted { $0.key < $1.key }.compactMap { _, steps in
      guard let first = steps.first else { return nil }
      let ahead = Phrase.span(Phrase.between(first.at, first.effective))
      let count = steps.count == 1 ? "an edit" : "\(steps.count) edits"
      return SituationRule.Finding(
        kind: .wrongClock,
        sides: steps.map { .init($0, "edited it with a clock \(ahead) ahead") },
        says: "The clock of \(first.by)'s device ran \(ahead) ahead when it made \(count) here; "
          + "\(steps.count == 1 ? "it counts" : "they count") as made when the server received \(steps.count == 1 ? "it" : "them")",
        key: [first.id])
    }
  }
}
