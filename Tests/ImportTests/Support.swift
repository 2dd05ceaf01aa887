import Causality
import Codec
import Foundation
import Import
import Merge
import Testing

/// Files of the repository's `Fixtures` folder, and of the folder with the real data.
enum Sample {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")
  /// The folder with the real data that the project may not ship, in `ASKONCE_DATA`; nil where it is not set.
  static let data = ProcessInfo.processInfo.environment["ASKONCE_DATA"].map { URL(filePath: $0) }
  static let hasData: Bool = data != nil

  static func fixture(_ path: String) throws -> [UInt8] { try bytes(fixtures.appending(path: path)) }
  static func data(_ path: String) throws -> [UInt8] { try bytes(try #require(data).appending(path: path)) }
  static func mapping(_ name: String) throws -> Mapping { try Mapping(json: fixture("import/\(name).json")) }

  private static func bytes(_ file: URL) throws -> [UInt8] {
    let bytes = [UInt8](try Data(contentsOf: file))
    return file.pathExtension == "gz" ? try Inflater().inflateAll(bytes, limit: 1 << 30) : bytes
  }
}

/// Everything that an importer makes of a file.
struct Imported {
  var edits: [ImportedEdit] = []
  var rejects: [Reject] = []
  var refused: [RefusedValue] = []
  var header: [UInt8] = []

  init(_ format: Importer.Format, _ file: [UInt8], piece: Int = 1 << 20, refusing: Refusal? = nil) throws {
    var importer = Importer(format, refusing: refusing)
    var start = 0
    while start < file.count {
      let end = min(file.count, start + piece)
      take(try importer.read(Array(file[start..<end]).span))
      start = end
    }
    take(try importer.finish())
    header = importer.rejectsHeader
  }

  init(_ format: Importer.Format, _ file: String, piece: Int = 1 << 20, refusing: Refusal? = nil) throws {
    try self.init(format, Array(file.utf8), piece: piece, refusing: refusing)
  }

  private mutating func take(_ items: [ImportItem]) {
    for item in items {
      switch item {
      case .edit(let edit): edits.append(edit)
      case .reject(let reject): rejects.append(reject)
      case .refused(let value): refused.append(value)
      }
    }
  }

  /// For each field, how often an edit changes it after the edit that creates the entity.
  var changes: [String: Int] {
    var counts: [String: Int] = [:]
    var created: Set<EntityKey> = []
    for edit in edits where !created.insert(edit.key).inserted {
      for field in edit.fields { counts[field, default: 0] += 1 }
    }
    return counts
  }
}

extension ImportedEdit {
  /// The registers that it changes.
  var fields: [String] { (Array(draft.set.keys) + Array(draft.clear) + Array(links.keys)).map(\.text) }

  /// All of it as one line, to compare and to read.
  var text: String {
    var parts = [key.description, at?.description ?? "now", by ?? "-"]
    parts += draft.set.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    parts += draft.clear.sorted().map { "\($0)=" }
    parts += links.sorted { $0.key < $1.key }.map { "\($0.key)->\($0.value)" }
    parts += draft.add.sorted { $0.key < $1.key }.map { "\($0.key)+\($0.value)" }
    parts += draft.drop.sorted { $0.key < $1.key }.map { "\($0.key)-\($0.value)" }
    parts += draft.log.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
    return parts.joined(separator: " ")
  }
}

/// Tests of whole files that may not be shipped.
extension Trait where Self == ConditionTrait {
  static var realData: Self {
    .enabled(if: Sample.hasData, "ASKONCE_DATA does not name the folder with the data")
  }
}
