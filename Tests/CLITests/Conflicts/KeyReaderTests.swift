import Glibc
import Testing

@testable import CLI

@Suite("Keys of a terminal")
struct KeyReaderTests {
  /// A pseudo-terminal whose other end a test presses keys at.
  private final class Keyboard {
    let keys: KeyReader
    private var master: Int32 = -1
    private var slave: Int32 = -1

    init() throws {
      try #require(openpty(&master, &slave, nil, nil, nil) == 0)
      keys = try #require(KeyReader(slave))
    }

    deinit {
      keys.end()
      close(slave)
      close(master)
    }

    func press(_ keys: String) {
      let bytes = Array(keys.utf8)
      #expect(write(master, bytes, bytes.count) == bytes.count)
    }
  }

  /// What terminals send for keys that have no byte of their own.
  private static let sequences = [
    "\u{1B}[2~", "\u{1B}[3~", "\u{1B}[1~", "\u{1B}[15~", "\u{1B}[A", "\u{1B}[1;5C", "\u{1B}OA", "\u{1B}OP",
    "\u{1B}[[B", "\u{1B}\u{1B}[B", "\u{1B}2", "\u{1B}å",
  ]

  @Test("A key that sends a sequence is one key, and none that is an answer", arguments: sequences)
  func sequence(_ sequence: String) throws {
    let keyboard = try Keyboard()
    keyboard.press(sequence + "s")
    #expect(keyboard.keys.key() == 0x1B)
    #expect(keyboard.keys.key() == UInt8(ascii: "s"))
  }

  @Test("In a line such a key does nothing", arguments: sequences)
  func line(_ sequence: String) throws {
    let keyboard = try Keyboard()
    keyboard.press("a\(sequence)b\r")
    #expect(keyboard.keys.line { _ in } == "ab")
  }

  @Test("Escape alone gives a line up, and what comes behind it counts")
  func escape() throws {
    let keyboard = try Keyboard()
    keyboard.press("a\u{1B}\u{3}")
    #expect(keyboard.keys.line { _ in } == nil)
    #expect(keyboard.keys.key() == 0x03)
    keyboard.press("\u{1B}[\u{3}")
    #expect(keyboard.keys.key() == 0x1B)
    #expect(keyboard.keys.key() == 0x03)
  }
}
