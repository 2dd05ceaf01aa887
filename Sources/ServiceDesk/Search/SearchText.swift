import Causality
import Codec
import Merge
import Storage

/// Which texts of an entity are searched, and how much each of them says.
///
/// Facts are not among them: whether one may be shown depends on its purpose.
enum SearchText {
  enum Part: Int, Sendable {
    /// What it is called: a name, subject or title.
    case title
    /// A topic, tag, number or address.
    case label
    /// What was said or written.
    case body

    /// The weight in the index.
    var weight: Int {
      switch self {
      case .title: 12
      case .label: 6
      case .body: 2
      }
    }

    /// The weight in the ranking.
    var boost: Double {
      switch self {
      case .title: 3
      case .label: 2
      case .body: 1
      }
    }
  }

  /// The types that are searched.
  static let types: Set<String> = [
    Vocabulary.customer, Vocabulary.ticket, Vocabulary.article, Vocabulary.organisation, Vocabulary.promise,
  ]

  /// What a register of an entity of these types is in a search; nil where it is not searched.
  static func part(ofRegister field: ExactString) -> Part? {
    switch field {
    case "name", "subject", "title": .title
    case "ref", "topic", "company": .label
    case "text", "body", "solution": .body
    default: nil
    }
  }

  /// What a set is in a search.
  static func part(ofSet field: ExactString) -> Part? {
    ["tags", "emails", "handles"].contains(field) ? .label : nil
  }

  /// The texts of a timeline's entry: what was written, and the lines of a transcript.
  ///
  /// - Parameter corrected: what is to be read in the place of what was written.
  static func texts(ofEntry entry: JSONText, corrected: String? = nil) -> [String] {
    let lines = entry["lines"]?.elements?.compactMap { $0["text"]?.string } ?? []
    return ([corrected ?? entry["text"]?.string ?? entry.string].compactMap(\.self)) + lines
  }

  /// The texts of an entity that still hold.
  static func texts(of state: EntityState) -> [(part: Part, text: String)] {
    var texts: [(Part, String)] = []
    for (field, register) in state.registers {
      guard let part = part(ofRegister: field) else { continue }
      for head in register.heads { texts.append((part, head.value.plain)) }
    }
    for field in state.sets.keys {
      guard let part = part(ofSet: field) else { continue }
      for element in state.elements(field) { texts.append((part, element)) }
    }
    let given = state.sets[Vocabulary.given] ?? [:]
    for entry in state.logs[Vocabulary.timeline] ?? [] {
      // It was made again where it belongs, and is found there.
      if given[ExactString(entry.id.description)] != nil { continue }
      let redacted = ExactString(Vocabulary.redactedPrefix + entry.id.description)
      guard state.registers[redacted] == nil else { continue }
      let head = state.shown(ExactString(Vocabulary.correctedPrefix + entry.id.description))
      for text in self.texts(ofEntry: entry.value, corrected: head?.value["text"]?.string) {
        texts.append((.body, text))
      }
    }
    return texts
  }

  /// The words of a text as they are looked for: folded, at most 40 characters each; of scripts that put no spaces between
  /// words, each two neighbouring characters.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    for word in TextFolding.words(text) {
      let scalars = word.unicodeScalars
      if scalars.contains(where: isUnspaced) {
        let characters = Array(scalars)
        if characters.count == 1 { words.append(word) }
        for index in characters.indices.dropLast() {
          words.append(String(String.UnicodeScalarView(characters[index...index + 1])))
        }
      } else {
        words.append(scalars.count <= 40 ? word : String(String.UnicodeScalarView(scalars.prefix(40))))
      }
    }
    return words
  }

  /// Kana, Han, Thai, Lao, Khmer, Burmese.
  private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x3400...0x9FFF, 0xF900...0xFAFF,
      0x20000...0x3FFFF:
      true
    default: false
    }
  }
}

/// The words of changes, for the index.
struct SearchProjection: WordProjection {
  /// Grows with every change of `SearchText` or `TextFolding` that gives anything else.
  let version: UInt32 = 2

  func words(of entity: EntityID, _ changes: [PlacedChange]) -> [String: Int] {
    guard SearchText.types.contains(entity.type) else { return [:] }
    var words: [String: Int] = [:]
    func add(_ text: String, _ part: SearchText.Part) {
      for word in SearchText.words(text) { words[word, default: 0] += part.weight }
    }
    for placed in changes {
      // A stored body was validated; were it damaged, what comes before the damage counts.
      try? ChangeBody.operations(of: placed.change.body) { operation in
        switch operation {
        case .set(let field, let value):
          if let part = SearchText.part(ofRegister: field) { add(value.plain, part) }
          if field.text.hasPrefix(Vocabulary.correctedPrefix), let text = value["text"]?.string {
            add(text, .body)
          }
        case .add(let field, let element):
          if let part = SearchText.part(ofSet: field) { add(element.text, part) }
        case .log(Vocabulary.timeline, let entry):
          for text in SearchText.texts(ofEntry: entry) { add(text, .body) }
        default: break
        }
      }
    }
    return words
  }
}
