import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// What was written on a profile while it was one with others that it is not one with any more, and may be theirs.
  ///
  /// It follows from the changes, so an edit that an offline agent made in the belief that the two are one becomes a question
  /// when it arrives, however late. What names the other profile, because somebody came by its number or its ticket, is
  /// no question; nor is what was written by somebody who had not heard of the merge.
  /// Cost: the changes of those that it was ever one with, and of the tickets that name it; its own where it was never merged.
  public func splitQuestions(of id: EntityID) throws(StorageError) -> [SplitQuestion] {
    guard let open = try OpenChanges(of: id, in: store) else { return [] }
    var questions: [SplitQuestion] = []
    for placed in open.changes {
      if let question = try open.question(placed) { questions.append(question) }
    }
    for reference in try references(to: id) {
      guard let state = try store.state(of: reference),
        let head = state.shown("customer"), head.value.string == id.description,
        !state.elements(Vocabulary.kept).contains(head.id.description),
        let placed = try store.changes(of: reference).first(where: { $0.change.id == head.id })
      else { continue }
      let others = open.others(placed)
      if !others.isEmpty { questions.append(open.question(placed, others, [.reference(reference)])) }
    }
    return questions.sorted { ($0.at, $0.change) < ($1.at, $1.change) }
  }

  /// The open questions that a profile's split left, at whichever profile what they are about is; for nil those of all
  /// customers, oldest first.
  ///
  /// Cost: the changes of the profiles that were ever merged; for one profile those of the ones that it was ever one with, unless it is
  /// erased, so that only the others still tell of that.
  public func splitQuestions(touching id: EntityID?) throws(StorageError) -> [SplitQuestion] {
    var questions: [SplitQuestion] = []
    if let id, !store.isErased(id) {
      for profile in try Ties(around: [id], in: store).profiles {
        questions += try splitQuestions(of: profile)
      }
    } else {
      let profiles = try reading { () throws(StorageError) in try tables.entities(.linked) }
      for profile in profiles where profile.type == Vocabulary.customer {
        questions += try splitQuestions(of: profile)
      }
    }
    if let id { questions.removeAll { $0.profile != id && !$0.others.contains(id) } }
    return questions.sorted { ($0.at, $0.change) < ($1.at, $1.change) }
  }

  /// Everything that names a customer in its field `customer`.
  func references(to id: EntityID) throws(StorageError) -> [EntityID] {
    try reading { () throws(StorageError) in try tables.entities(.customer(id.description)) }
  }

  /// Answers a question: it is where it belongs, or it belongs to another profile, where it is made again and the profile
  /// gets back what it had before. Of an erased one nothing is made again: it is only taken off the others, and words are
  /// hidden. What names the customer then names the erased one, so that a supervisor's next erasure takes it along.
  ///
  /// Cost: the changes of both.
  /// - Throws: `DeskError.invalid` for a profile that it cannot belong to.
  public func answer(_ question: SplitQuestion, belongsTo owner: EntityID) throws(DeskError) {
    guard owner == question.profile || question.others.contains(owner) else {
      throw .invalid("it belongs to \(question.profile) or \(question.others[0]), not to \(owner)")
    }
    try storing { () throws(StorageError) in
      let name = ExactString(question.change.description)
      var mark = Draft()
      if case .reference(let reference) = question.items.first {
        mark.add[Vocabulary.kept] = [name]
        let isKept = owner == question.profile
        try store.commit(
          Self.alone(reference, isKept ? mark : Draft(set: ["customer": owner.description])))
      } else {
        let isKept = owner == question.profile
        mark.add[isKept ? Vocabulary.kept : Vocabulary.given] = [name]
        mark.drop[isKept ? Vocabulary.given : Vocabulary.kept] = [name]
        try store.commit(try moves(question, to: owner) + [Self.alone(question.profile, mark)])
      }
      return .success(())
    }
  }

  /// The edits that take what a change did to where it belongs, from wherever it is: also from where somebody took it who gave another
  /// answer.
  private func moves(_ question: SplitQuestion, to owner: EntityID) throws(StorageError) -> [Edit] {
    guard
      let placed = try store.changes(of: question.profile).first(where: { $0.change.id == question.change }),
      owner != question.profile || question.isContradicted
    else { return [] }
    var edits: [Edit] = []
    for id in [question.profile] + question.others where !store.isErased(id) {
      let side = SplitSide(id, try store.changes(of: id))
      let copies = side.copies(of: question.change)
      if id != owner {
        let made = id == question.profile ? [placed] : copies
        edits += side.undoing(made)
        if store.isErased(owner) { edits += Self.hidingWords(of: made, on: id) }
      } else if copies.isEmpty {
        edits += side.making(question, placed)
      }
    }
    return edits
  }

  /// What hides the entries that some changes wrote in a profile's timeline.
  private static func hidingWords(of changes: [PlacedChange], on id: EntityID) -> [Edit] {
    let entries = changes.filter { placed in
      var isTold = false
      Ties.operations(of: placed) { if case .log(Vocabulary.timeline, _) = $0 { isTold = true } }
      return isTold
    }
    if entries.isEmpty { return [] }
    return [hiding(ErasurePlan.HiddenEntries(on: id, entries: entries.map(\.change.id)))]
  }

  /// Edits that give a profile back the values that it had before a disagreement with another one was settled in the
  /// other's favour: that value is the other's own, so no question is needed.
  func restorations(_ id: EntityID, leaving others: [EntityID]) throws(StorageError) -> [Edit] {
    let ties = try Ties(around: [id], in: store)
    let changes = ties.changes(of: id)
    let state = Fold.state(of: id, changes)
    let late = Set(
      changes.filter { !ties.known(to: $0, oneWith: id).isDisjoint(with: others) }.map(\.change.id))
    guard !late.isEmpty else { return [] }
    let before = Fold.state(of: id, changes.filter { !late.contains($0.change.id) })
    var edits: [Edit] = []
    for (field, register) in state.registers.sorted(by: { $0.key < $1.key }) {
      guard let head = state.shown(field), register.heads.allSatisfy({ late.contains($0.id) }),
        let earlier = before.registers[field]?.heads, earlier.contains(where: { $0.value != head.value })
      else { continue }
      for other in others {
        let their = try store.state(of: other)?.registers[field]?.heads ?? []
        let value = head.value.unlearned(field)
        guard their.contains(where: { $0.value.unlearned(field) == value }) else { continue }
        edits += Self.bringingBack(earlier, as: field, on: id, over: register.heads.map(\.id))
        break
      }
    }
    return edits
  }
}
