import Causality
import Codec
import Merge

/// What foreign data calls an entity: its type and the id it has there.
///
/// The store finds the entity of that type whose register `ref` holds `ref`, or creates it and sets `ref`.
package struct EntityKey: Hashable, Sendable, CustomStringConvertible {
  package let type: String
  package let ref: ExactString

  package init(_ type: String, _ ref: String) {
    self.type = type
    self.ref = ExactString(ref)
  }

  package var description: String { "\(type)/\(ref.text)" }
}

/// An element of a set that names another entity: `customer/ALFKI`, or with a word before it `related ticket/INC7`.
package struct ImportedTie: Hashable, Sendable, CustomStringConvertible {
  /// What the other entity is to this one, with the space behind it; "" where the set's name says so.
  package let word: String
  package let key: EntityKey

  package var description: String { word + key.description }

  /// The word of an element, and what follows it; nil for an element that names no entity.
  package static func parts(_ element: String) -> (word: String, entity: String)? {
    guard let slash = element.firstIndex(of: "/") else { return nil }
    guard let space = element[..<slash].firstIndex(of: " ") else { return ("", element) }
    let start = element.index(after: space)
    return (String(element[..<start]), String(element[start...]))
  }
}

/// One edit that foreign data asks for. One becomes one change.
package struct ImportedEdit: Sendable {
  /// What is edited. `ref` is not in the draft: the store sets it when it creates the entity, which it does
  /// for an empty draft too.
  package var key: EntityKey
  /// What to change. Values that equal the present ones are dropped when it becomes a change.
  package var draft = Draft()
  /// Registers that name another entity. The store finds or creates that one (with nothing but its `ref`) and
  /// sets the register to its id.
  package var links: [ExactString: EntityKey] = [:]
  /// Elements of sets that name other entities: the store adds each with that one's id.
  package var ties: [ExactString: [ImportedTie]] = [:]
  /// When it was made; nil for now.
  package var at: HybridTime?
  /// The agent who made it; nil for the store's own.
  package var by: String?
  /// Names this very record, whatever file it comes in, among the edits of one entity. The store keeps it in
  /// the change as `imp` and skips an edit whose key a change of the entity already has.
  package var once: String
  /// The characters of `once` that depend on the record itself.
  package static let plainKeyLength = RecordKey.length
  /// Whether it is a row of a table that says how things are, not what happened when: the store skips it only while it is the
  /// last of its entity that it took from such a table. `once` then ends in four characters that say of which columns it is
  /// made, so that tables of different columns do not make each other's rows new.
  package var isSnapshot = false
  /// Whether it comes from an export of a store, perhaps this one: entities as JSON lines, and a table whose columns are
  /// named as in an export. What is so already need not be said again. A counter's step is then what the counter comes to.
  package var isExported = false
  /// Of an exported record: what the entity's id is where it was exported. Where the store has that one, it is meant,
  /// whatever `key` says.
  package var entity: EntityID?
  /// Of an exported log entry: the change that wrote it where it was exported.
  package var origin: ChangeID?
  /// Of an exported log entry: whether its words were taken out, so that it holds in `redacted` what a field of the entity
  /// says too.
  package var isRedacted = false
  /// The line on which the record starts, from 1.
  package var line: Int
  /// The record as it stands in the file, for a reject where the store refuses it. Of an event log empty: all of that is held
  /// in memory.
  package var raw: [UInt8] = []

  package init(key: EntityKey, at: HybridTime? = nil, by: String? = nil, once: String, line: Int) {
    self.key = key
    self.at = at
    self.by = by
    self.once = once
    self.line = line
  }

  /// Whether nothing is asked for but that the entity exists.
  package var isEmpty: Bool { draft.isEmpty && links.isEmpty && ties.isEmpty }
}

/// A record that was not imported.
package struct Reject: Hashable, Sendable, CustomStringConvertible {
  /// The line on which the record starts, from 1.
  package var line: Int
  package var reason: String
  /// The record as it stands in the file, with its line break: rejects behind the file's header are a
  /// file that can be mended and imported. Cut at the size limit of a record.
  package var raw: [UInt8]

  package init(line: Int, reason: String, raw: [UInt8]) {
    self.line = line
    self.reason = reason
    self.raw = raw
  }

  package var description: String { "line \(line): \(reason)" }
}

/// A value of an imported record that the caller's `Refusal` left out; the rest of the record was imported.
package struct RefusedValue: Hashable, Sendable, CustomStringConvertible {
  package var line: Int
  package var key: EntityKey
  package var field: ExactString
  package var reason: String

  package var description: String { "line \(line): \(field) of \(key): \(reason)" }
}

/// Says why a value must not be imported; nil lets it in. Asked for every new value of a register, every
/// element of a set and every log entry: the place to keep secrets out.
package typealias Refusal = @Sendable (_ key: EntityKey, _ field: ExactString, _ value: JSONText) -> String?

/// What came of a record.
package enum ImportItem: Sendable {
  case edit(ImportedEdit)
  case reject(Reject)
  case refused(RefusedValue)
}

/// Why a file cannot be imported at all.
package struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
  package let reason: String

  package init(_ reason: String) { self.reason = reason }

  package var description: String { reason }
}

/// Why one record is rejected. Thrown inside of this module only.
struct BadRecord: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
