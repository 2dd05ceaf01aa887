import Glibc

/// The program that has the network in it. Loading URLSession costs more than most commands take, so `askonce`
/// leaves those that need it to `askonce-net` beside it.
enum NetworkProgram {
  static let name = "askonce-net"

  /// Replaces this process by the same command line in the other program.
  ///
  /// - Returns: only when that is not possible.
  static func run(_ arguments: [String]) -> Failure {
    guard let own = path() else {
      return Failure(
        .failed, "this command needs the network, and \(name) was not found: /proc is not mounted")
    }
    let program = own.prefix(through: own.lastIndex(of: "/") ?? own.startIndex) + name
    var pointers = ([String(program)] + arguments).map { strdup($0) }
    pointers.append(nil)
    execv(String(program), pointers)
    let reason = String(cString: strerror(errno))
    for pointer in pointers { free(pointer) }
    return Failure(
      .failed,
      "this command needs the network, and \(program) cannot be run (\(reason)); install both programs "
        + "into one folder")
  }

  /// Where this program lies.
  static func path() -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map {
        readlink("/proc/self/exe", $0.assumingMemoryBound(to: CChar.self), bytes.count)
      } ?? -1
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
