import Codec
import Merge
import Storage
import TestSupport

/// Looks at the bytes of disks, not through the product's eyes: which edits are still there, whole, somewhere.
enum Survey {
  /// The tokens of all intact changes on a disk.
  ///
  /// - Parameter losingPower: leaves out what a power loss could take.
  static func tokens(on disk: MemoryDisk, losingPower: Bool = false) -> Set<String> {
    var found: Set<String> = []
    let files = losingPower ? disk.certain : disk.paths.map { ($0, disk.bytes($0) ?? []) }
    // What a repair put into `damaged/` is for a person to look at.
    for (path, bytes) in files where !path.contains("damaged/") {
      if path.hasSuffix(".jsonl") {
        for line in bytes.split(separator: 0x0A).flatMap({ parted(Array($0)) }) {
          guard (try? ChangeLine.parseChecked(line.span)) != nil else { continue }
          found.formUnion(Token.all(in: line))
        }
      } else if path.hasSuffix(".gz") {
        found.formUnion(Token.all(in: inflate(bytes)))
      }
    }
    return found
  }

  /// What were lines before a bit of a line feed between them flipped: both are whole, also where the second one was
  /// written behind that.
  private static func parted(_ line: [UInt8]) -> [[UInt8]] {
    let start = Array("{\"id\":".utf8)
    var parts: [[UInt8]] = []
    var from = 0
    for gap in line.indices.dropFirst() where line[gap - 1] == UInt8(ascii: "}") {
      guard line[(gap + 1)...].starts(with: start) else { continue }
      parts.append(Array(line[from..<gap]))
      from = gap + 1
    }
    return parts + [Array(line[from...])]
  }

  /// The tokens that can be read out of any file, by path, whether or not somebody would take them for a change.
  static func traces(on disk: MemoryDisk) -> [(path: String, tokens: Set<String>)] {
    disk.paths.sorted().compactMap { path in
      guard let bytes = disk.bytes(path) else { return nil }
      var tokens = Set(Token.all(in: bytes))
      for member in Salvage.members(bytes, of: path, limit: 64 << 20).members {
        tokens.formUnion(Token.all(in: member.text))
      }
      return tokens.isEmpty ? nil : (path, tokens)
    }
  }

  /// The members up to the first that is damaged.
  private static func inflate(_ bytes: [UInt8]) -> [UInt8] {
    let inflater = Inflater()
    var text: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let before = text.count
      do {
        index = try inflater.inflateMember(bytes.span, from: index, limit: 64 << 20, to: &text)
      } catch {
        text.removeLast(text.count - before)
        break
      }
    }
    return text
  }
}
