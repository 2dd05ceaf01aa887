import Causality
import Codec
import Merge

/// One file of a replica's own changes.
struct OwnFile: Sendable {
  let folder: String
  /// The sequence of the first change in it.
  let first: UInt64
  let isCompressed: Bool

  /// The most text that one may hold, in bytes. Versions that wrote a batch of any size into one file sealed what zlib compresses
  /// in one call, which is less than 4 GiB; so that this much can be compressed again, it is some less.
  static let limit = 3 << 30

  var path: String {
    let digits = String(first)
    return "\(folder)/\(String(repeating: "0", count: max(0, 12 - digits.count)))\(digits).jsonl"
      + (isCompressed ? ".gz" : "")
  }

  /// The files there are, by the sequence they start at. Where a crash left a file and its compressed
  /// form, the plain one counts.
  static func list(_ disk: any Disk, _ folder: String) throws(DiskError) -> [OwnFile] {
    var found: [UInt64: OwnFile] = [:]
    for name in try disk.list(folder) {
      let isCompressed = name.hasSuffix(".jsonl.gz")
      guard isCompressed || name.hasSuffix(".jsonl"), let first = UInt64(name.prefix { $0 != "." }) else {
        continue
      }
      if isCompressed, found[first] != nil { continue }
      found[first] = OwnFile(folder: folder, first: first, isCompressed: isCompressed)
    }
    return found.values.sorted { $0.first < $1.first }
  }

  /// What a file holds.
  struct Content {
    /// Whether intact lines of another replica are in it: the store's settings are not those under which it was written.
    var isForeign = false
    /// Whether it holds more text than the limit, so that nothing is known of what is in it.
    var isTooLarge = false
    /// Whether the last line is whole but for its line feed.
    var lacksLineFeed = false
    var changes: [Change] = []
    var damage: [Damage] = []
    /// Lines with one flipped bit, which their checksums put right; the changes count.
    var mended: [Damage] = []
    var torn: Damage?
    /// The bytes up to the end of the last whole line that is intact; what follows up to `end` is a torn tail or damage.
    var intact = 0
    /// Where the spaces begin that keep room for further changes, and how many they are.
    var end = 0
    var room = 0
  }

  /// Parses a file's bytes. A damaged line is named and passed over; the changes behind it count.
  ///
  /// - Parameter limit: the most text that a compressed one is read with, in bytes.
  static func parse(
    _ bytes: [UInt8], _ file: OwnFile, _ replica: ReplicaID, limit: Int = OwnFile.limit
  ) -> Content {
    var content = Content()
    var lines = bytes
    if file.isCompressed {
      do {
        lines = try Inflater().inflateAll(bytes, limit: limit)
      } catch {
        if case .tooLarge = error { content.isTooLarge = true }
        content.damage.append(Damage(file: file.path, offset: 0, reason: error.description))
        return content
      }
    }
    var reader = OwnLines(lines, file, replica)
    content.end = reader.end
    content.room = lines.count - reader.end
    while reader.next(&content) {}
    return content
  }
}
