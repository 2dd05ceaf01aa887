import Causality
import Storage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What `store.json` says of a store.
public struct StoreConfiguration: Codable, Hashable, Sendable {
  /// The format of the store's files. A later format is refused.
  public var format: Int
  /// This store's replica id.
  public var replica: ReplicaID
  /// The agent who uses it, as changes name them.
  public var agent: String
  /// The workspace; nil for a store that no server knows.
  public var workspace: String?
  /// The server's address, `https://desk.example.org`; nil for a store without one.
  public var server: String?
  /// The role that the server gave the device: `agent`, `supervisor`, `gateway`.
  public var role: String?
  /// The secret by which the server knows this device; nil before it joined. The file is its owner's only.
  public var token: String?
  /// The folder of own changes; `own` when absent. Another one since this store got a new replica id.
  public var ownFolder: String?
  /// Whether the server takes erasures from this device.
  public var isSupervisor: Bool { role == "supervisor" }
  /// The folder in which its own changes are.
  package var ownPath: String { ownFolder ?? "own" }
  /// Replica ids that this store used before, newest last: after it turned out to be a copy.
  public var formerReplicas: [ReplicaID]?

  /// The format of files that this version writes; it refuses a greater one.
  public static let currentFormat = 1
  static let path = "store.json"

  /// A store of an agent who has not joined a workspace yet.
  public init(replica: ReplicaID, agent: String) {
    format = Self.currentFormat
    self.replica = replica
    self.agent = agent
  }

  /// Reads `store.json`.
  static func read(_ disk: any Disk, root: String) throws(StorageError) -> StoreConfiguration {
    let bytes = try onDisk { () throws(DiskError) in try disk.readAll(path) }
    guard let bytes else { throw try missing(disk, root: root) }
    guard SettingsSeal.isIntact(bytes) else {
      throw .damaged(Damage(file: path, offset: 0, reason: SettingsSeal.reason))
    }
    return try parse(bytes)
  }

  /// Why there are no settings: nobody made a store here, or they are lost.
  ///
  /// A folder without `store.json` in which changes are is no empty one: whoever made a store over it would lose them.
  static func missing(_ disk: any Disk, root: String) throws(StorageError) -> StorageError {
    guard try onDisk({ () throws(DiskError) in try holdsChanges(disk) }) else { return .noStore(root) }
    return .damaged(
      Damage(
        file: path, offset: 0, reason: "the file is missing, but edits or data of a store are in \(root)"))
  }

  private static func holdsChanges(_ disk: any Disk) throws(DiskError) -> Bool {
    for folder in try disk.list("") where isOfOwn(folder) || ["log", "runs", "old"].contains(folder) {
      let names = try disk.list(folder)
      if folder == "old" ? names.contains(where: { Int($0) != nil }) : names.contains(where: isOfChanges) {
        return true
      }
    }
    return false
  }

  /// Whether a folder has the name of one of own changes.
  static func isOfOwn(_ folder: String) -> Bool { folder == "own" || folder.hasPrefix("own-") }

  private static func isOfChanges(_ file: String) -> Bool {
    file.hasSuffix(".jsonl") || file.hasSuffix(".jsonl.gz") || file == "torn"
  }

  static func parse(_ bytes: [UInt8]) throws(StorageError) -> StoreConfiguration {
    struct Format: Decodable { var format: Int }
    let configuration: StoreConfiguration
    do {
      let found = try JSONDecoder().decode(Format.self, from: Data(bytes)).format
      guard found <= currentFormat else {
        throw StorageError.laterVersion(file: path, found: found, known: currentFormat)
      }
      configuration = try JSONDecoder().decode(StoreConfiguration.self, from: Data(bytes))
    } catch let error as StorageError {
      throw error
    } catch {
      throw .damaged(Damage(file: path, offset: 0, reason: "not a store's settings"))
    }
    return configuration
  }

  /// Replaces `store.json` so that a crash leaves the old or the new one.
  func write(_ disk: any Disk) throws(StorageError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(self) else {
      throw .refused("the store's settings cannot be written")
    }
    try onDisk { () throws(DiskError) in
      try disk.replace(Self.path, with: SettingsSeal.seal(Array(bytes) + [UInt8(ascii: "\n")]))
    }
  }
}
