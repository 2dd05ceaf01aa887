import Glibc

/// Text from the command line or, for `-`, from standard input.
enum InputText {
  /// The most that is read, in bytes: more than one change may hold.
  private static let limit = 1 << 20

  static func read(_ argument: String) throws(Failure) -> String {
    let text = argument == "-" ? try standardInput() : argument
    guard text.contains(where: { !$0.isWhitespace }) else { throw .usage("the text is empty") }
    return text
  }

  private static func standardInput() throws(Failure) -> String {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= limit {
      let count = piece.withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(.failed, "cannot read standard input: \(String(cString: strerror(errno)))")
      }
      bytes += piece[..<count]
    }
    guard bytes.count <= limit else { throw Failure(.failed, "standard input has more than 1 MiB of text") }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.failed, "standard input is not UTF-8")
    }
    return text.last == "\n" ? String(text.dropLast()) : text
  }
}
