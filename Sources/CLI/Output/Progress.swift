import Glibc

/// One line on standard error that says how far a command is, from its second second on.
///
/// On a terminal the line is written over and gone at the end; elsewhere a line comes every ten seconds.
package final class Progress {
  private let output: Output
  private let start: Int
  private var next: Int
  private var isShown = false

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
      output.write("\r\u{1B}[K" + Plain.cut(Plain.line(text()), to: max(8, columns - 1)))
      isShown = true
    } else {
      output.line(Plain.line(text()))
    }
    output.flush()
  }

  /// Takes the line away.
  package func end() {
    guard isShown else { return }
    output.write("\r\u{1B}[K")
    output.flush()
    isShown = false
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
