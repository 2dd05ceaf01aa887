import Codec
import Merge

/// Words by which the body of a change is told apart without parsing it. One that is found may stand in a text, so it only says
/// that one has to look.
enum BodyWords {
  static let add = Array("\"add\":".utf8)
  static let drop = Array("\"drop\":".utf8)
  static let erase = Array("\"erase\"".utf8)
  /// Fields of a customer, by how their names begin.
  static let consent = Array("\"consent.".utf8)
  static let fact = Array("\"fact.".utf8)
  static let name = Array("\"name\"".utf8)
  /// That a consent is withdrawn.
  static let withdrawn = Array("\"withdrawn\"".utf8)
  /// Whose ticket it is.
  static let customer = Array("\"customer\":\"".utf8)
  /// How far a ticket is.
  static let status = Array("\"status\"".utf8)
  /// The facts that an answer rests on.
  static let facts = Array("\"facts\":".utf8)
  /// What a timeline tells that a customer is owed.
  static let owed = Array("\"\(Vocabulary.compensation)\"".utf8)
  /// By which an entity is tied to others, or kept apart from them.
  static let same = Array("\"\(Links.same.text)\"".utf8)
  static let distinct = Array("\"\(Links.distinct.text)\"".utf8)
  /// Of which ticket a ticket is a part.
  static let merged = Array("\"\(Vocabulary.merged.text)\"".utf8)
  /// By which customers become twins in the inbox, or are told apart.
  static let twins = [merged, add, drop, same, distinct, erase]
  /// By which a message to the customer does not go out, or does after all (`Desk.record`, `.cancel`, `.release`).
  static let stopping = ["cancelled", "failed", "held", "queued"].map { Array("{\"state\":\"\($0)\"".utf8) }
  /// That a message waits to be sent.
  static let waiting = Array("\"queued\"".utf8)
  /// That the words of an entry are hidden.
  static let redacted = Array("\"\(Vocabulary.redactedPrefix)".utf8)
  /// That the customer said something.
  static let incoming = Array("\"direction\":\"in\"".utf8)
  /// What a change does to a conflict.
  static let settling = ["\"settles\"", "\"reopens\"", "\"restores\""].map { Array($0.utf8) }
}
