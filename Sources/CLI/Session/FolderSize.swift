import Glibc

/// How much a folder holds.
enum FolderSize {
  /// The sizes of all files in it and below, in bytes. What goes away meanwhile is not counted.
  static func bytes(_ folder: String) -> Int {
    var sum = 0
    visit(folder) { sum += Int($0.st_size) }
    return sum
  }

  /// Calls `body` with what the system knows of each file in it and below.
  static func visit(_ folder: String, _ body: (stat) -> Void) {
    guard let stream = opendir(folder) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      var status = stat()
      guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR { visit("\(folder)/\(name)", body) } else { body(status) }
    }
  }
}
