/// How alike two short texts are.
enum TextLikeness {
  /// Longer texts are compared by this many first characters.
  static let maximumLength = 64

  /// The Jaro-Winkler likeness, 0 to 1, where 1 is the same text.
  ///
  /// Source: W. E. Winkler, *String Comparator Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model of Record
  /// Linkage* (1990), with up to four common first characters at 0.1 each. Cost: the product of the lengths at worst.
  static func jaroWinkler(_ left: [UInt32], _ right: [UInt32]) -> Double {
    if left == right { return left.isEmpty ? 0 : 1 }
    let (m, n) = (min(left.count, maximumLength), min(right.count, maximumLength))
    guard m > 0, n > 0 else { return 0 }
    let window = max(0, max(m, n) / 2 - 1)
    var leftMatched: UInt64 = 0
    var rightMatched: UInt64 = 0
    var common = 0
    for i in 0..<m {
      let high = min(n, i + window + 1)
      var j = max(0, i - window)
      while j < high {
        if rightMatched & 1 << UInt64(j) == 0, left[i] == right[j] {
          leftMatched |= 1 << UInt64(i)
          rightMatched |= 1 << UInt64(j)
          common += 1
          break
        }
        j += 1
      }
    }
    guard common > 0 else { return 0 }
    var swapped = 0
    var j = 0
    for i in 0..<m where leftMatched & 1 << UInt64(i) != 0 {
      while rightMatched & 1 << UInt64(j) == 0 { j += 1 }
      if left[i] != right[j] { swapped += 1 }
      j += 1
    }
    let share = Double(common)
    let jaro = (share / Double(m) + share / Double(n) + (share - Double(swapped / 2)) / share) / 3
    var prefix = 0
    while prefix < min(4, m, n), left[prefix] == right[prefix] { prefix += 1 }
    return jaro + Double(prefix) * 0.1 * (1 - jaro)
  }

  /// The number of insertions, deletions, replacements and swaps of neighbours that lead from one to the other, or
  /// `limit + 1` where it is greater than `limit`.
  ///
  /// Source: F. J. Damerau, *A Technique for Computer Detection and Correction of Spelling Errors* (1964), the restricted form.
  static func distance(_ left: [UInt32], _ right: [UInt32], limit: Int) -> Int {
    guard abs(left.count - right.count) <= limit else { return limit + 1 }
    var before: [Int] = []
    var row = Array(0...right.count)
    for i in left.indices {
      var next = [i + 1]
      next.reserveCapacity(right.count + 1)
      var least = i + 1
      for j in right.indices {
        var best = min(row[j] + (left[i] == right[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          best = min(best, before[j - 1] + 1)
        }
        next.append(best)
        least = min(least, best)
      }
      if least > limit { return limit + 1 }
      (before, row) = (row, next)
    }
    return min(row[right.count], limit + 1)
  }

  /// The characters of a folded text.
  static func characters(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }
}

/// How a word sounds.
enum Soundex {
  /// The first letter and three digits for the consonants behind it; of a word that does not begin with one of the 26
  /// letters its first four characters.
  ///
  /// Source: R. C. Russell's patent (1918) as in D. E. Knuth, *The Art of Computer Programming* 3, section 6: `h` and `w` do
  /// not part letters of one digit.
  /// - Parameter word: folded.
  static func code(_ word: some StringProtocol) -> String {
    guard let first = word.utf8.first, UInt8(ascii: "a")...UInt8(ascii: "z") ~= first else {
      return String(String.UnicodeScalarView(word.unicodeScalars.prefix(4)))
    }
    var code = String(Unicode.Scalar(first))
    var last = digit(first)
    for letter in word.utf8.dropFirst() {
      let digit = digit(letter)
      if digit > 0, digit != last { code.append(String(digit)) }
      if code.utf8.count == 4 { break }
      if letter != UInt8(ascii: "h"), letter != UInt8(ascii: "w") { last = digit }
    }
    return code
  }

  private static func digit(_ letter: UInt8) -> Int {
    switch letter {
    case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "p"), UInt8(ascii: "v"): 1
    case UInt8(ascii: "c"), UInt8(ascii: "g"), UInt8(ascii: "j"), UInt8(ascii: "k"), UInt8(ascii: "q"),
      UInt8(ascii: "s"), UInt8(ascii: "x"), UInt8(ascii: "z"):
      2
    case UInt8(ascii: "d"), UInt8(ascii: "t"): 3
    case UInt8(ascii: "l"): 4
    case UInt8(ascii: "m"), UInt8(ascii: "n"): 5
    case UInt8(ascii: "r"): 6
    default: 0
    }
  }
}
