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
}
