import Codec
import Import
import Testing

/// What holds for any bytes at all.
@Suite struct DamageTests {
  /// SplitMix64 (S. Vigna), so that a failure can be played again.
  struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }
  }

  static func cut(_ file: [UInt8], _ random: inout Generator) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    while start < file.count {
      let end = min(file.count, start + Int.random(in: 1...max(2, file.count / 3), using: &random))
      pieces.append(Array(file[start..<end]))
      start = end
    }
    return pieces
  }

  static func items(_ pieces: [[UInt8]], limit: Int) -> [CSVReader.Item] {
    var reader = CSVReader(limit: limit)
    var items: [CSVReader.Item] = []
    for piece in pieces {
      reader.append(piece.span)
      while let item = reader.next() { items.append(item) }
    }
    reader.finish()
    while let item = reader.next() { items.append(item) }
    return items
  }

  @Test(arguments: 0..<40) func everyByteIsInOneRecordOrReject(seed: UInt64) {
    var random = Generator(state: seed)
    let alphabet = Array("ab,\"\"\n\n\r".utf8) + [0xC3, 0xA9]
    for _ in 0..<100 {
      let count = Int.random(in: 0...80, using: &random)
      let file = (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
      let whole = Self.items([file], limit: 1000)
      let raw = whole.flatMap { item in
        switch item {
        case .record(let record): record.raw
        case .reject(let reject): reject.raw
        }
      }
      func text(_ bytes: [UInt8]) -> [UInt8] { bytes.filter { $0 != 0x0A && $0 != 0x0D } }
      #expect(text(raw) == text(file), "seed \(seed): \(file)")
      #expect(Self.items(Self.cut(file, &random), limit: 1000) == whole, "seed \(seed): \(file)")
      // With a limit the record where it strikes may differ, but nothing may trap or go on for ever.
      _ = Self.items(Self.cut(file, &random), limit: Int.random(in: 1...40, using: &random))
    }
  }

  static let files: [(name: String, format: Importer.Format, file: [UInt8])] = {
    guard let uci = try? Sample.fixture("uci/incidents.csv.gz"), let mapping = try? Sample.mapping("uci"),
      let star = try? Sample.fixture("star/dialogues.jsonl"),
      let customers = try? Sample.fixture("northwind/customers.csv"),
      let northwind = try? Sample.mapping("northwind-customers")
    else { return [] }
    return [
      ("uci", .table(mapping), Array(uci[..<20_000])), ("star", .star, star),
      ("northwind", .table(northwind), customers),
    ]
  }()

  @Test(arguments: 0..<10) func damagedFilesAreReadAlikeHoweverTheyAreCut(seed: UInt64) throws {
    #expect(Self.files.count == 3)
    for (name, format, file) in Self.files {
      var random = Generator(state: seed)
      var damaged = file
      // The header stays, so that there is something to read.
      for _ in 0..<20 {
        let index = Int.random(in: 700..<damaged.count, using: &random)
        damaged[index] = UInt8.random(in: 0...255, using: &random)
      }
      let whole = try Imported(format, damaged)
      let cut = try Imported(format, damaged, piece: Int.random(in: 1...5000, using: &random))
      #expect(whole.edits.map(\.text) == cut.edits.map(\.text), "\(name), seed \(seed)")
      #expect(whole.rejects == cut.rejects, "\(name), seed \(seed)")
      #expect(whole.edits.count + whole.rejects.count > 10)
    }
  }
}
