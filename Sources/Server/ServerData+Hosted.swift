import Storage
import SyncProtocol

extension ServerData {
  /// An open workspace with what belongs to it.
  package final class Hosted: Sendable {
    package let workspace: Workspace
    package let devices: DeviceRegistry
    package let activity: ActivityLog
    /// Which folder it lies in, where the disk can tell.
    private let folder: FolderIdentity?

    init(workspace: Workspace, devices: DeviceRegistry, activity: ActivityLog) {
      self.workspace = workspace
      self.devices = devices
      self.activity = activity
      folder = (try? workspace.disk.rootIdentity()) ?? nil
    }

    /// What was found as it was opened that keeps nobody from serving it, in words for the operator.
    func findings() throws(StorageError) -> [String] {
      let name = workspace.name
      var found = workspace.dropped.map { Self.remade(name, $0) }
      if let run = workspace.foreign {
        found.append(
          "workspace \(name): the run \(run) is not of its log; with those behind it, it is in \(SetAside.folder)/ now, "
            + "and they are made again from the log")
      }
      if workspace.head.position > 0, try DeviceRegistry.isLost(workspace.disk) {
        found.append(
          "workspace \(name): \(name)/\(DeviceRegistry.devicesPath) is \(DeviceRegistry.lost). Where there is a copy of it, stop the "
            + "server and put that in its place")
      }
      return found
    }

    static func remade(_ workspace: String, _ damage: Damage) -> String {
      "workspace \(workspace): \(damage); runs from that one on are made again from the log, which has all of it"
    }

    /// Whether its folder is known to be another one now, or gone.
    var isMoved: Bool {
      guard let folder else { return false }
      do {
        return try workspace.disk.rootIdentity() != folder
      } catch {
        return false
      }
    }
  }
}
