/// The positions that a run covers; they name its files.
package struct RunName: Hashable, Sendable, CustomStringConvertible {
  package let first: UInt64
  package let last: UInt64

  package init(first: UInt64, last: UInt64) {
    self.first = first
    self.last = last
  }

  /// Parses `1-10431`.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = UInt64(parts[0]), let last = UInt64(parts[1]), 0 < first,
      first <= last,
      "\(first)-\(last)" == text
    else { return nil }
    self.init(first: first, last: last)
  }

  /// The run of which damage speaks; nil where it is in no run.
  package init?(_ damage: Damage) { self.init(damage, ending: ".jsonl.gz") }

  /// The run whose index damage speaks of; nil where it is in no run's index.
  package init?(indexOf damage: Damage) { self.init(damage, ending: ".index") }

  private init?(_ damage: Damage, ending end: String) {
    let start = Self.folder + "/"
    guard damage.file.hasPrefix(start), damage.file.hasSuffix(end) else { return nil }
    self.init(damage.file.dropFirst(start.count).dropLast(end.count))
  }

  package static let folder = "runs"

  package var description: String { "\(first)-\(last)" }
  /// The gzip members.
  package var path: String { path(in: Self.folder) }
  /// The derived index.
  package var indexPath: String { indexPath(in: Self.folder) }

  package func path(in folder: String) -> String { "\(folder)/\(self).jsonl.gz" }
  package func indexPath(in folder: String) -> String { "\(folder)/\(self).index" }

  package func covers(_ other: RunName) -> Bool { first <= other.first && other.last <= last }

  /// The names of the runs in a folder listing.
  package static func parse(_ listing: [String]) -> [RunName] {
    listing.compactMap { $0.hasSuffix(".jsonl.gz") ? RunName($0.dropLast(".jsonl.gz".count)) : nil }
  }

  /// The runs that together cover the most positions from 1 on, in order. What a crash left of runs that were
  /// merged since is passed over.
  package static func chain(_ names: [RunName]) -> [RunName] {
    var widest: [UInt64: RunName] = [:]
    for name in names where name.last > widest[name.first]?.last ?? 0 { widest[name.first] = name }
    var chain: [RunName] = []
    var next: UInt64 = 1
    while let name = widest[next] {
      chain.append(name)
      next = name.last + 1
    }
    return chain
  }
}
