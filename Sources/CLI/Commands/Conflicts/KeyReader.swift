import Glibc

/// Reads single keys from a terminal.
final class KeyReader {
  private let terminal: Int32
  private let saved: termios
  /// A byte that was read and not taken.
  private var left: UInt8?
  private static let escape: UInt8 = 0x1B
  /// What a terminal sends for one key comes together, unless the line is slow: so long is waited, in milliseconds.
  private static let pause: Int32 = 50

  /// nil where there is no terminal. Until `end` keys come without Enter and without echo.
  init?(_ terminal: Int32 = STDIN_FILENO) {
    var settings = termios()
    guard isatty(terminal) == 1, tcgetattr(terminal, &settings) == 0 else { return nil }
    self.terminal = terminal
    saved = settings
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
    // One byte at a time, however long it takes.
    withUnsafeMutableBytes(of: &settings.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
    tcsetattr(terminal, TCSADRAIN, &settings)
  }

  /// Gives the terminal back as it was.
  func end() {
    var settings = saved
    tcsetattr(terminal, TCSADRAIN, &settings)
  }

  /// The next key's byte; nil at the end of the input. A key without a byte of its own, such as Delete, comes as Escape.
  func key() -> UInt8? {
    guard let byte = byte() else { return nil }
    if byte == Self.escape { passSequence() }
    return byte
  }

  private func byte() -> UInt8? {
    if let left {
      self.left = nil
      return left
    }
    var byte: UInt8 = 0
    while true {
      let count = read(terminal, &byte, 1)
      if count == 1 { return byte }
      if count < 0, errno == EINTR { continue }
      return nil
    }
  }

  /// The next byte, if it came together with the last one.
  private func soon() -> UInt8? {
    if left != nil { return byte() }
    var wanted = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
    var count: Int32
    repeat { count = poll(&wanted, 1, Self.pause) } while count < 0 && errno == EINTR
    return count > 0 ? byte() : nil
  }

  /// Reads what a terminal sends behind an Escape that begins a key: `[` or `O`, parameters and a final byte, or the
  /// character that was pressed together with Alt. Its bytes are no keys: Insert is `ESC [ 2 ~`, and 2 is an answer.
  ///
  /// - Returns: whether there was anything; Escape itself is alone.
  @discardableResult
  private func passSequence() -> Bool {
    var start = soon()
    // Alt and an arrow; or Escape twice.
    while start == Self.escape { start = soon() }
    guard let first = start else { return false }
    switch first {
    case UInt8(ascii: "["), UInt8(ascii: "O"):
      var next = soon()
      // The function keys of Linux' console have a second bracket.
      if first == UInt8(ascii: "["), next == first { next = soon() }
      while let byte = next, 0x20..<0x40 ~= byte { next = soon() }
      if let byte = next, byte < 0x20 { left = byte }
    case 0..<0x20:
      // Ctrl-C counts, however fast it is.
      left = first
      return false
    default:
      var next = first >= 0xC0 ? soon() : nil
      while let byte = next, byte & 0xC0 == 0x80 { next = soon() }
      left = next
    }
    return true
  }

  /// A line as people type one, with Backspace; nil where they gave up by Escape or Ctrl-C, or the input ended.
  ///
  /// - Parameter echo: told what to show.
  func line(_ echo: (String) -> Void) -> String? {
    var bytes: [UInt8] = []
    while let byte = byte() {
      if byte == Self.escape, passSequence() { continue }
      switch byte {
      case 0x0A, 0x0D:
        echo("\n")
        return String(decoding: bytes, as: UTF8.self)
      case 0x03, 0x04, Self.escape:
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
