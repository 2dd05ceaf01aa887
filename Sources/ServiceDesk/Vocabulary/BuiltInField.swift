import Agent
import Causality
import Codec
import Merge
import Storage

/// What the value of a field has to be that means something to the desk.
///
/// What a person gives is held to it: `Desk.set`, `Desk.settle` and every command. What an import or `Desk.record` writes is kept and
/// shown whatever it is, but where it is none of these nobody finds it by it: an unknown status counts as open, and what is set
/// under the name of a set hides nothing of it and is no element.
public enum BuiltInField: Hashable, Sendable {
  /// One of these words.
  case word([String])
  /// A time, as `HybridTime` writes it.
  case time
  /// The id of a customer.
  case customer
  /// A text by which people know the entity, so not an empty one.
  case title
  /// Any text.
  case text
  /// None: it holds any number of elements or entries, which are added one by one.
  case several

  /// - Returns: nil for a field that may hold anything.
  public init?(type: String, field: ExactString) {
    switch (type, field) {
    case (Vocabulary.ticket, _) where Self.collections.contains(field),
      (Vocabulary.customer, _) where Self.collections.contains(field),
      (Vocabulary.organisation, _) where Self.collections.contains(field),
      (Vocabulary.article, _) where Self.collections.contains(field):
      self = .several
    case (Vocabulary.ticket, "status"): self = .word(Vocabulary.statuses)
    case (Vocabulary.ticket, "priority"): self = .word(Vocabulary.priorities)
    case (Vocabulary.ticket, "channel"): self = .word(Vocabulary.channels)
    case (Vocabulary.promise, "state"): self = .word(Vocabulary.promiseStates)
    case (Vocabulary.article, "audience"): self = .word(Vocabulary.audiences)
    case (Vocabulary.article, "state"): self = .word(Vocabulary.articleStates)
    case (Vocabulary.customer, Vocabulary.preferredChannel),
      (Vocabulary.organisation, Vocabulary.preferredChannel):
      self = .word(Vocabulary.channels)
    case (Vocabulary.ticket, "due"), (Vocabulary.promise, "due"): self = .time
    case (Vocabulary.ticket, "customer"), (Vocabulary.promise, "customer"): self = .customer
    case (Vocabulary.ticket, "subject"), (Vocabulary.customer, "name"), (Vocabulary.organisation, "name"),
      (Vocabulary.article, "title"):
      self = .title
    case (Vocabulary.ticket, "team"), (Vocabulary.ticket, "assignee"), (Vocabulary.ticket, "topic"),
      (Vocabulary.ticket, Vocabulary.owner), (Vocabulary.ticket, "ref"), (Vocabulary.customer, "ref"),
      (Vocabulary.customer, "language"), (Vocabulary.organisation, "ref"), (Vocabulary.article, "ref"),
      (Vocabulary.article, "language"), (Vocabulary.article, "topic"), (Vocabulary.article, "body"):
      self = .text
    case (Vocabulary.customer, _) where field.text.hasPrefix(Vocabulary.addressPrefix),
      (Vocabulary.organisation, _) where field.text.hasPrefix(Vocabulary.addressPrefix):
      self = .text
    default: return nil
    }
  }

  /// The sets and logs of the desk: a value of the same name would stand beside what they hold.
  private static let collections: Set<ExactString> = [
    "tags", "phones", "emails", "handles", Vocabulary.avoidedChannels, Vocabulary.organisations, Links.same,
    Links.distinct, Vocabulary.kept, Vocabulary.given, Vocabulary.questions, Vocabulary.timeline,
    Vocabulary.links,
    Vocabulary.followers,
  ]

  /// A value as it is kept: a word, time or id without spaces around it.
  ///
  /// - Throws: `DeskError.invalid` for what would count as no value of it, naming the field.
  public func value(_ given: JSONText, of field: ExactString) throws(DeskError) -> JSONText {
    let bare = try bare(given, of: field)
    switch self {
    case .word(let words):
      guard words.contains(bare) else {
        throw .invalid("'\(field)' is one of \(words.joined(separator: ", ")), not '\(bare)'")
      }
      return JSONText(bare)
    case .time:
      guard HybridTime(bare) != nil else {
        throw .invalid("'\(field)' is a time such as \(HybridTime.zero), not '\(bare)'")
      }
      return JSONText(bare)
    case .customer:
      guard EntityID(bare)?.type == Vocabulary.customer else {
        throw .invalid("'\(field)' is the id of a customer, not '\(bare)'")
      }
      return JSONText(bare)
    case .title:
      guard !bare.isEmpty else { throw .invalid("'\(field)' is empty") }
      return given
    case .text, .several: return given
    }
  }

  /// The text of a value, without spaces around it.
  package func bare(_ given: JSONText, of field: ExactString) throws(DeskError) -> String {
    if self == .several {
      throw .invalid(
        "'\(field)' holds any number of elements, so it is not set: they are added and taken away one by one"
      )
    }
    guard let text = given.string else { throw .invalid("'\(field)' holds text, not \(given.text)") }
    var rest = text[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  /// Elements of a set by which people are reached, as they are kept.
  ///
  /// - Throws: `DeskError.invalid` for an empty one, and for a channel that there is not.
  package static func elements(_ given: [String], of set: ExactString) throws(DeskError) -> [ExactString] {
    for element in given {
      guard element.contains(where: { !$0.isWhitespace }) else {
        throw .invalid("an element of '\(set)' is empty")
      }
      if set == Vocabulary.avoidedChannels, !Vocabulary.channels.contains(element) {
        throw .invalid(
          "'\(set)' holds channels: \(Vocabulary.channels.joined(separator: ", ")), not '\(element)'")
      }
    }
    return given.map { ExactString($0) }
  }
}

extension Desk {
  /// A value of a field as it is kept, of one that means something to the desk or is a setting.
  ///
  /// - Parameter shown: the value that is shown now, for settings.
  /// - Throws: `DeskError.invalid` for what would count as no value of it, and for a customer who was erased; `.notFound` for one of
  ///   whom nothing is known.
  func kept(
    _ value: JSONText, of field: ExactString, on id: EntityID, like shown: JSONText? = nil
  ) throws(DeskError) -> JSONText {
    if id == Vocabulary.settingsID { return try Settings.value(value, of: field, like: shown) }
    guard let kind = BuiltInField(type: id.type, field: field) else { return value }
    let kept = try kind.value(value, of: field)
    if kind == .customer, let customer = EntityID(kept.plain) {
      try known(customer, as: Vocabulary.customer)
      try refuseErased(customer)
    }
    return kept
  }
}
