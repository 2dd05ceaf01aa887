import Glibc

/// The few system calls about terminals and descriptors.
package enum Terminal {
  /// The width of the terminal behind a descriptor; nil where there is none.
  package static func columns(_ descriptor: Int32) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes all bytes; returns 0 or the system's error number.
  package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count, let base = buffer.baseAddress {
        let put = Glibc.write(descriptor, base + written, buffer.count - written)
        if put >= 0 {
          written += put
        } else if errno == EAGAIN {
          var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&waiting, 1, -1)
        } else if errno != EINTR {
          return errno
        }
      }
      return 0
    }
  }
}

/// Text that came from customers, colleagues and files, made fit for a terminal: nothing in it can move the
/// cursor, change the window's title or turn the order of letters around.
package enum Plain {
  /// One line: line breaks and tabs become spaces.
  package static func line(_ text: String) -> String { clean(text, keepsLines: false) }

  /// Several lines.
  package static func text(_ text: String) -> String { clean(text, keepsLines: true) }

  private static func clean(_ text: String, keepsLines: Bool) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 || $0 == 0xE2 }) else {
      return text
    }
    var output = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0A where keepsLines: output.unicodeScalars.append(scalar)
      case 0x09, 0x0A: output += " "
      case 0x0D: continue
      case 0..<0x20: output.unicodeScalars.append(UnicodeScalar(0x2400 + scalar.value) ?? "\u{FFFD}")
      // Of bidirectional text what begins to override or embed and what ends it; marks (U+200E, U+200F) only stand beside it.
      case 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: output += "\u{FFFD}"
      default: output.unicodeScalars.append(scalar)
      }
    }
    return output
  }

  /// How many columns of a terminal a text takes.
  package static func width(_ text: String) -> Int {
    text.reduce(0) { $0 + width($1) }
  }

  private static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first?.value, scalar >= 0x300 else { return 1 }
    switch scalar {
    case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: return 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
      0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }

  /// The text cut to a width, with `…` where something was cut off.
  package static func cut(_ text: String, to limit: Int) -> String {
    guard width(text) > limit else { return text }
    var output = ""
    var used = 1
    for character in text {
      used += width(character)
      if used > limit { break }
      output.append(character)
    }
    return output + "…"
  }
}
