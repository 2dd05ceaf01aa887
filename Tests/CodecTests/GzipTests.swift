import Testing

@testable import Codec

@Suite struct GzipTests {
  static let sample = Array(String(repeating: "The tap still leaks. ", count: 500).utf8)

  @Test func membersConcatenate() throws {
    let deflater = Deflater()
    let joined = deflater.compress(Self.sample) + deflater.compress([]) + deflater.compress([1, 2, 3])
    #expect(try Inflater().inflateAll(joined, limit: 1 << 20) == Self.sample + [1, 2, 3])
  }

  @Test func everyTruncationIsTruncated() {
    let member = Deflater().compress(Self.sample)
    for count in 0..<member.count {
      var output: [UInt8] = []
      #expect(throws: CompressionError.truncated) {
        try Inflater().inflateMember(Array(member[..<count]).span, limit: 1 << 20, to: &output)
      }
    }
  }

  @Test func everyFlippedBitOfThePayloadIsSeen() {
    let member = Deflater().compress(Array("The tap still leaks".utf8))
    // Bytes 4 to 9 (time, flags of the compressor, system) say nothing about the payload.
    for index in Array(0..<4) + Array(10..<member.count) {
      for bit in 0..<8 {
        var damaged = member
        damaged[index] ^= 1 << UInt8(bit)
        var output: [UInt8] = []
        let end = try? Inflater().inflateMember(damaged.span, limit: 1 << 20, to: &output)
        #expect(end == nil || output == Array("The tap still leaks".utf8))
      }
    }
  }

  @Test func bombIsRefusedAtTheLimit() {
    let member = Deflater(level: 9).compress([UInt8](repeating: 0, count: 4_000_000))
    var output: [UInt8] = []
    #expect(throws: CompressionError.tooLarge(limit: 10_000)) {
      try Inflater().inflateMember(member.span, limit: 10_000, to: &output)
    }
    #expect(output.count <= 10_001)
  }

  @Test func exactLimitIsAllowed() throws {
    let member = Deflater().compress(Self.sample)
    var output: [UInt8] = []
    _ = try Inflater().inflateMember(member.span, limit: Self.sample.count, to: &output)
    #expect(output == Self.sample)
  }

  /// The size at a member's end is only a hint for how much memory to take: what it says wrongly is found out.
  @Test func sizeOfAMemberIsNotTrusted() throws {
    let inflater = Inflater()
    let member = Deflater().compress(Self.sample)
    #expect(try inflater.inflateWhole(member, limit: Self.sample.count) == Self.sample)
    #expect(try inflater.inflateWhole(Deflater().compress([]), limit: 0) == [])
    for size in [0, 1, UInt32(Self.sample.count) - 1, UInt32(Self.sample.count) + 1, .max] {
      let ending = (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * UInt32($0))) }
      #expect(throws: CompressionError.self) {
        try inflater.inflateWhole(member.dropLast(4) + ending, limit: 1 << 20)
      }
    }
    for count in 0..<member.count {
      #expect(throws: CompressionError.truncated) {
        try inflater.inflateWhole(Array(member[..<count]), limit: 1 << 20)
      }
    }
  }

  @Test func dictionaryIsNamedAndNeeded() throws {
    let words = Array("still leaks The tap".utf8)
    let stream = Deflater(.zlib(dictionary: words)).compress(Array("The tap still leaks".utf8))
    var output: [UInt8] = []
    _ = try Inflater().inflateMember(stream.span, limit: 100, to: &output) { _ in words }
    #expect(output == Array("The tap still leaks".utf8))
    #expect(throws: CompressionError.self) {
      try Inflater().inflateMember(stream.span, limit: 100, to: &output)
    }
    // Other words than it was written with: no reason to ask for them again and again.
    #expect(throws: CompressionError.self) {
      try Inflater().inflateMember(stream.span, limit: 100, to: &output) { _ in Array("other words".utf8) }
    }
  }

  @Test func crcIsZlibs() {
    #expect(Checksum.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(Checksum.hex(0x2A) == "0000002a")
    #expect(Checksum.parse("cbf43926") == 0xCBF4_3926)
    #expect(Checksum.parse("CBF43926") == nil)
  }
}
