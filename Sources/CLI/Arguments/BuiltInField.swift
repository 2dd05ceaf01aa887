import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// What the value of a field has to be that means something to the desk, whichever way a person gives it: by an option, as
/// FIELD=VALUE, or to settle a conflict.
///
/// Only what a person types is held to it. Imports and `entity set` may write other values, which are kept and shown.
enum BuiltInField: Hashable {
  /// One of these words.
  case word([String])
  /// A time to come.
  case time
  /// A customer of this store.
  case customer
  /// A text by which people know the entity, so not an empty one.
  case title
  /// Any text.
  case text
  /// None: it holds any number of elements or entries, which are added one by one.
  case several

  /// - Returns: nil for a field that may hold anything.
  init?(type: String, field: ExactString) {
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

  /// The value as far as it can be told without the store: a word without spaces around it, and a time that can be read.
  ///
  /// - Throws: `Failure` of usage, naming the field.
  func read(_ value: JSONText, of field: ExactString) throws(Failure) -> JSONText {
    if self == .several {
      throw .usage(
        "'\(field)' holds any number of elements, so it is not set; options such as --tag, --phone and --email and commands of "
          + "their own add one or take one away")
    }
    guard let text = value.string else {
      throw .usage("'\(field)' holds text, not \(value.text)")
    }
    let bare = Self.trimmed(text)
    switch self {
    case .word(let words):
      guard words.contains(bare) else { throw .word(bare, of: "'\(field)'", words) }
      return JSONText(bare)
    case .time:
      _ = try Moment.due(bare, now: 0)
      return JSONText(bare)
    case .customer, .title:
      guard !bare.isEmpty else { throw .usage("'\(field)' is empty") }
      return self == .customer ? JSONText(bare) : value
    case .text, .several: return value
    }
  }

  /// What was read, as it is kept: the id of the customer that is meant, and the time at which a length of time ends.
  func complete(_ value: JSONText, _ context: Context, _ desk: Desk) throws -> JSONText {
    guard let text = value.string else { return value }
    switch self {
    case .time:
      let time = try Moment.due(text, now: context.system.now())
      return JSONText(HybridTime(milliseconds: time).description)
    case .customer: return JSONText("\(try context.presentCustomer(text, desk))")
    case .word, .title, .text, .several: return value
    }
  }

  private static func trimmed(_ text: String) -> String {
    var rest = text[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}

extension BuiltInField {
  /// Reads all values that a draft sets.
  static func read(_ draft: inout Draft, type: String) throws(Failure) {
    for (field, value) in draft.set.sorted(by: { $0.key < $1.key }) {
      guard let kind = BuiltInField(type: type, field: field) else { continue }
      draft.set[field] = try kind.read(value, of: field)
    }
  }

  /// Completes all values that a draft sets and that were read.
  static func complete(_ draft: inout Draft, type: String, _ context: Context, _ desk: Desk) throws {
    for (field, value) in draft.set.sorted(by: { $0.key < $1.key }) {
      guard let kind = BuiltInField(type: type, field: field) else { continue }
      draft.set[field] = try kind.complete(value, context, desk)
    }
  }

  /// A value that is to settle a conflict, as it is kept.
  ///
  /// - Throws: `Failure`, `.conflict` where the value would finish a ticket that nobody said is finished: what that needs is
  ///   asked for by 'ticket solve'.
  static func settling(
    _ conflict: Conflict, with value: JSONText, _ context: Context, _ desk: Desk
  ) throws -> JSONText {
    guard let field = conflict.field else { return value }
    if conflict.on == Vocabulary.settingsID {
      let shown = conflict.shown.flatMap {
        conflict.sides.indices.contains($0) ? conflict.sides[$0].value : nil
      }
      do throws(DeskError) {
        return try Settings.value(value, of: field, like: shown)
      } catch {
        throw Failure.usage(error.description)
      }
    }
    guard let kind = BuiltInField(type: conflict.on.type, field: field) else { return value }
    let kept = try kind.complete(kind.read(value, of: field), context, desk)
    if conflict.on.type == Vocabulary.ticket, field == "status", Vocabulary.finished.contains(kept.plain),
      !conflict.sides.contains(where: { Vocabulary.finished.contains($0.value?.plain ?? "") })
    {
      throw Failure(
        .conflict,
        "nobody said that it is \(kept.plain), so that does not settle it; 'askonce ticket solve' solves it, or 'askonce ticket "
          + "set' with --because")
    }
    return kept
  }
}
