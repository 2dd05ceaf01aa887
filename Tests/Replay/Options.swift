import Foundation

/// What the replay is asked to do.
struct Options {
  /// The event log, plain CSV.
  var csv = ""
  var mapping = ""
  /// The program that serves.
  var askonce = ""
  /// An empty folder for stores and the server's data.
  var work = ""
  /// The length of a shift in hours, and the hour (UTC) at which the first of a day begins.
  var shift: UInt64 = 8
  var start: UInt64 = 6
  /// The most edits to replay, 0 for all.
  var limit = 0
  /// How many replicas fold their whole store for the digest at the end; 0 for all. The positions and sums of all are
  /// compared in any case.
  var digests = 0
  /// Where the digests that agents' stores had at the end of their shifts are noted, one JSON line each; empty for
  /// nowhere.
  var journal = ""

  /// At how many ends of shifts, chosen by chance, an agent's store is compared with what another replica says at the end
  /// that it held then.
  var samples = 0

  struct Usage: Error, CustomStringConvertible {
    let description: String
  }

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard let value = rest.popFirst() else { throw Usage(description: "\(name) needs a value") }
      switch name {
      case "--csv": csv = value
      case "--mapping": mapping = value
      case "--askonce": askonce = value
      case "--work": work = value
      case "--journal": journal = value
      case "--samples": samples = Int(try Self.number(name, value))
      case "--shift": shift = try Self.number(name, value)
      case "--start": start = try Self.number(name, value)
      case "--limit": limit = Int(try Self.number(name, value))
      case "--digests": digests = Int(try Self.number(name, value))
      default: throw Usage(description: "there is no option \(name)")
      }
    }
    for (name, value) in [("--csv", csv), ("--mapping", mapping), ("--askonce", askonce), ("--work", work)]
    where value.isEmpty { throw Usage(description: "\(name) is needed") }
  }

  private static func number(_ name: String, _ value: String) throws -> UInt64 {
    guard let number = UInt64(value) else { throw Usage(description: "\(name) takes a whole number") }
    return number
  }
}
