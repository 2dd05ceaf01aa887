import Agent
import Glibc
import TestSupport

/// The clock and the dice that a script holds.
enum Stage {
  /// `REHEARSAL_CLOCK` names a file with the milliseconds since 1970, which is read at each look at the clock; `REHEARSAL_SEED` is
  /// the seed of this process's dice.
  static func environment() -> Environment {
    let clock = variable("REHEARSAL_CLOCK")
    let dice = SharedGenerator(SeededGenerator(seed: UInt64(variable("REHEARSAL_SEED")) ?? 0))
    return Environment(now: { time(clock) }, random: dice.next)
  }

  /// The variable's value; the stage does not work without it.
  private static func variable(_ name: String) -> String {
    guard let value = getenv(name) else { fail("\(name) is not set; 'askonce' is the program for real work") }
    return String(cString: value)
  }

  /// What the clock's file says.
  private static func time(_ path: String) -> UInt64 {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { fail("cannot read \(path)") }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
    guard let now = UInt64(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)) else {
      fail("\(path) holds no time")
    }
    return now
  }

  private static func fail(_ reason: String) -> Never {
    let line = Array("rehearse: \(reason)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(2)
  }
}
