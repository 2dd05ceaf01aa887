import Codec
import Storage
import Synchronization

/// When each device was last seen, and what it said of itself. Kept in memory and now and then in
/// `activity.json`, for `askonce admin devices`; losing some of it harms nobody.
package final class ActivityLog: Sendable {
  package struct Entry: Hashable, Sendable {
    /// Milliseconds since 1970.
    package var seen: UInt64
    /// The position that the device's mirror holds.
    package var position: UInt64
    /// Own changes that it had not sent yet.
    package var unsent: Int
    /// The chain's sum at `position`.
    package var sum: UInt32 = 0
    /// The position up to which the device says that all erasures are carried out in its files.
    package var erased: UInt64 = 0
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var isChanged = false
  }

  private static let path = "activity.json"
  private let disk: any Disk
  private let state: Mutex<State>

  package init(_ disk: any Disk) {
    self.disk = disk
    state = Mutex(State(entries: Self.read(disk)))
  }

  /// What each device did last.
  package var entries: [String: Entry] { state.withLock { $0.entries } }

  /// Notes what a device did.
  package func note(_ device: String, _ entry: Entry) {
    state.withLock { state in
      state.entries[device] = entry
      state.isChanged = true
    }
  }

  /// Writes what changed since the last call.
  package func flush() throws(StorageError) {
    let changed = state.withLock { state -> [String: Entry]? in
      defer { state.isChanged = false }
      return state.isChanged ? state.entries : nil
    }
    guard let changed else { return }
    let members = changed.sorted { $0.key < $1.key }.map { device, entry in
      (
        device,
        JSONText(object: [
          ("seen", JSONText(Int(entry.seen))), ("position", JSONText(Int(entry.position))),
          ("unsent", JSONText(entry.unsent)), ("sum", JSONText(Checksum.hex(entry.sum))),
          ("erased", JSONText(Int(entry.erased))),
        ])
      )
    }
    let bytes = Array((JSONText(object: members).text + "\n").utf8)
    do throws(DiskError) {
      try disk.replace(Self.path, with: bytes)
    } catch {
      state.withLock { $0.isChanged = true }
      throw StorageError(error)
    }
  }

  /// What the file says; nothing where it is missing or damaged.
  package static func read(_ disk: any Disk) -> [String: Entry] {
    guard let bytes = try? disk.readAll(path), let members = (try? JSONText(parsing: bytes))?.members else {
      return [:]
    }
    var entries: [String: Entry] = [:]
    for (device, value) in members {
      guard let seen = value["seen"]?.int, let position = value["position"]?.int,
        let unsent = value["unsent"]?.int,
        seen >= 0, position >= 0
      else { continue }
      entries[device] = Entry(
        seen: UInt64(seen), position: UInt64(position), unsent: unsent,
        sum: value["sum"]?.string.flatMap(Checksum.parse) ?? 0,
        erased: value["erased"]?.int.flatMap(UInt64.init(exactly:)) ?? 0)
    }
    return entries
  }
}
