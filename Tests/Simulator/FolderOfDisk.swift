import Storage
import TestSupport

/// A folder of a disk as a disk of its own, as a workspace's is of the server's.
struct FolderOfDisk: Disk {
  let disk: MemoryDisk
  let folder: String

  private func full(_ path: String) -> String { path.isEmpty ? folder : "\(folder)/\(path)" }

  func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
    try disk.open(full(path), mode)
  }
  func list(_ folder: String) throws(DiskError) -> [String] { try disk.list(full(folder)) }
  func makeFolder(_ folder: String) throws(DiskError) { try disk.makeFolder(full(folder)) }
  func rename(_ path: String, to target: String) throws(DiskError) {
    try disk.rename(full(path), to: full(target))
  }
  func remove(_ path: String) throws(DiskError) { try disk.remove(full(path)) }
  func syncFolder(_ folder: String) throws(DiskError) { try disk.syncFolder(full(folder)) }
  func lock(_ path: String) throws(DiskError) -> (any Sendable)? { try disk.lock(full(path)) }
}
