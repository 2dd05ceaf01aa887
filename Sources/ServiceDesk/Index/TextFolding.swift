/// Text as people look for it: without regard to case, accents, width and apostrophes.
///
/// `Åse O’Brien`, `ÅSE OBRIEN` and `ase o'brien` fold alike, in whatever normal form they are written. Latin, Greek and
/// Cyrillic letters lose their marks; letters of other scripts stay as they are, only in lower case.
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
