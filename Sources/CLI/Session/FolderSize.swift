import Glibc

/// How much a folder holds.
enum FolderSize {
  /// The sizes of all files in it and below, in bytes. What goes away meanwhile is not counted.
  static func bytes(_ folder: String) -> Int {
    guard let stream = opendir(folder) else { return 0 }
    defer { closedir(stream) }
    var sum = 0
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      var status = stat()
      guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
      sum += status.st_mode & S_IFMT == S_IFDIR ? bytes("\(folder)/\(name)") : Int(status.st_size)
    }
    return sum
  }
}
