import Glibc

/// Where a command writes: standard output or standard error, buffered.
///
/// A reader that goes away, as `head` does, is no error: what follows is dropped, and a long command can see it
/// in `isGone`. Any other failure to write is kept for the end.
package final class Output {
  /// Writes all bytes and returns 0, or the system's error number.
  package typealias Sink = ([UInt8]) -> Int32

  private let sink: Sink
  private var buffer: [UInt8] = []
  /// Whether the terminal's last line is one that is to be written over.
  private var isPassing = false
  /// How wide the terminal is, in columns; nil where this is none.
  package let columns: Int?
  /// Whether colours may be used.
  package let hasColour: Bool
  /// Whether nobody reads any more.
  package private(set) var isGone = false
  /// The system's error number of the first failure.
  package private(set) var failure: Int32 = 0

  package init(columns: Int? = nil, hasColour: Bool = false, sink: @escaping Sink) {
    self.columns = columns
    self.hasColour = hasColour
    self.sink = sink
  }

  /// The process's own: 1 or 2.
  package static func standard(_ descriptor: Int32, environment: [String: String]) -> Output {
    let columns = Terminal.columns(descriptor)
    let isPlain = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
    return Output(columns: columns, hasColour: columns != nil && !isPlain) { bytes in
      Terminal.write(bytes, to: descriptor)
    }
  }

  package var isTerminal: Bool { columns != nil }

  package func write(_ bytes: some Sequence<UInt8>) {
    clearPassing()
    buffer += bytes
    if buffer.count >= 1 << 16 { flush() }
  }

  package func write(_ text: String) { write(text.utf8) }

  package func line(_ text: String = "") {
    clearPassing()
    buffer += text.utf8
    write(CollectionOfOne(UInt8(ascii: "\n")))
  }

  /// Writes a text on a line of its own, which whatever is written next takes the place of. For a terminal.
  package func writePassing(_ text: String) {
    clearPassing()
    buffer += text.utf8
    isPassing = true
    flush()
  }

  /// Takes away what `writePassing` wrote last, if it is still there.
  package func clearPassing() {
    guard isPassing else { return }
    isPassing = false
    buffer += "\r\u{1B}[K".utf8
  }

  package func flush() {
    guard !buffer.isEmpty else { return }
    let bytes = buffer
    buffer.removeAll(keepingCapacity: true)
    guard !isGone, failure == 0 else { return }
    let code = sink(bytes)
    if code == EPIPE { isGone = true } else { failure = code }
  }

  /// Writes what is buffered.
  ///
  /// - Throws: `Failure` where something could not be written.
  package func finish() throws(Failure) {
    flush()
    guard failure != 0 else { return }
    // A script that took it for a failure and tried again would make the edit twice.
    throw Failure(
      .partial, "cannot write the output: \(String(cString: strerror(failure))); the command did its work")
  }
}

/// How a piece of text stands out on a terminal.
package enum Style: String, Sendable {
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
}

extension Output {
  /// The text in a style where colours may be used, else as it is.
  package func styled(_ text: String, _ style: Style?) -> String {
    guard hasColour, let style, !text.isEmpty else { return text }
    return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
  }
}
