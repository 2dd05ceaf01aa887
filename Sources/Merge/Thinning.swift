import Causality
import Codec

/// Which replaced values of registers a replica need no longer keep, and what it puts in their place.
///
/// Only what nobody will miss is thinned. A register's value goes where all of its writes stand in one line, in which each
/// author knew the write before and replaced it alone: a field about which people ever disagreed keeps every value, so
/// that conflicts and how they were settled stay as they were. The change stays, with its place, author and `over`; of
/// its body only the value goes, and what is put in its place can be no value of anybody's. So order, checksums,
/// states and digests are those of a replica that thins nothing. Entries of logs are never thinned.
package struct Thinning: Sendable {
  /// What stands where a value was.
  package static let mark = JSONText(object: [("thinned", JSONText(true))])

  /// Values go that were replaced before this moment, milliseconds since 1970.
  package let before: UInt64
  /// Whether the values of a field of a type need not be kept.
  private let covers: @Sendable (_ type: String, _ field: ExactString) -> Bool

  package init(before: UInt64, covers: @escaping @Sendable (_ type: String, _ field: ExactString) -> Bool) {
    self.before = before
    self.covers = covers
  }

  private struct Write {
    let index: Int
    var value: JSONText?
    var over: [ChangeID]?
  }

  /// Which changes lose values of which fields, by their place in `changes`.
  ///
  /// - Parameter changes: all changes of one entity that have a position, by it.
  /// - Cost: nothing where fewer than two changes are old enough; otherwise a pass over the bodies.
  package func fields(of changes: [PlacedChange]) -> [Int: Set<ExactString>] {
    // A value that is old enough to go was replaced by a change that is.
    guard changes.count > 1, changes.count(where: isOld) > 1, let type = changes.first?.change.on.type else {
      return [:]
    }
    var writes: [ExactString: [Write]] = [:]
    var isWhole = true
    for (index, placed) in changes.enumerated() {
      func note(_ field: ExactString, value: JSONText? = nil, over: [ChangeID]? = nil) {
        guard covers(type, field) else { return }
        Self.note(Write(index: index, value: value, over: over), in: &writes[field, default: []])
      }
      // A stored body is valid; were it not, all of the entity is kept.
      do {
        try ChangeBody.operations(of: placed.change.body) { operation in
          switch operation {
          case .set(let field, let value): note(field, value: value)
          case .replaces(let field, let heads): note(field, over: heads)
          // Profiles of one person are kept whole, so that a split gives back what was before.
          case .add(Links.same, _), .erase: isWhole = false
          default: break
          }
        }
      } catch {
        isWhole = false
      }
    }
    guard isWhole else { return [:] }
    var found: [Int: Set<ExactString>] = [:]
    for (field, writes) in writes where writes.count > 1 && isLine(writes, changes) {
      for (write, next) in zip(writes, writes.dropFirst()) {
        guard let value = write.value, value != Self.mark, isOld(changes[next.index]) else { continue }
        found[write.index, default: []].insert(field)
      }
    }
    return found
  }

  /// Adds to a field's writes what an operation says of one. In place: a copy each time would cost the square of their number.
  private static func note(_ write: Write, in line: inout [Write]) {
    guard let last = line.indices.last, line[last].index == write.index else { return line.append(write) }
    line[last].value = write.value ?? line[last].value
    line[last].over = write.over ?? line[last].over
  }

  /// The changes of one entity without the values that need not be kept, and how many those were.
  package func thin(_ changes: [PlacedChange]) -> (changes: [PlacedChange], count: Int) {
    let fields = fields(of: changes)
    guard !fields.isEmpty else { return (changes, 0) }
    var thinned = changes
    for (index, fields) in fields {
      thinned[index] = changes[index].with(changes[index].change.thinned(fields))
    }
    return (thinned, fields.values.reduce(0) { $0 + $1.count })
  }

  /// Whether a change counts as made before the moment.
  private func isOld(_ placed: PlacedChange) -> Bool { placed.effective.milliseconds < before }

  /// Whether each write's author knew the one before, and replaced it and nothing else.
  private func isLine(_ writes: [Write], _ changes: [PlacedChange]) -> Bool {
    zip(writes, writes.dropFirst()).allSatisfy { write, next in
      let replaced = write.value == nil ? [] : [changes[write.index].change.id]
      return changes[next.index].knew(changes[write.index]) && next.over ?? [] == replaced
    }
  }
}

extension Change {
  /// The fields whose values were thinned. Cost: for most changes a search of the body.
  package var thinnedFields: Set<ExactString> {
    guard ByteSearch.contains(body.span, "\"thinned") else { return [] }
    var found: Set<ExactString> = []
    try? ChangeBody.operations(of: body) { operation in
      if case .set(let field, Thinning.mark) = operation { found.insert(field) }
    }
    return found
  }

  /// The change without the values of some fields.
  package func thinned(_ fields: Set<ExactString>) -> Change {
    guard !fields.isEmpty else { return self }
    let members = members.map { (member) -> (String, JSONText) in
      guard member.key == "set", let values = member.value.members else { return (member.key, member.value) }
      let kept = values.map { ($0.key, fields.contains(ExactString($0.key)) ? Thinning.mark : $0.value) }
      return ("set", JSONText(object: kept))
    }
    let body = JSONText(object: members).bytes
    return with(body: Array(body.dropFirst().dropLast()))
  }
}
