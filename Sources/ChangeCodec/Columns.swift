import Causality
import Codec
import Merge

/// Writes and parses the columns of numbers and names in the header lines of blocks and runs.
enum Columns {
  /// Appends `,"key":[...]`: the first time in milliseconds since 1970, then the differences. A time with a
  /// counter is the string `"difference~counter"`.
  static func writeTimes(_ key: StaticString, _ changes: some Sequence<Change>, to output: inout [UInt8]) {
    JSONWriter.key(key, to: &output)
    output.append(UInt8(ascii: "["))
    var earlier: UInt64 = 0
    var isFirst = true
    for change in changes {
      if !isFirst { output.append(UInt8(ascii: ",")) }
      isFirst = false
      let at = change.at
      if at.counter > 0 { output.append(UInt8(ascii: "\"")) }
      writeDifference(at.milliseconds, earlier, to: &output)
      if at.counter > 0 {
        output.append(UInt8(ascii: "~"))
        Decimal.write(at.counter, to: &output)
        output.append(UInt8(ascii: "\""))
      }
      earlier = at.milliseconds
    }
    output.append(UInt8(ascii: "]"))
  }

  /// Visits the elements of a column.
  ///
  /// - Parameter limit: the most elements; a column with more is given up there, so that a small push that inflates to
  ///   millions of them does not fill the memory.
  static func elements(
    _ text: Span<UInt8>, _ value: Range<Int>, limit: Int, _ visit: (Range<Int>) throws(JSONError) -> Void
  ) throws(JSONError) {
    var count = 0
    _ = try JSONScanner.elements(text, value.lowerBound) { (element) throws(JSONError) in
      count += 1
      guard count <= limit else {
        throw JSONError(offset: element.lowerBound, reason: "a column of more than \(limit)")
      }
      try visit(element)
    }
  }

  static func parseTimes(
    _ text: Span<UInt8>, _ value: Range<Int>, limit: Int
  ) throws(JSONError) -> [HybridTime] {
    var times: [HybridTime] = []
    var earlier: UInt64 = 0
    try elements(text, value, limit: limit) { (element) throws(JSONError) in
      var range = element
      var counter: UInt64 = 0
      if text[element.lowerBound] == UInt8(ascii: "\"") {
        var tilde = element.lowerBound + 1
        while tilde < element.upperBound, text[tilde] != UInt8(ascii: "~") { tilde += 1 }
        guard tilde < element.upperBound,
          let value = Decimal.parse(text, tilde + 1, element.upperBound - 1),
          1...HybridTime.maximumCounter ~= value
        else { throw JSONError(offset: element.lowerBound, reason: "expected \"milliseconds~counter\"") }
        counter = value
        range = element.lowerBound + 1..<tilde
      }
      earlier = try add(text, range, to: earlier, limit: HybridTime.maximumMilliseconds)
      times.append(HybridTime(milliseconds: earlier, counter: counter))
    }
    return times
  }

  /// Appends a difference of two numbers.
  static func writeDifference(_ value: UInt64, _ earlier: UInt64, to output: inout [UInt8]) {
    if value < earlier { output.append(UInt8(ascii: "-")) }
    Decimal.write(value < earlier ? earlier - value : value - earlier, to: &output)
  }

  /// The number that lies a written difference behind an earlier one.
  static func add(
    _ text: Span<UInt8>, _ range: Range<Int>, to earlier: UInt64, limit: UInt64
  ) throws(JSONError) -> UInt64 {
    let isNegative = text[range.lowerBound] == UInt8(ascii: "-")
    guard let size = Decimal.parse(text, range.lowerBound + (isNegative ? 1 : 0), range.upperBound),
      isNegative ? size <= earlier : size <= limit && earlier + size <= limit
    else { throw JSONError(offset: range.lowerBound, reason: "expected a difference within 0 to \(limit)") }
    return isNegative ? earlier - size : earlier + size
  }

  /// Appends `,"names":[...],"who":[...]` where some changes are of other authors than their blocks': `who` is
  /// 0 for the block's author, n for the n-th of the names.
  static func writeWho(_ authors: [String?], to output: inout [UInt8]) {
    guard authors.contains(where: { $0 != nil }) else { return }
    var numbers: [ExactString: Int] = [:]
    var names: [String] = []
    var who: [Int] = []
    for author in authors {
      guard let author else {
        who.append(0)
        continue
      }
      if let number = numbers[ExactString(author)] {
        who.append(number)
      } else {
        names.append(author)
        numbers[ExactString(author)] = names.count
        who.append(names.count)
      }
    }
    JSONWriter.key("names", to: &output)
    JSONWriter.list(names, to: &output) { JSONWriter.string($0, to: &$1) }
    JSONWriter.key("who", to: &output)
    JSONWriter.list(who, to: &output) { Decimal.write(UInt64($0), to: &$1) }
  }

  static func parseNumbers(
    _ text: Span<UInt8>, _ value: Range<Int>, limit: Int
  ) throws(JSONError) -> [UInt64] {
    var numbers: [UInt64] = []
    try elements(text, value, limit: limit) { (element) throws(JSONError) in
      numbers.append(try number(text, element))
    }
    return numbers
  }

  static func parseNames(
    _ text: Span<UInt8>, _ value: Range<Int>, limit: Int
  ) throws(JSONError) -> [String] {
    var names: [String] = []
    try elements(text, value, limit: limit) { (element) throws(JSONError) in
      names.append(try author(text, element))
    }
    return names
  }

  /// A whole number up to 2^53.
  static func number(_ text: Span<UInt8>, _ value: Range<Int>) throws(JSONError) -> UInt64 {
    guard let number = Decimal.parse(text, value.lowerBound, value.upperBound),
      number <= ChangeID.maximumSequence
    else { throw JSONError(offset: value.lowerBound, reason: "expected a whole number up to 2^53") }
    return number
  }

  /// What stands between the quotes of a string; nothing for any other value.
  private static func quoted(_ text: Span<UInt8>, _ value: Range<Int>) -> Range<Int> {
    guard text[value.lowerBound] == UInt8(ascii: "\"") else { return value.lowerBound..<value.lowerBound }
    return value.lowerBound + 1..<value.upperBound - 1
  }

  static func sum(_ text: Span<UInt8>, _ value: Range<Int>) throws(JSONError) -> UInt32 {
    guard let sum = Checksum.parse(text, quoted(text, value)) else {
      throw JSONError(offset: value.lowerBound, reason: "expected a sum of eight hexadecimal digits")
    }
    return sum
  }

  /// A time without a counter, in milliseconds since 1970.
  static func time(_ text: Span<UInt8>, _ value: Range<Int>) throws(JSONError) -> UInt64 {
    let range = quoted(text, value)
    guard let time = HybridTime(text, range.lowerBound, range.upperBound), time.counter == 0 else {
      throw JSONError(offset: value.lowerBound, reason: "expected a time such as 2026-11-21T17:21:03.306Z")
    }
    return time.milliseconds
  }

  static func replica(_ text: Span<UInt8>, _ value: Range<Int>) throws(JSONError) -> ReplicaID {
    let range = quoted(text, value)
    guard let id = ReplicaID(text, range.lowerBound, range.upperBound) else {
      throw JSONError(offset: value.lowerBound, reason: "expected a replica id")
    }
    return id
  }

  /// An agent's name, a JSON string of 1 to 100 bytes.
  static func author(_ text: Span<UInt8>, _ value: Range<Int>) throws(JSONError) -> String {
    guard text[value.lowerBound] == UInt8(ascii: "\"") else {
      throw JSONError(offset: value.lowerBound, reason: "expected an agent's name")
    }
    let name = JSONWriter.unescape(text, value.lowerBound + 1..<value.upperBound - 1)
    guard 1...Change.maximumAuthor ~= name.utf8.count else {
      throw JSONError(
        offset: value.lowerBound, reason: "an agent's name has 1 to \(Change.maximumAuthor) bytes")
    }
    return name
  }

  /// The author that a column gives a change, nil for its block's.
  static func author(_ names: [String], _ who: [UInt64], _ index: Int) throws(JSONError) -> String? {
    guard !who.isEmpty, who[index] > 0 else { return nil }
    guard who[index] <= UInt64(names.count) else {
      throw JSONError(offset: 0, reason: "\"who\" names author \(who[index]) of \(names.count)")
    }
    return names[Int(who[index]) - 1]
  }
}
