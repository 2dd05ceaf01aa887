import Glibc

/// Reads single keys from the terminal behind the standard input.
final class KeyReader {
  private let saved: termios

  /// nil where there is no terminal. Until `end` keys come without Enter and without echo.
  init?() {
    var settings = termios()
    guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
    saved = settings
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
    // One byte at a time, however long it takes.
    withUnsafeMutableBytes(of: &settings.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
    tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
  }

  /// Gives the terminal back as it was.
  func end() {
    var settings = saved
    tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
  }

  /// The next byte; nil at the end of the input.
  func key() -> UInt8? {
    var byte: UInt8 = 0
    while true {
      let count = read(STDIN_FILENO, &byte, 1)
      if count == 1 { return byte }
      if count < 0, errno == EINTR { continue }
      return nil
    }
  }

  /// A line as people type one, with Backspace; nil where they gave up by Escape or Ctrl-C, or the input ended.
  ///
  /// - Parameter echo: told what to show.
  func line(_ echo: (String) -> Void) -> String? {
    var bytes: [UInt8] = []
    while let byte = key() {
      switch byte {
      case 0x0A, 0x0D:
        echo("\n")
        return String(decoding: bytes, as: UTF8.self)
      case 0x03, 0x04, 0x1B:
        echo("\n")
        return nil
      case 0x7F, 0x08:
        guard !bytes.isEmpty else { continue }
        // A character of UTF-8 goes as a whole.
        while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        echo("\u{8} \u{8}")
      case 0..<0x20: continue
      default:
        bytes.append(byte)
        // Shown once the character is complete.
        if let text = String(validating: bytes.suffix(Self.length(bytes)), as: UTF8.self) { echo(text) }
      }
    }
    return nil
  }

  /// How many bytes the last character has, as far as it is there.
  private static func length(_ bytes: [UInt8]) -> Int {
    var count = 1
    for byte in bytes.reversed() {
      if byte & 0xC0 != 0x80 { break }
      count += 1
    }
    return count
  }
}
