import Glibc

/// One line on standard error that says how far a command is, from its second second on.
///
/// On a terminal the line is written over, also by whatever else is said there, and gone at the end; elsewhere a line comes every ten seconds.
package final class Progress {
  private let output: Output
  private let start: Int
  private var next: Int

  package init(_ output: Output) {
    self.output = output
    start = Self.now()
    next = start + (output.isTerminal ? 1_000 : 10_000)
  }

  /// Takes the present state; `text` is asked for only when the line is due.
  package func update(_ text: @autoclosure () -> String) {
    let now = Self.now()
    guard now >= next else { return }
    next = now + (output.isTerminal ? 100 : 10_000)
    if let columns = output.columns {
      output.writePassing(Plain.cut(Plain.line(text()), to: max(8, columns - 1)))
    } else {
      output.line(Plain.line(text()))
      output.flush()
    }
  }

  /// Takes the line away.
  package func end() {
    output.clearPassing()
    output.flush()
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
