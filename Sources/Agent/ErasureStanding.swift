import Causality
import Codec
import Merge

/// What was erased in a workspace, and which devices' files still hold it: what a server tells supervisors.
public struct ErasureStanding: Sendable, Hashable {
  /// One erased entity.
  public struct Erasure: Sendable, Hashable {
    /// Where the erasure is in the workspace's order: whoever has carried out erasures up to there does not hold it any more.
    public let position: UInt64
    /// What was erased.
    public let on: EntityID
    /// The entity with which it was erased; nil where it was erased by itself.
    public let of: EntityID?
    /// Who erased it.
    public let by: String
    /// When.
    public let at: HybridTime
    /// Why, where that was said.
    public let because: String?
  }

  /// One store that joined. Devices of one replica count as one.
  public struct Device: Sendable, Hashable {
    /// Its id, as `askonce admin devices` lists it.
    public let device: String
    /// Whose it is.
    public let agent: String
    /// Its replica id.
    public let replica: String
    /// When the server last heard of it; nil where it never did.
    public let seen: HybridTime?
    /// Whether it may not sync any more, so that it cannot report either: what it holds it may keep.
    public let isRevoked: Bool
    /// The position up to which erasures are carried out in its files, as it said itself; 0 before it did.
    public let erased: UInt64

    package init(
      device: String, agent: String, replica: String, seen: HybridTime?, isRevoked: Bool, erased: UInt64
    ) {
      self.device = device
      self.agent = agent
      self.replica = replica
      self.seen = seen
      self.isRevoked = isRevoked
      self.erased = erased
    }
  }

  /// The position up to which erasures are carried out in the server's own files.
  public let server: UInt64
  /// By position.
  public let erasures: [Erasure]
  /// By agent, then by replica.
  public let devices: [Device]

  /// The devices that may sync and have not reported an erasure as carried out.
  public func owing(_ erasure: Erasure) -> [Device] {
    devices.filter { !$0.isRevoked && $0.erased < erasure.position }
  }

  /// Reads the server's answer; nil where it is none.
  package init?(_ value: JSONText) {
    guard let server = value["server"]?.int.flatMap(UInt64.init(exactly:)) else { return nil }
    var erasures: [Erasure] = []
    for entry in value["erasures"]?.elements ?? [] {
      guard let on = entry["on"]?.string.flatMap({ EntityID($0) }), let by = entry["by"]?.string,
        let at = entry["at"]?.string.flatMap({ HybridTime($0) }),
        let position = entry["position"]?.int.flatMap(UInt64.init(exactly:))
      else { return nil }
      erasures.append(
        Erasure(
          position: position, on: on, of: entry["of"]?.string.flatMap { EntityID($0) }, by: by, at: at,
          because: entry["because"]?.string))
    }
    var found: [String: Device] = [:]
    for entry in value["devices"]?.elements ?? [] {
      guard let device = entry["device"]?.string, let agent = entry["agent"]?.string,
        let replica = entry["replica"]?.string,
        let erased = entry["erased"]?.int.flatMap(UInt64.init(exactly:))
      else { return nil }
      let holder = Device(
        device: device, agent: agent, replica: replica,
        seen: entry["seen"]?.string.flatMap { HybridTime($0) },
        isRevoked: entry["revoked"] != nil, erased: erased)
      // A device that joined again has two tokens and one store: what it said last counts.
      guard let other = found[replica] else {
        found[replica] = holder
        continue
      }
      let isLater = holder.seen ?? .zero > other.seen ?? .zero
      if other.isRevoked == holder.isRevoked ? isLater : other.isRevoked { found[replica] = holder }
    }
    self.server = server
    self.erasures = erasures
    devices = found.values.sorted { ($0.agent, $0.replica) < ($1.agent, $1.replica) }
  }
}

extension SyncClient {
  /// What was erased in the workspace and who still holds it, as the server knows it: erasures of this store that were not sent
  /// yet are not among them.
  ///
  /// Cost: one round trip; at the server, per erasure and device.
  /// - Throws: `SyncError`, `.forbidden` where this device is no supervisor's.
  public func erasureStanding() throws(SyncError) -> ErasureStanding {
    try takeToken()
    guard let standing = ErasureStanding(try link.erasures()) else {
      throw .mismatch("the server's list of erasures cannot be read")
    }
    return standing
  }
}
