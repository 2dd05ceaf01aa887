import Causality
import Codec
import Merge
import Storage

/// Making changes again under another replica id, because the old ids went to others: a store was copied, or a
/// server that was restored gave them away before it got back what it had lost.
///
/// A change that was made again says what it was: `"was":"k7f3q2hd9x.418"`, its first id. With its time, which
/// stays, that tells whoever else holds it that it is there already.
enum Remaking {
  /// Gives changes of one replica the ids of another, from sequence 1 on, in their order.
  ///
  /// The new id is drawn from the first change. So others who have to make the same changes again at the same time,
  /// be it a copy of the store or a colleague who saved them, make the same ones, also where an erasure took the bodies.
  ///
  /// - Parameter elsewhere: the ids that others of the replica's changes have by now, by their sequences: those that the log
  ///   holds made again. What speaks of one of them means that, and not what the log has under its former id.
  static func renamed(
    _ changes: [Change], elsewhere: [UInt64: ChangeID] = [:]
  ) throws(StorageError) -> [Change] {
    guard let first = changes.first else { return [] }
    let new = ReplicaID(bits: FNV1a.hash(ChangeLine.bytes(first.stub)))
    var names: [UInt64: ChangeID] = [:]
    var others = elsewhere.sorted { $0.key < $1.key }[...]
    var renamed: [Change] = []
    for (index, change) in changes.enumerated() {
      // A change speaks of itself and of earlier ones; a later one of this name is somebody else's.
      while let (sequence, id) = others.first, sequence < change.id.sequence {
        names[sequence] = id
        others.removeFirst()
      }
      names[change.id.sequence] = ChangeID(new, UInt64(index) + 1)
      var line = rename(ChangeLine.bytes(change), from: first.id.replica, names)
      if change.was == nil, line.count + 40 < Change.maximumSize {
        line.removeLast()
        line += Array(",\"was\":\"\(change.id)\"}".utf8)
      }
      do {
        renamed.append(try ChangeLine.parse(line.span))
      } catch {
        throw .refused("change \(change.id) cannot be made again under a new replica id: \(error)")
      }
    }
    return renamed
  }

  /// Replaces `old.n` by `names[n]` wherever it stands in a line.
  private static func rename(
    _ line: [UInt8], from old: ReplicaID, _ names: [UInt64: ChangeID]
  ) -> [UInt8] {
    let pattern = Array("\(old).".utf8)
    var output: [UInt8] = []
    var index = 0
    while index < line.count {
      guard line[index] == pattern[0], line[index...].starts(with: pattern) else {
        output.append(line[index])
        index += 1
        continue
      }
      var end = index + pattern.count
      while end < line.count, line[end] &- UInt8(ascii: "0") < 10 { end += 1 }
      if let sequence = Decimal.parse(line.span, index + pattern.count, end), let name = names[sequence] {
        output += Array("\(name)".utf8)
      } else {
        output += line[index..<end]
      }
      index = end
    }
    return output
  }
}

/// Which edit a change is, whatever id it has now.
struct Origin: Hashable {
  let id: ChangeID
  let at: HybridTime
}

extension Change {
  /// The first id of a change that was made again; nil for one that was not.
  package var was: ChangeID? {
    // Most changes are told apart without parsing them.
    let pattern = Array("\"was\":\"".utf8)
    guard body.contains(word: pattern) else { return nil }
    let value = try? JSONText(parsing: [UInt8(ascii: "{")] + body + [UInt8(ascii: "}")])
    return value?["was"]?.string.flatMap { ChangeID($0) }
  }

  var origin: Origin { Origin(id: was ?? id, at: at) }

  /// Whether it is the same edit as one of the same origin, whatever ids they have now: two copies of a store may each have
  /// made another one under one id in one millisecond.
  ///
  /// Changes that they name count as equal, because these may have been made again too. So does the entity that they are on, where
  /// the replica made that.
  func isSameEdit(as other: Change) -> Bool {
    guard on == other.on || mayBeOnRemade && other.mayBeOnRemade else { return false }
    return namingNothing.isSame(as: other.namingNothing)
  }

  /// Whether the entity may have another id where somebody else made this change again.
  private var mayBeOnRemade: Bool { was != nil || on.origin.replica == id.replica }

  /// The change under its first id, with one id in the place of all that it names, and without what it was.
  private var namingNothing: Change {
    let one = ChangeID(ReplicaID(bits: 0), 1)
    var body = Self.named(one, inPlaceOfIDsIn: self.body)
    let mark = Array("\"was\":\"\(one)\"".utf8)
    if body.suffix(mark.count).elementsEqual(mark) {
      body.removeLast(mark.count)
      if body.last == UInt8(ascii: ",") { body.removeLast() }
    }
    return Change(
      id: was ?? id, at: at, seen: seen, by: by, on: EntityID(type: on.type, origin: one) ?? on, body: body)
  }

  private static func named(_ id: ChangeID, inPlaceOfIDsIn body: [UInt8]) -> [UInt8] {
    let name = Array("\(id)".utf8)
    var output: [UInt8] = []
    var index = 0
    while index < body.count {
      output.append(body[index])
      index += 1
      // A replica's id has ten characters.
      guard output.last == UInt8(ascii: "."), output.count > 10 else { continue }
      var end = index
      while end < body.count, body[end] &- UInt8(ascii: "0") < 10 { end += 1 }
      guard ChangeID(body.span, index - 11, end) != nil else { continue }
      output.removeLast(11)
      output += name
      index = end
    }
    return output
  }
}
