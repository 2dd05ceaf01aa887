import Foundation
import Storage

/// Looks for a text in files as somebody would who wants to know whether it is really gone: in their bytes, and in whatever
/// gzip members lie in them, whole or in pieces of damaged files.
package enum Traces {
  /// The files below a folder that hold a text, without regard to case.
  package static func files(with text: String, in folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.sorted().filter { name in
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { return false }
      return holds(Array(data), text)
    }
  }

  /// Whether bytes hold a text, without regard to case.
  package static func holds(_ bytes: [UInt8], _ text: String) -> Bool {
    let wanted = Array(text.lowercased().utf8)
    if contains(bytes, wanted) { return true }
    guard contains(bytes, [0x1F, 0x8B, 0x08]) else { return false }
    return Salvage.members(bytes, of: "", limit: 64 << 20).members.contains { contains($0.text, wanted) }
  }

  private static func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first, bytes.count >= wanted.count else { return false }
    for start in 0...(bytes.count - wanted.count) where lower(bytes[start]) == first {
      var length = 1
      while length < wanted.count, lower(bytes[start + length]) == wanted[length] { length += 1 }
      if length == wanted.count { return true }
    }
    return false
  }

  private static func lower(_ byte: UInt8) -> UInt8 { 65...90 ~= byte ? byte | 0x20 : byte }
}
