/// Writes CSV (RFC 4180): cells are quoted where they need it, lines end in CRLF.
package struct CSVWriter: Sendable {
  /// Whether cells that a spreadsheet could take for a formula, those that start with `=`, `+`, `-`, `@`, a
  /// tab or a carriage return, get an apostrophe in front. That changes the data (`+358 40 ...` becomes
  /// `'+358 40 ...`), so it is for files that people open, not for files that programs read; the import of an exported table
  /// takes it off again.
  package var isSafe: Bool
  package var separator: UInt8

  package init(separator: UInt8 = UInt8(ascii: ","), isSafe: Bool = false) {
    self.separator = separator
    self.isSafe = isSafe
  }

  /// Whether a spreadsheet could take the cell for a formula.
  private static func isFormula(_ cell: ArraySlice<UInt8>) -> Bool {
    cell.first.map("=+-@\t\r".utf8.contains) ?? false
  }

  /// Whether nothing but apostrophes stands in front of what a spreadsheet could take for a formula.
  static func isMarked(_ cell: ArraySlice<UInt8>) -> Bool {
    cell.first == UInt8(ascii: "'") && isFormula(cell.drop { $0 == UInt8(ascii: "'") })
  }

  /// Appends one line.
  package func write(_ cells: [String], to output: inout [UInt8]) {
    for (index, cell) in cells.enumerated() {
      if index > 0 { output.append(separator) }
      write(cell, isOnly: cells.count == 1, to: &output)
    }
    output += [0x0D, 0x0A]
  }

  private func write(_ cell: String, isOnly: Bool, to output: inout [UInt8]) {
    var text = Array(cell.utf8)
    // A cell that has such an apostrophe itself gets another one, safe or not, because reading takes one off.
    if Self.isFormula(text[...]) && isSafe || Self.isMarked(text[...]) {
      text.insert(UInt8(ascii: "'"), at: 0)
    }
    let isQuoted =
      text.contains { $0 == separator || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D }
      // Some readers take spaces off; a line of one empty cell would be an empty line.
      || text.first == 0x20 || text.last == 0x20 || text.isEmpty && isOnly
    guard isQuoted else {
      output += text
      return
    }
    output.append(UInt8(ascii: "\""))
    for byte in text {
      if byte == UInt8(ascii: "\"") { output.append(byte) }
      output.append(byte)
    }
    output.append(UInt8(ascii: "\""))
  }
}
