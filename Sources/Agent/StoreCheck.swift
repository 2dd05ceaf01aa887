import Storage

/// What a check of a store found, and what was done about it.
public struct StoreCheck: Sendable {
  /// What is still needed, the more the greater.
  public enum Need: Int, Sendable, Comparable {
    case nothing
    /// A sync, which fetches from the server what is not here.
    case sync
    /// A person: something is lost, or has to be entered again.
    case person

    /// The lesser need is the one that comes first above.
    public static func < (left: Need, right: Need) -> Bool { left.rawValue < right.rawValue }
  }

  /// One damaged place.
  public struct Finding: Sendable, Hashable {
    /// Where the damage is, and what was expected.
    public let damage: Damage
    /// What was done, in words; nil where nothing was.
    public let done: String?
    /// What has to be done about it.
    public let need: Need
    /// What is needed, in words; nil where nothing is.
    public let advice: String?
  }

  /// What is damaged, in the order in which it was found.
  public internal(set) var findings: [Finding] = []
  /// How many files were read.
  public internal(set) var files = 0
  /// How many bytes were read.
  public internal(set) var bytes = 0
  /// Intact changes, of the mirror and own ones that are not in it.
  public internal(set) var changes = 0
  /// Whether the store was to be put right.
  public let isRepair: Bool

  /// The greatest need.
  public var need: Need { findings.map(\.need).max() ?? .nothing }

  init(isRepair: Bool) {
    self.isRepair = isRepair
  }

  mutating func add(_ finding: Storage.Finding, hasServer: Bool) {
    let kept = finding.keptIn.map { "; the file as it was is in \($0)" } ?? ""
    let isOwn = finding.damage.file.hasPrefix("own")
    let (done, need, advice): (String?, Need, String?) =
      switch finding.outcome {
      case .left: (nil, .person, "run 'askonce verify' without --check")
      case .mended: ("one bit had flipped; it was put right\(kept)", .nothing, nil)
      case .cut where isOwn: ("cut off; no command had called it done\(kept)", .nothing, nil)
      case .zeroed:
        (
          "cut off; zeros stand where edits were being written, or where the disk lost some\(kept)", .person,
          "look whether this device's last edits are there, and make again what is not"
        )
      case .shortened:
        (
          "what the server had was taken again from its copy; edits that were not sent yet may have stood behind it\(kept)",
          .person, "look whether this device's last edits are there, and make again what is not"
        )
      case .foreign:
        (
          nil, .person,
          "these edits are not of this store.json: put the right one back, or move it away and run 'askonce verify', "
            + "which makes it anew from them"
        )
      case .cut where hasServer: ("cut off\(kept)", .sync, "run 'askonce sync' to fetch it again")
      case .cut: ("cut off\(kept)", .nothing, nil)
      case .remade: ("derived from the rest, so it is made anew", .nothing, nil)
      case .restored: ("taken again from another file of the store\(kept)", .nothing, nil)
      case .awaited:
        (
          "the server has it\(kept)", .sync,
          "run 'askonce sync' to fetch it again, then 'askonce verify' once more"
        )
      case .dropped where hasServer:
        ("dropped with what lies behind it\(kept)", .sync, "run 'askonce sync' to fetch it again")
      case .dropped: ("dropped, and made anew from the edits themselves\(kept)", .nothing, nil)
      case .lost where isOwn:
        ("an edit is lost; an empty one keeps its place\(kept)", .person, "make the edit again")
      case .lost:
        (
          "some changes that the server had lost cannot be given back to it from here\(kept)", .person,
          "sync the other devices: they may hold them"
        )
      }
    findings.append(Finding(damage: finding.damage, done: done, need: need, advice: advice))
  }

  mutating func add(_ damage: Damage, done: String?, _ need: Need, _ advice: String? = nil) {
    findings.append(Finding(damage: damage, done: done, need: need, advice: advice))
  }
}
