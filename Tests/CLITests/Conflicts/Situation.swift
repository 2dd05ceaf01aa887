import DeskSupport
import ServiceDesk
import Testing

/// Two agents who act on one thing, and what must be found of it.
enum Situation {
  /// Lets one agent act, then the other, who has synced in between or not; returns what is open then.
  static func meet(
    _ desks: TwoDesks, knowing: Bool, first: () throws -> Void, then second: () throws -> Void
  ) throws -> [Conflict] {
    try first()
    if knowing { try desks.sync() }
    desks.minutes(40)
    try second()
    try desks.sync()
    return try desks.open()
  }

  static func expect(
    _ open: [Conflict], _ kind: ConflictKind, unless knowing: Bool, by authors: Set<String> = ["anna", "bo"],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Conflict? {
    if knowing {
      #expect(!open.contains { $0.kind == kind }, sourceLocation: sourceLocation)
      return nil
    }
    let found = open.filter { $0.kind == kind }
    #expect(found.count == 1, "\(open.map(\.says))", sourceLocation: sourceLocation)
    let conflict = try #require(found.first, sourceLocation: sourceLocation)
    #expect(Set(conflict.sides.map(\.by)) == authors, sourceLocation: sourceLocation)
    #expect(conflict.sides.allSatisfy { $0.knew.isEmpty }, sourceLocation: sourceLocation)
    #expect(conflict.harm == conflict.kind.harm, sourceLocation: sourceLocation)
    return conflict
  }
}
