/// Text as people look for it: without regard to case, accents, width and apostrophes.
///
/// `Åse O’Brien`, `ÅSE OBRIEN` and `ase o'brien` fold alike, in whatever normal form they are written. Latin, Greek and
/// Cyrillic letters lose their marks; letters of other scripts stay as they are, only in lower case, syllables of Hangul and
/// kana with marks in their parts.
public enum TextFolding {
  /// The folded text. Cost: its length; ASCII and the letters of `plain` are fast.
  public static func fold(_ text: String) -> String {
    var output: [UInt8] = []
    fold(text) { append($0, to: &output) }
    return String(decoding: output, as: UTF8.self)
  }

  /// The folded words: runs of letters, digits and what belongs to letters.
  public static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word: [UInt8] = []
    func close() {
      guard !word.isEmpty else { return }
      words.append(String(decoding: word, as: UTF8.self))
      word.removeAll(keepingCapacity: true)
    }
    fold(text) { scalar in
      if isPartOfWord(scalar) { append(scalar, to: &word) } else { close() }
    }
    close()
    return words
  }

  @inline(__always)
  private static func append(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
    if scalar.isASCII {
      output.append(UInt8(truncatingIfNeeded: scalar.value))
    } else {
      output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }

  @inline(__always)
  private static func isPartOfWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x30...0x39, 0x61...0x7A: return true
    case 0..<0x80: return false
    default: break
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
      .spacingMark, .decimalNumber, .letterNumber, .otherNumber:
      return true
    default: return false
    }
  }

  @inline(__always)
  private static func fold(_ text: String, _ emit: (Unicode.Scalar) -> Void) {
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x41...0x5A: emit(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value + 32)))
      case 0x27: continue
      case 0..<0x80: emit(scalar)
      default: foldWide(scalar, emit)
      }
    }
  }

  private static func foldWide(_ scalar: Unicode.Scalar, _ emit: (Unicode.Scalar) -> Void) {
    switch scalar.value {
    case 0x300...0x36F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F:
      return  // combining marks
    case 0x591...0x5C7, 0x610...0x61A, 0x64B...0x65F, 0x670:
      return  // Hebrew and Arabic vowel points
    case 0xAD, 0x200B...0x200D, 0x2060, 0xFEFF, 0x2018, 0x2019, 0x2BC, 0xB4:
      return  // invisible characters and apostrophes
    case 0xAC00...0xD7A3: foldSyllable(scalar.value - 0xAC00, emit)
    case 0x3041...0x30FE: foldKana(scalar, emit)
    case 0xFF01...0xFF5E:  // full-width ASCII
      fold(String(Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar), emit)
    default:
      if let plain = plain[scalar] {
        for letter in plain.unicodeScalars { emit(letter) }
        return
      }
      for lower in scalar.properties.lowercaseMapping.unicodeScalars {
        if lower.value < 0x80 {
          emit(lower)
        } else if let plain = plain[lower] {
          for letter in plain.unicodeScalars { emit(letter) }
        } else if !(0x300...0x36F ~= lower.value) {
          emit(lower)
        }
      }
    }
  }

  /// A Hangul syllable as its letters: Unicode 15, section 3.12, "Conjoining Jamo Behavior".
  private static func foldSyllable(_ index: UInt32, _ emit: (Unicode.Scalar) -> Void) {
    let letters = [0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11A7 + index % 28]
    for letter in letters where letter != 0x11A7 {
      if let scalar = Unicode.Scalar(letter) { emit(scalar) }
    }
  }

  /// Kana with a voicing mark as the letter and the mark, which makes another letter of it.
  private static func foldKana(_ scalar: Unicode.Scalar, _ emit: (Unicode.Scalar) -> Void) {
    guard let (base, mark) = voiced[scalar.value], let letter = Unicode.Scalar(base),
      let mark = Unicode.Scalar(mark)
    else { return emit(scalar) }
    emit(letter)
    emit(mark)
  }

  /// The canonical decompositions of Unicode 15 of kana: the letter and its mark.
  private static let voiced: [UInt32: (base: UInt32, mark: UInt32)] = {
    var table: [UInt32: (base: UInt32, mark: UInt32)] = [:]
    // Katakana lie as hiragana do.
    for shift: UInt32 in [0, 0x60] {
      let plain: [UInt32] = Array(stride(from: 0x304B, through: 0x3061, by: 2)) + [0x3064, 0x3066, 0x3068]
      for base in plain {
        table[base + 1 + shift] = (base + shift, 0x3099)
      }
      for base in stride(from: UInt32(0x306F), through: 0x307B, by: 3) {
        table[base + 1 + shift] = (base + shift, 0x3099)
        table[base + 2 + shift] = (base + shift, 0x309A)
      }
      for (letter, base): (UInt32, UInt32) in [(0x3094, 0x3046), (0x309E, 0x309D)] {
        table[letter + shift] = (base + shift, 0x3099)
      }
    }
    for letter: UInt32 in 0x30F7...0x30FA { table[letter] = (letter - 8, 0x3099) }
    return table
  }()

  /// Lower-case letters with marks, by what they become: the canonical decompositions of Unicode 15 without their
  /// marks, and the letters with strokes and ligatures that people without them write otherwise.
  private static let plain: [Unicode.Scalar: String] = {
    var table: [Unicode.Scalar: String] = [:]
    for (base, letters) in lettersByBase {
      for letter in letters.unicodeScalars { table[letter] = base }
    }
    return table
  }()

  private static let lettersByBase: [(String, String)] = [
    ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ"),
    ("ae", "æǣǽ"), ("b", "ḃḅḇ"), ("c", "çćĉċčḉ"), ("d", "ďḋḍḏḑḓđð"),
    ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ"),
    ("f", "ḟ"), ("g", "ĝğġģǧǵḡ"), ("h", "ĥȟḣḥḧḩḫẖħ"),
    ("i", "ìíîïĩīĭįǐȉȋḭḯỉịı"),
    ("j", "ĵǰ"), ("k", "ķǩḱḳḵĸ"), ("l", "ĺļľḷḹḻḽłŀ"), ("m", "ḿṁṃ"), ("n", "ñńņňǹṅṇṉṋŉŋ"),
    ("o", "òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợøǿ"),
    ("oe", "œ"), ("p", "ṕṗ"), ("r", "ŕŗřȑȓṙṛṝṟ"), ("s", "śŝşšșṡṣṥṧṩſẛ"), ("ss", "ß"),
    ("t", "ţťțṫṭṯṱẗŧ"), ("th", "þ"),
    ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"),
    ("v", "ṽṿ"), ("w", "ŵẁẃẅẇẉẘ"), ("x", "ẋẍ"), ("y", "ýÿŷȳẏẙỳỵỷỹ"), ("z", "źżžẑẓẕ"), ("ʒ", "ǯ"),
    ("α", "άἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ"),
    ("ε", "έἐἑἒἓἔἕὲέ"), ("η", "ήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ"),
    ("ι", "ΐίϊἰἱἲἳἴἵἶἷὶίῐῑῒΐῖῗ"),
    ("ο", "όὀὁὂὃὄὅὸό"), ("ρ", "ῤῥ"), ("σ", "ς"), ("υ", "ΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ"),
    ("ω", "ώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ"),
    ("а", "ӑӓ"), ("г", "ѓ"), ("е", "ѐёӗ"), ("ж", "ӂӝ"), ("з", "ӟ"), ("и", "йѝӣӥ"), ("к", "ќ"), ("о", "ӧ"),
    ("у", "ўӯӱӳ"), ("ч", "ӵ"), ("ы", "ӹ"), ("э", "ӭ"), ("і", "ї"), ("ѵ", "ѷ"), ("ә", "ӛ"), ("ө", "ӫ"),
  ]
}
