import Causality
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

  @Test(arguments: 0..<20 as Range<UInt64>)
  func someOfThemAreReadAsAllAre(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for array in Self.arrays(seed) {
      var bytes: [UInt8] = []
      PackedNumbers.write(array, to: &bytes)
      for _ in 0..<8 {
        let low = generator.int(0...array.count)
        let range = low..<generator.int(low...array.count)
        var cursor = ByteCursor(bytes)
        #expect(try PackedNumbers.read(range, of: array.count, &cursor) == Array(array[range]))
        #expect(cursor.isAtEnd)
      }
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func numbersAreFoundWhereTheyAscend(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for array in Self.arrays(seed) {
      // Only the range ascends; around it lies anything, as other replicas' sequences do.
      let low = generator.int(0...array.count)
      let range = low..<generator.int(low...array.count)
      var mixed = array
      mixed.replaceSubrange(range, with: Set(array[range]).sorted())
      let ascending = low..<low + Set(array[range]).count
      var bytes: [UInt8] = []
      PackedNumbers.write(mixed, to: &bytes)
      var wanted: [UInt64] = [0, .max]
      if let some = mixed[ascending].randomElement(using: &generator) {
        wanted += [some, some &+ 1, some &- 1]
      }
      for start in stride(from: 0, to: mixed.count, by: PackedNumbers.blockSize) {
        wanted.append(mixed[start])
      }
      for number in wanted {
        var cursor = ByteCursor(bytes)
        let found = try PackedNumbers.find(number, in: ascending, of: mixed.count, &cursor)
        #expect(found.index == mixed[ascending].firstIndex { $0 >= number } ?? ascending.upperBound)
        #expect(found.isThere == mixed[ascending].contains(number))
        #expect(cursor.isAtEnd)
      }
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
        cursor = ByteCursor(Array(bytes[..<count]))
        #expect(throws: TableFault.self) { _ = try PackedNumbers.read(0..<1, of: array.count, &cursor) }
        cursor = ByteCursor(Array(bytes[..<count]))
        #expect(throws: TableFault.self) {
          _ = try PackedNumbers.find(array[0], in: array.indices, of: array.count, &cursor)
        }
      }
    }
  }

  @Test func anyBytesAreReadOrRefused() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<5000 {
      let bytes = (0..<generator.int(0...40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      var cursor = ByteCursor(bytes)
      _ = try? PackedNumbers.read(generator.int(0...10_000_000), &cursor)
      let count = generator.int(0...10_000)
      let low = generator.int(0...count)
      let range = low..<generator.int(low...count)
      cursor = ByteCursor(bytes)
      _ = try? PackedNumbers.read(range, of: count, &cursor)
      cursor = ByteCursor(bytes)
      if let found = try? PackedNumbers.find(generator.next(), in: range, of: count, &cursor) {
        #expect(found.index >= range.lowerBound && found.index <= range.upperBound)
      }
    }
  }
}

@Suite struct IDPageTests {
  @Test(arguments: 0..<10 as Range<UInt64>)
  func singleIdsAreFoundAsInTheWholePage(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let replicas = (0..<generator.int(1...40)).map { _ in UInt64(generator.int(0...1 << 20)) }
    let some = (0..<generator.int(1...3000)).map { _ in
      ChangeID(
        ReplicaID(bits: replicas[generator.int(0...replicas.count - 1)]), UInt64(generator.int(1...9000)))
    }
    let ids = Set(some).sorted()
    var bytes: [UInt8] = []
    IDPage.write(ids, to: &bytes)
    var cursor = ByteCursor(bytes)
    #expect(try IDPage.read(ids.count, &cursor) == ids)
    for _ in 0..<200 {
      let index = generator.int(0...ids.count - 1)
      cursor = ByteCursor(bytes)
      #expect(try IDPage.id(at: index, ids.count, &cursor) == ids[index])
      let bits = replicas[index % replicas.count] + UInt64(generator.int(0...1))
      for id in [ids[index], ChangeID(ReplicaID(bits: bits), UInt64(generator.int(1...9001)))] {
        cursor = ByteCursor(bytes)
        let found = try IDPage.find(id, ids.count, &cursor)
        #expect(found.index == ids.firstIndex { $0 >= id } ?? ids.count)
        #expect(found.isThere == ids.contains(id))
      }
    }
    cursor = ByteCursor(bytes)
    #expect(throws: TableFault.self) { try IDPage.id(at: ids.count, ids.count, &cursor) }
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
