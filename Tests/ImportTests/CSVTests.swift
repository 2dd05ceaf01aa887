import Import
import Testing

@Suite struct CSVTests {
  /// Reads a file whose pieces end at the given places.
  static func read(_ file: [UInt8], cuts: [Int] = [], separator: Character = ",", limit: Int = 1 << 18)
    -> [String]
  {
    var reader = CSVReader(separator: separator.asciiValue ?? 0, limit: limit)
    var found: [String] = []
    func drain() {
      while let item = reader.next() {
        switch item {
        case .record(let record):
          let cells = (0..<record.count).map { record.string($0) }
          found.append("\(record.line): " + cells.joined(separator: "|"))
        case .reject(let reject):
          found.append("\(reject): " + String(decoding: reject.raw, as: UTF8.self))
        }
      }
    }
    var start = 0
    for cut in cuts + [file.count] {
      reader.append(Array(file[start..<cut]).span)
      drain()
      start = cut
    }
    reader.finish()
    drain()
    #expect(reader.next() == nil)
    return found
  }

  static let tricky = Array(
    """
    \u{FEFF}id,name,note\r
    1,"Smith, Ann","said ""no""\u{22}\r
    2,"two\r
    lines",""\r

    3,plain "quote" inside,é€😀
    4,"unclosed
    5,swallowed by nobody,x
    6,"closed"badly,x
    7,too,many,cells
    8,few
    9,"","\u{22}""
    10,cr\rinside,\r
    11,last,without line break
    """.utf8)

  static let expected = [
    "1: id|name|note", "2: 1|Smith, Ann|said \"no\"", "3: 2|two\r\nlines|",
    "6: 3|plain \"quote\" inside|é€😀",
    "line 7: text behind a closing quote in column 2: 4,\"unclosed\n", "8: 5|swallowed by nobody|x",
    "line 9: text behind a closing quote in column 2: 6,\"closed\"badly,x\n",
    "line 10: 4 columns where the header has 3: 7,too,many,cells\n",
    "line 11: 2 columns where the header has 3: 8,few\n", "12: 9||\"", "13: 10|cr\rinside|",
    "14: 11|last|without line break",
  ]

  @Test func whole() {
    #expect(Self.read(Self.tricky) == Self.expected)
  }

  @Test func byteByByte() {
    #expect(Self.read(Self.tricky, cuts: Array(1..<Self.tricky.count)) == Self.expected)
  }

  @Test func everySplitIntoTwo() {
    for cut in 0...Self.tricky.count {
      #expect(Self.read(Self.tricky, cuts: [cut]) == Self.expected, "cut at \(cut)")
    }
  }

  /// Only the cut row, and the reason of a quote that is now closed nowhere, may differ.
  @Test func everyTruncationKeepsTheRowsBefore() {
    for count in 0..<Self.tricky.count {
      let found = Self.read(Array(Self.tricky[..<count]))
      #expect(found.count { !Self.expected.contains($0) } <= 2, "\(count) bytes: \(found)")
    }
  }

  @Test func separators() {
    #expect(Self.read(Array("a;b\n\"1;2\";3,4\n".utf8), separator: ";") == ["1: a|b", "2: 1;2|3,4"])
    #expect(Self.read(Array("a\tb\n1\t\n".utf8), separator: "\t") == ["1: a|b", "2: 1|"])
  }

  @Test func quoteThatIsNeverClosedCostsOneLine() {
    let rows = (3...2000).map { "\($0),x\n" }.joined()
    let found = Self.read(Array(("a,b\n2,\"open\n" + rows).utf8), limit: 1000)
    #expect(found.count == 2000)
    #expect(
      found[1] == "line 2: a record of more than 1000 bytes, or a quote that is never closed: 2,\"open\n")
    #expect(found.last == "2000: 2000|x")
    let atEnd = Self.read(Array("a,b\n1,\"open\n2,x".utf8))
    #expect(atEnd[1...] == ["line 2: a quote is opened in column 2 and never closed: 1,\"open\n", "3: 2|x"])
  }

  @Test(arguments: [1, 7, 1000, 1 << 20]) func longLineIsCutInTheRejectOnly(piece: Int) {
    let long = String(repeating: "x", count: 5000)
    let file = Array("a,b\n1,\(long)\n2,\"\(long)\n3,x\n".utf8)
    let cuts = Array(stride(from: piece, to: file.count, by: piece))
    let found = Self.read(file, cuts: cuts, limit: 1000)
    #expect(found.count == 4)
    #expect(found.last == "4: 3|x")
    #expect(found[1].hasPrefix("line 2: a record of more than 1000 bytes"))
    #expect(found[1].hasSuffix(": 1,\(long)".prefix(1002)))
    #expect(found[2].hasPrefix("line 3: a record of more than 1000 bytes"))
  }

  @Test func badUTF8IsARejectOfItsRow() {
    let file = Array("a,b\n1,".utf8) + [0xC3, 0x28, 0x0A] + Array("2,x\n".utf8)
    var reader = CSVReader()
    reader.append(file.span)
    _ = reader.next()
    guard case .reject(let reject) = reader.next(), case .record(let record) = reader.next() else {
      Issue.record("expected a reject and the row behind it")
      return
    }
    #expect(reject.description == "line 2: not valid UTF-8")
    #expect(reject.raw == Array(file[4...8]))
    #expect(record.line == 3)
  }

  @Test func oneColumn() {
    #expect(Self.read(Array("a\n\"\"\n\n1\n".utf8)) == ["1: a", "2: ", "4: 1"])
  }

  @Test func empty() {
    #expect(Self.read([]) == [])
    #expect(Self.read([0xEF, 0xBB]).count == 1)
    #expect(Self.read([0xEF, 0xBB, 0xBF]) == [])
  }

  /// Python's csv module counts 116,597 rows behind the header, of which some hold line breaks.
  @Test(.realData) func realFileWithLineBreaksInCells() throws {
    let file = try Sample.data("multidogo_customer_turns.csv.gz")
    var reader = CSVReader()
    reader.append(file.span)
    reader.finish()
    var count = 0
    while let item = reader.next() {
      guard case .record = item else {
        Issue.record("\(item)")
        return
      }
      count += 1
    }
    #expect(count == 116_598)
  }
}
