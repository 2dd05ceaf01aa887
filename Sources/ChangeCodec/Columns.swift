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

  /// Reads the elements of the column that begins at `start`, in one pass.
  ///
  /// - Parameters:
  ///   - limit: the most elements; a column with more is given up there, so that a small push that inflates to
  ///     millions of them does not fill the memory.
  ///   - read: reads the element at an index and moves the index behind it.
  /// - Returns: the index behind the column.
  @inline(__always)
  static func read(
    _ text: Span<UInt8>, _ start: Int, limit: Int, _ read: (_ index: inout Int) throws(JSONError) -> Void
  ) throws(JSONError) -> Int {
    var count = 0
    return try JSONScanner.readElements(text, start) { (element) throws(JSONError) in
      count += 1
      guard count <= limit else { throw JSONError(offset: element, reason: "a column of more than \(limit)") }
      var index = element
      try read(&index)
      return index
    }
  }

  /// Reads times as `writeTimes` wrote them. Returns the index behind the column.
  static func readTimes(
    _ text: Span<UInt8>, _ start: Int, limit: Int, to times: inout [HybridTime]
  ) throws(JSONError) -> Int {
    var earlier: UInt64 = 0
    times = []
    return try read(text, start, limit: limit) { (index) throws(JSONError) in
      let begin = index
      let hasCounter = JSONScanner.byte(text, index) == UInt8(ascii: "\"")
      if hasCounter { index += 1 }
      earlier = try difference(text, &index, from: earlier, limit: HybridTime.maximumMilliseconds)
      var counter: UInt64 = 0
      if hasCounter {
        guard JSONScanner.byte(text, index) == UInt8(ascii: "~") else { throw noCounter(begin) }
        index += 1
        guard let value = Decimal.scan(text, &index, text.count), 1...HybridTime.maximumCounter ~= value,
          JSONScanner.byte(text, index) == UInt8(ascii: "\"")
        else { throw noCounter(begin) }
        index += 1
        counter = value
      }
      times.append(HybridTime(milliseconds: earlier, counter: counter))
    }
  }

  private static func noCounter(_ offset: Int) -> JSONError {
    JSONError(offset: offset, reason: "expected \"milliseconds~counter\"")
  }

  /// Appends a difference of two numbers.
  static func writeDifference(_ value: UInt64, _ earlier: UInt64, to output: inout [UInt8]) {
    if value < earlier { output.append(UInt8(ascii: "-")) }
    Decimal.write(value < earlier ? earlier - value : value - earlier, to: &output)
  }

  /// Reads a written difference and gives the number that lies so far behind an earlier one.
  @inline(__always)
  static func difference(
    _ text: Span<UInt8>, _ index: inout Int, from earlier: UInt64, limit: UInt64
  ) throws(JSONError) -> UInt64 {
    let start = index
    let isNegative = JSONScanner.byte(text, index) == UInt8(ascii: "-")
    if isNegative { index += 1 }
    guard let size = Decimal.scan(text, &index, text.count),
      isNegative ? size <= earlier : size <= limit && earlier + size <= limit
    else { throw JSONError(offset: start, reason: "expected a difference within 0 to \(limit)") }
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

  /// Reads a column of which each element stands for itself: `element` reads one. Returns the index behind the column.
  static func readList<Element>(
    _ text: Span<UInt8>, _ start: Int, limit: Int, to elements: inout [Element],
    _ element: (Span<UInt8>, inout Int) throws(JSONError) -> Element
  ) throws(JSONError) -> Int {
    elements = []
    return try read(text, start, limit: limit) { (index) throws(JSONError) in
      elements.append(try element(text, &index))
    }
  }

  /// Reads a whole number up to 2^53.
  @inline(__always)
  static func readNumber(_ text: Span<UInt8>, _ index: inout Int) throws(JSONError) -> UInt64 {
    let start = index
    guard let number = Decimal.scan(text, &index, text.count), number <= ChangeID.maximumSequence else {
      throw noNumber(start)
    }
    return number
  }

  /// A whole number up to 2^53.
  static func number(_ text: Span<UInt8>, _ value: Range<Int>) throws(JSONError) -> UInt64 {
    var index = value.lowerBound
    let number = try readNumber(text, &index)
    guard index == value.upperBound else { throw noNumber(value.lowerBound) }
    return number
  }

  private static func noNumber(_ offset: Int) -> JSONError {
    JSONError(offset: offset, reason: "expected a whole number up to 2^53")
  }

  /// Reads an agent's name.
  static func readAuthor(_ text: Span<UInt8>, _ index: inout Int) throws(JSONError) -> String {
    let start = index
    index = try JSONScanner.skipValue(text, start)
    return try author(text, start..<index)
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
