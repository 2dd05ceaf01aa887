/// Shares as people see them at a glance.
///
/// On a terminal a bar is made of block characters, with a colour where colours may be used; elsewhere of `#` and `.`, which every
/// file, mail and pager shows.
enum Bar {
  static let width = 10

  /// A bar for a share of a whole; empty where there is none.
  static func text(_ share: (part: Int, of: Int)?, _ output: Output) -> String {
    guard let share, share.of > 0 else { return "" }
    let eighths = max(0, min(width * 8, (share.part * width * 16 + share.of) / (share.of * 2)))
    guard output.isTerminal else {
      let full = (eighths + 4) / 8
      return String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
    }
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let blocks = String(repeating: "█", count: eighths / 8) + partial
    return blocks + String(repeating: "░", count: width - eighths / 8 - (partial.isEmpty ? 0 : 1))
  }

  /// Green from nine tenths on, yellow from three quarters on, red below.
  static func style(_ share: (part: Int, of: Int)?) -> Style? {
    share.map { $0.part * 10 >= $0.of * 9 ? .green : $0.part * 4 >= $0.of * 3 ? .yellow : .red }
  }
}

/// Fractions as decimal numbers, rounded half up, without floating point, so that every device writes the same.
enum Fraction {
  /// `0.833` for five of six with three digits.
  static func decimal(_ fraction: (part: Int, of: Int), digits: Int) -> String {
    let scale = (0..<digits).reduce(1) { product, _ in product * 10 }
    let scaled = (fraction.part * scale * 2 + fraction.of) / (fraction.of * 2)
    guard digits > 0 else { return "\(scaled)" }
    let rest = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: digits - rest.count) + rest
  }

  /// `83%`; empty for nil.
  static func percent(_ fraction: (part: Int, of: Int)?) -> String {
    fraction.map { "\(decimal(($0.part * 100, $0.of), digits: 0))%" } ?? ""
  }
}
