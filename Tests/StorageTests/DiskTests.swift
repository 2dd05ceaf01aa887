import Storage
import TestSupport
import Testing

/// The folder of the file system, where it refuses.
@Suite struct DiskTests {
  /// A folder that cannot be made is told with the reason for which it cannot, not as one that is not there.
  @Test func refusedFolderIsNotAMissingOne() {
    // Nobody may make a folder there, root neither.
    let error = #expect(throws: DiskError.self) { try FolderDisk("/sys/askonce").makeFolder("") }
    #expect(error?.operation == "make" && error?.isMissing == false, "\(String(describing: error))")
  }

  /// Whoever made a folder may have been killed before its name was durable: one that is there is synced like a new one.
  @Test func folderThatIsThereIsMadeDurable() {
    // Nothing can be synced there, by root neither.
    let error = #expect(throws: DiskError.self) { try FolderDisk("/proc").makeFolder("sys") }
    #expect(error?.operation == "sync", "\(String(describing: error))")
  }

  /// What lies around the root is not the store's: it may be on a disk that cannot be synced.
  @Test func whatIsAroundTheRootIsLeftAlone() throws {
    try FolderDisk("/proc/sys").makeFolder("")
  }
}
