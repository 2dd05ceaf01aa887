import TestSupport
import Testing

@testable import Storage

@Suite struct PackedNumberTests {
  private static func arrays(_ seed: UInt64) -> [[UInt64]] {
    var generator = SeededGenerator(seed: seed)
    var arrays: [[UInt64]] = [[], [0], [.max], [.max, 0], [0, .max, 0], Array(repeating: 7, count: 300)]
    for width in 0...64 {
      let count = generator.int(1...200)
      let mask = width == 0 ? 0 : UInt64.max >> UInt64(64 - width)
      let base = generator.next() >> UInt64(generator.int(0...63))
      arrays.append((0..<count).map { _ in base &+ generator.next() & mask })
      var value = generator.next() >> 20
      arrays.append(
        (0..<count).map { _ in
          value &+= generator.next() & (mask >> 8)
          return value
        })
    }
    return arrays
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func whatIsWrittenIsRead(seed: UInt64) throws {
    for array in Self.arrays(seed) {
      var bytes: [UInt8] = []
      PackedNumbers.write(array, to: &bytes)
      var cursor = ByteCursor(bytes)
      #expect(try PackedNumbers.read(array.count, &cursor) == array)
      #expect(cursor.isAtEnd)
    }
  }

  @Test func numbersThatGrowEvenlyTakeLittle() {
    var bytes: [UInt8] = []
    PackedNumbers.write((0..<1280).map { 1_700_000_000_000 + 60_000 * $0 }, to: &bytes)
    #expect(bytes.count < 120)
  }

  @Test func cutAnywhereItThrows() {
    for array in Self.arrays(1) where !array.isEmpty {
      var bytes: [UInt8] = []
      PackedNumbers.write(array, to: &bytes)
      for count in 0..<bytes.count {
        var cursor = ByteCursor(Array(bytes[..<count]))
        #expect(throws: TableFault.self) { _ = try PackedNumbers.read(array.count, &cursor) }
      }
    }
  }

  @Test func anyBytesAreReadOrRefused() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<5000 {
      let bytes = (0..<generator.int(0...40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      var cursor = ByteCursor(bytes)
      _ = try? PackedNumbers.read(generator.int(0...10_000_000), &cursor)
    }
  }
}

@Suite struct NumberedTextTests {
  @Test(
    arguments: [
      ("", "", nil), ("0", "0", nil), ("7", "", 7), ("007", "00", 7), ("INC0000045", "INC00000", 45),
      ("a00", "a00", nil),
      ("customer/b2x9m1c0aa.64", "customer/b2x9m1c0aa.", 64), ("æ12", "æ", 12), ("12a", "12a", nil),
      ("1234567890123456789012", "1234", 567_890_123_456_789_012),
      ("1000000000000000000000", "1000000000000000000000", nil),
    ] as [(String, String, UInt64?)])
  func splits(text: String, stem: String, number: UInt64?) {
    let split = NumberedText.split(text)
    #expect(split.stem == stem)
    #expect(split.number == number)
    #expect(split.stem + (split.number.map(String.init) ?? "") == text)
  }
}

@Suite struct StringHeapTests {
  private static func roundTrip(_ strings: [String]) throws {
    let disk = MemoryDisk()
    let sink = TableSink(try disk.open("heap", .replace))
    var writer = StringHeapWriter()
    for string in strings { try writer.append(string, to: sink) }
    let directory = try writer.finish(sink)
    try sink.flush()
    var bytes: [UInt8] = []
    directory.write(to: &bytes)
    var cursor = ByteCursor(bytes)
    let file = try TableFile(disk.open("heap", .read), path: "heap")
    let heap = StringHeap(file, try HeapDirectory(&cursor), keepsAll: false)
    #expect(try heap.all() == strings)
    for index in stride(from: 0, to: strings.count, by: max(1, strings.count / 50)) {
      #expect(try heap.string(index) == strings[index])
    }
    #expect(throws: StorageError.self) { try heap.string(strings.count) }
  }

  @Test func stringsOfAllSizesAreRead() throws {
    var generator = SeededGenerator(seed: 5)
    try Self.roundTrip([])
    try Self.roundTrip(["", "", "æøå 😀", "a\u{0}b", "\n"])
    try Self.roundTrip((0..<5000).map { "Subject \($0 % 97) about \(generator.int(0...1_000_000)) løbet" })
    try Self.roundTrip(
      (0..<200).map { String(repeating: "long \($0) ", count: generator.oneIn(20) ? 30_000 : 3) })
  }
}
