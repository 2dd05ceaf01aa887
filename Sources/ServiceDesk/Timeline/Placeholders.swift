/// The `{name}` and the like of saved replies. Braces around anything but one word are text.
enum Placeholders {
  static let known = ["name", "subject", "ticket", "agent"]

  /// - Throws: `DeskError.invalid` where a text has one that nobody will fill.
  static func check(_ text: String) throws(DeskError) {
    for case .word(let word) in pieces(text) where !known.contains(word) {
      let names = known.map { "{\($0)}" }.joined(separator: ", ")
      throw .invalid("there is no placeholder {\(word)}; there are \(names)")
    }
  }

  /// The text with values for its placeholders, each filled once: what a value says is no placeholder.
  ///
  /// - Throws: `DeskError.invalid` where a value is not known, so that no customer is called `{name}`.
  static func fill(_ text: String, _ values: [String: String]) throws(DeskError) -> String {
    var filled = ""
    for piece in pieces(text) {
      switch piece {
      case .text(let text): filled += text
      case .word(let word):
        guard let value = values[word], !value.isEmpty else {
          throw .invalid("the reply says {\(word)}, which is not known here")
        }
        filled += value
      }
    }
    return filled
  }

  private enum Piece {
    case text(Substring)
    case word(String)
  }

  private static func pieces(_ text: String) -> [Piece] {
    var pieces: [Piece] = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      let word = rest[rest.index(after: open)...].prefix { $0.isLetter || $0.isNumber || "_-.".contains($0) }
      guard !word.isEmpty, word.endIndex < rest.endIndex, rest[word.endIndex] == "}" else {
        pieces.append(.text(rest[...open]))
        rest = rest[rest.index(after: open)...]
        continue
      }
      pieces += [.text(rest[..<open]), .word(String(word))]
      rest = rest[rest.index(after: word.endIndex)...]
    }
    return pieces + [.text(rest)]
  }
}
