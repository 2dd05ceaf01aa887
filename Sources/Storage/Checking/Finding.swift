/// A damaged place that a check found, and what became of it.
package struct Finding: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    /// Nothing: the check was to change nothing.
    case left
    /// A flipped bit was put right.
    case mended
    /// The unfinished end that a crash left was cut off; no command had said that it was done.
    case cut
    /// The same, but zeros are in it: the disk may have lost edits that were done.
    case zeroed
    /// The end of own changes is not there, where the mirror holds some of it: edits that were not sent may be lost.
    case shortened
    /// Intact changes of another replica, which are left as they are.
    case foreign
    /// A derived file was made anew, or will be when it is needed.
    case remade
    /// The changes were taken from another file that holds them.
    case restored
    /// Changes that the server has and no file here; their places are left free until a sync fetches them.
    case awaited
    /// A part of the mirror was dropped with all behind it; the server has it.
    case dropped
    /// Changes that no file here holds any more.
    case lost
  }

  package var damage: Damage
  package var outcome: Outcome
  /// The folder into which the file was put as it was; nil where it was not.
  package var keptIn: String?

  package init(_ damage: Damage, _ outcome: Outcome, keptIn: String? = nil) {
    self.damage = damage
    self.outcome = outcome
    self.keptIn = keptIn
  }
}

/// Puts files aside as they are, before a repair changes them: `damaged/1` and on.
package final class SetAside {
  package static let root = "damaged"
  private let disk: any Disk
  private var made: String?

  package init(_ disk: any Disk) {
    self.disk = disk
  }

  /// The folder, made at the first call.
  package func folder() throws(DiskError) -> String {
    if let made { return made }
    let last = try disk.list(Self.root).compactMap { Int($0) }.max() ?? 0
    let folder = "\(Self.root)/\(last + 1)"
    try disk.makeFolder(folder)
    made = folder
    return folder
  }

  /// Copies a file. Returns the folder.
  @discardableResult
  package func copy(_ path: String) throws(DiskError) -> String {
    let folder = try folder()
    guard let bytes = try disk.readAll(path) else { return folder }
    let file = try disk.open(target(path, folder), .replace)
    try file.append(bytes.span)
    try file.sync()
    try disk.syncFolder(folder)
    return folder
  }

  /// Moves a file. Returns the folder.
  @discardableResult
  package func move(_ path: String) throws(DiskError) -> String {
    let folder = try folder()
    do {
      try disk.rename(path, to: target(path, folder))
    } catch {
      if !error.isMissing { throw error }
    }
    return folder
  }

  private func target(_ path: String, _ folder: String) -> String {
    "\(folder)/" + path.split(separator: "/").joined(separator: "-")
  }
}
