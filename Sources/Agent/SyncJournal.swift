import Causality
import Codec
import Storage

/// When which part of the workspace reached this device: `syncs.jsonl`, a line for each sync that brought something.
///
/// It says through which sync a change came, and what this device knew at a moment. Losing it harms nobody: then `seen` in
/// the device's own changes still tells what it knew when it made them. Of a file of more than a MiB the older half goes.
public struct SyncJournal: Sendable {
  /// One sync: `{"at":TIME,"first":10401,"last":10432}`.
  public struct Entry: Hashable, Sendable {
    /// When it ended, milliseconds since 1970 by this device's clock.
    public let at: UInt64
    /// The positions that it brought.
    public let first: UInt64
    /// The last position that came.
    public let last: UInt64

    init(at: UInt64, first: UInt64, last: UInt64) {
      self.at = at
      self.first = first
      self.last = last
    }
  }

  static let path = "syncs.jsonl"
  static let maximumSize = 1 << 20

  /// Oldest first.
  public let entries: [Entry]

  init(_ bytes: [UInt8]) {
    entries = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let value = try? JSONText(parsing: line),
        let at = value["at"]?.string.flatMap({ HybridTime($0) }),
        let first = value["first"]?.int, let last = value["last"]?.int, first >= 0, last >= first
      else { return nil }
      return Entry(at: at.milliseconds, first: UInt64(first), last: UInt64(last))
    }
  }

  /// The sync that brought a position; nil where none is noted.
  public func arrival(of position: UInt64) -> Entry? {
    // After a server was restored, a position may have come twice: the last time counts.
    entries.last { $0.first <= position && position <= $0.last }
  }

  /// The position that the device had at a moment; nil where the journal does not reach back so far.
  public func position(at milliseconds: UInt64) -> UInt64? {
    guard let first = entries.first, first.at <= milliseconds else { return nil }
    return entries.last { $0.at <= milliseconds }?.last
  }
}

extension Store {
  /// When which part of the workspace reached this device. Cost: the file, at most a MiB.
  public var syncJournal: SyncJournal { SyncJournal((try? disk.readAll(SyncJournal.path)) ?? []) }

  /// Notes that a sync brought the positions behind one. A failure is none of the sync's.
  func journal(from before: UInt64, at: UInt64) {
    guard position > before, !isInDoubt else { return }
    let line = JSONText(object: [
      ("at", JSONText(HybridTime(milliseconds: at).description)), ("first", JSONText(Int(before) + 1)),
      ("last", JSONText(Int(position))),
    ])
    let bytes = Array((line.text + "\n").utf8)
    guard let file = try? disk.open(SyncJournal.path, .append), let size = try? file.size() else { return }
    if size + bytes.count <= SyncJournal.maximumSize {
      try? file.append(bytes.span)
      return
    }
    let old = (try? disk.readAll(SyncJournal.path)) ?? []
    let half = old.dropFirst(old.count / 2)
    let kept = half.firstIndex(of: UInt8(ascii: "\n")).map { Array(half[($0 + 1)...]) } ?? []
    try? disk.replace(SyncJournal.path, with: kept + bytes)
  }
}
