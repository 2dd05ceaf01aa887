import Causality
import Codec
import Storage

/// What the last sync that came to its end found, for `askonce status`: `sync.json`. Losing it harms nobody.
public struct SyncNote: Hashable, Sendable {
  /// When it ended, milliseconds since 1970.
  public var at: UInt64
  /// The end of the server's log then.
  public var head: UInt64

  /// The last own change that the server had then; nil for none, and in the notes of earlier versions. Where mirror and own
  /// files are damaged together it tells what a sync brings back from what is lost.
  public var own: ChangeID?

  static let path = "sync.json"

  init(at: UInt64, head: UInt64, own: ChangeID? = nil) {
    self.at = at
    self.head = head
    self.own = own
  }

  /// nil where the bytes are no note.
  init?(_ bytes: [UInt8]) {
    guard let value = try? JSONText(parsing: bytes), let at = value["at"]?.string.flatMap({ HybridTime($0) }),
      let head = value["head"]?.int, head >= 0
    else { return nil }
    self.init(at: at.milliseconds, head: UInt64(head), own: value["own"]?.string.flatMap { ChangeID($0) })
  }

  var bytes: [UInt8] {
    let at = HybridTime(milliseconds: at).description
    var members = [("at", JSONText(at)), ("head", JSONText(Int(head)))]
    if let own { members.append(("own", JSONText(own.description))) }
    return Array((JSONText(object: members).text + "\n").utf8)
  }
}

extension Store {
  /// The last sync that came to its end; nil before the first one.
  public var lastSync: SyncNote? {
    (try? disk.readAll(SyncNote.path)).flatMap { SyncNote($0) }
  }

  /// Notes that a sync came to its end.
  func note(_ note: SyncNote) throws(StorageError) {
    try onDisk { () throws(DiskError) in try disk.replace(SyncNote.path, with: note.bytes) }
  }
}
