import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// What a person types for a field that means something to the desk, by an option, as FIELD=VALUE, or to settle a conflict: a time
/// or a customer is written in many ways there.
///
/// Only that is held to it. Imports and `entity set` may write other values, which are kept and shown.
extension BuiltInField {
  /// The value as far as it can be told without the store: a word without spaces around it, and a time that can be read.
  ///
  /// - Throws: `Failure` of usage, naming the field.
  func read(_ value: JSONText, of field: ExactString) throws(Failure) -> JSONText {
    if self == .several {
      throw .usage(
        "'\(field)' holds any number of elements, so it is not set; options such as --tag, --phone and --email and commands of "
          + "their own add one or take one away")
    }
    let bare: String
    do { bare = try self.bare(value, of: field) } catch { throw .usage(error.description) }
    switch self {
    case .word(let words):
      guard words.contains(bare) else { throw .word(bare, of: "'\(field)'", words) }
    case .time:
      _ = try Moment.due(bare, now: 0)
      return JSONText(bare)
    case .customer:
      guard !bare.isEmpty else { throw .usage("'\(field)' is empty") }
      return JSONText(bare)
    case .title, .text, .several: break
    }
    do { return try self.value(value, of: field) } catch { throw .usage(error.description) }
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
