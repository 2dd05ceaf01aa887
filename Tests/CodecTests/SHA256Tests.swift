import Testing

@testable import Codec

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4 and of the empty text.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func examples(text: String, sum: String) {
    var hash = SHA256()
    hash.add(text.utf8)
    #expect(hash.hex() == sum)
  }

  @Test func pieces() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    var whole = SHA256()
    whole.add(bytes)
    let expected = whole.hex()
    for size in [1, 63, 64, 65, 127] {
      var parts = SHA256()
      var start = 0
      while start < bytes.count {
        parts.add(bytes[start..<min(start + size, bytes.count)])
        start += size
      }
      #expect(parts.hex() == expected)
    }
  }
}
