import Storage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The records of a file to which lines are appended, as they were when it was read last; the last one of a key counts.
struct RecordList<Record: Decodable & Sendable>: Sendable {
  private(set) var records: [String: Record] = [:]
  /// The size of the lines then, in bytes; -1 where the file was never read.
  private(set) var size = -1
  /// The file's last line then, with its line feed; empty where there is no whole one.
  private var last: [UInt8] = []
  private let path: String
  private let key: @Sendable (Record) -> String

  init(of path: String, key: @escaping @Sendable (Record) -> String) {
    self.path = path
    self.key = key
  }

  /// The list as its file has it now.
  ///
  /// Cost: a look at the size; what was appended, where the line in front of that is still the one that was last; else the file.
  /// - Throws: `StorageError.damaged` where a line cannot be read: it may be the one that revokes a device.
  func updated(from file: any DiskFile) throws(StorageError) -> Self {
    let now = try onDisk { () throws(DiskError) in try file.size() }
    if now == size { return self }
    if now > size, last.count > 1 {
      let start = size - last.count
      let bytes = try onDisk { () throws(DiskError) in try file.read(at: start, count: now - start) }
      if bytes.starts(with: last) { return try adding(Array(bytes.dropFirst(last.count))) }
    }
    return try anew(from: try onDisk { () throws(DiskError) in try file.read(at: 0, count: now) })
  }

  /// The list of a file with these bytes.
  func anew(from bytes: [UInt8]) throws(StorageError) -> Self { try Self(of: path, key: key).adding(bytes) }

  private func adding(_ bytes: [UInt8]) throws(StorageError) -> Self {
    let start = max(size, 0)
    let found = RecordLines.read(bytes, of: path)
    if let damage = found.damage.first {
      throw .damaged(Damage(file: path, offset: start + damage.offset, reason: damage.reason))
    }
    var list = self
    let decoder = JSONDecoder()
    for line in found.lines {
      guard let record = try? decoder.decode(Record.self, from: Data(line)) else {
        throw .damaged(
          Damage(file: path, offset: start, reason: "a line is no record that this version knows"))
      }
      list.records[key(record)] = record
    }
    // Without an end that a crash left: the next line takes its place, and may be just as long.
    let whole = Array(bytes[..<(found.torn?.offset ?? bytes.count)])
    list.size = start + whole.count
    if !whole.isEmpty || start == 0 { list.last = Self.lastLine(whole) }
    return list
  }

  private static func lastLine(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.last == lineFeed else { return [] }
    let before = bytes.dropLast().lastIndex(of: lineFeed)
    return Array(bytes[(before.map { $0 + 1 } ?? 0)...])
  }

  private static var lineFeed: UInt8 { UInt8(ascii: "\n") }
}
