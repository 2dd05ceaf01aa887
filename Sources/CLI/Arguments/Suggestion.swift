/// Finds what somebody may have meant by a word that is none.
package enum Suggestion {
  /// The nearest candidate within a third of the word's length, at least two edits; nil when none is near.
  package static func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(2, word.count / 3)
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
      let distance =
        candidate.hasPrefix(word) && word.count > 3 ? 1 : distance(Array(word.utf8), Array(candidate.utf8))
      if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.candidate
  }

  /// The number of insertions, deletions, replacements and swaps of neighbours that lead from one to the
  /// other.
  ///
  /// Source: F. J. Damerau, *A Technique for Computer Detection and Correction of Spelling Errors* (1964), the
  /// restricted form.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var rows = [Array(0...right.count)]
    for i in 0..<left.count {
      var row = [i + 1]
      for j in 0..<right.count {
        let replaced = rows[i][j] + (left[i] == right[j] ? 0 : 1)
        var best = min(replaced, rows[i][j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[left.count][right.count]
  }
}
