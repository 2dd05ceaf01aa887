/// What a table is derived from: it can be used with this run and this projection only.
package struct TableIdentity: Hashable, Sendable {
  package let run: RunName
  /// The chain's sum at the run's last position.
  package let sum: UInt32
  /// The chain's sum in front of the run's first position.
  package let sumBefore: UInt32
  /// The size of the run's file, which an erasure changes where it leaves the sums.
  package let size: UInt64
  /// The projection's.
  package let version: UInt32

  init(run: RunName, sum: UInt32, sumBefore: UInt32, size: UInt64, version: UInt32) {
    self.run = run
    self.sum = sum
    self.sumBefore = sumBefore
    self.size = size
    self.version = version
  }

  /// The identity of the table of `runs[index]`.
  package init(_ runs: [RunReader], _ index: Int, version: UInt32) {
    self.init(
      run: runs[index].name, sum: runs[index].index.sum,
      sumBefore: index == 0 ? 0 : runs[index - 1].index.sum,
      size: UInt64(runs[index].size), version: version)
  }

  /// The identity in a file's footer.
  init(_ cursor: inout ByteCursor) throws(TableFault) {
    let version: UInt32 = try cursor.number()
    let run = RunName(first: try cursor.number(), last: try cursor.number())
    self.init(
      run: run, sum: try cursor.number(), sumBefore: try cursor.number(), size: try cursor.number(),
      version: version)
  }

  func write(to output: inout [UInt8]) {
    output.append(number: version)
    output.append(number: run.first)
    output.append(number: run.last)
    output.append(number: sum)
    output.append(number: sumBefore)
    output.append(number: size)
  }

  package var path: String { "\(RunName.folder)/\(run)\(Self.suffix)" }

  private static let suffix = ".table"

  /// Whether a path is a table's.
  package static func isPath(_ path: String) -> Bool { path.hasSuffix(suffix) }

  /// The runs whose tables are in a folder listing.
  static func runs(_ listing: [String]) -> [RunName] {
    listing.compactMap { $0.hasSuffix(suffix) ? RunName($0.dropLast(suffix.count)) : nil }
  }
}
