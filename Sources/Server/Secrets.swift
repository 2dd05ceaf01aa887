import CCrypt
import Causality
import Synchronization

/// Tokens and codes: random texts of which the server keeps only a hash.
///
/// The hash is the C library's `crypt` (SHA-256, `$5$`, with a random salt). The secrets have 256 and 80 random
/// bits, so that no number of rounds is needed against guessing; the least is used.
enum Secrets {
  /// A random text of base-32 characters, five bits each.
  static func random(_ count: Int, _ random: () -> UInt64) -> String {
    var text: [UInt8] = []
    while text.count < count {
      var bits = random()
      for _ in 0..<12 where text.count < count {
        text.append(Base32.digit(UInt8(truncatingIfNeeded: bits & 31)))
        bits >>= 5
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func hash(_ secret: String, salt: String) -> String? {
    crypt(secret, setting: "$5$rounds=1000$\(salt)$")
  }

  /// Whether a secret has a hash, in a time that does not tell where they differ.
  static func matches(_ secret: String, _ hash: String) -> Bool {
    crypt(secret, setting: hash).map { equal($0, hash) } ?? false
  }

  /// Compares in a time that depends on the lengths only.
  static func equal(_ left: String, _ right: String) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    var difference = left.count ^ right.count
    for index in 0..<min(left.count, right.count) { difference |= Int(left[index] ^ right[index]) }
    return difference == 0
  }

  /// `crypt` answers in a static buffer, so one thread at a time calls it.
  private static let turn = Mutex(())

  private static func crypt(_ secret: String, setting: String) -> String? {
    turn.withLock { _ in
      guard let hash = CCrypt.crypt(secret, setting) else { return nil }
      let text = String(cString: hash)
      // A failure is a text that starts with an asterisk.
      return text.hasPrefix("*") ? nil : text
    }
  }
}
