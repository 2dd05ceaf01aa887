/// Builds a request head from its lines, with the rules of RFC 9112 and none of its leniencies.
///
/// What two servers in a row could read in two ways is refused, because that is how requests are smuggled.
struct HeadParser: Sendable {
  private var method = RequestMethod.get
  private var path = ""
  private var target = 0..<0
  private var isVersion11 = true
  private var entries: [HeaderFields.Entry] = []
  private var hostCount = 0
  private var contentLength: Int?
  private var codings = TransferCodings()
  private var expectsContinue = false
  private var wantsClose = false
  private var wantsKeepAlive = false

  /// Reads `METHOD SP TARGET SP VERSION`.
  mutating func requestLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(Refusal) {
    guard let first = line.first(where: { bytes[$0] == .space }),
      let last = line.last(where: { bytes[$0] == .space }), first < last
    else {
      try Self.checkControls(bytes, line)
      throw .requestLineMalformed
    }
    let token = ASCIISet.token
    let name = line.lowerBound..<first
    guard !name.isEmpty, name.allSatisfy({ token.contains(bytes[$0]) }) else { throw .methodMalformed }
    method = Self.method(bytes, name)
    isVersion11 = try Self.isVersion11(bytes, last + 1..<line.upperBound)
    target = first + 1..<last
    path = try RequestTarget.validate(bytes, target)
    entries.reserveCapacity(12)
  }

  /// Reads `NAME: VALUE`.
  mutating func field(_ bytes: Span<UInt8>, _ line: Range<Int>, limit: Int) throws(Refusal) {
    let (name, value) = try Self.split(bytes, line)
    guard entries.count < limit else { throw .tooManyFields }
    entries.append(HeaderFields.Entry(name: Range(name), value: Range(value)))
    // The length tells the names apart that matter here.
    switch name.count {
    case 4 where bytes.equalsIgnoringCase(name, "host"): try host(bytes, value)
    case 6 where bytes.equalsIgnoringCase(name, "expect"):
      guard bytes.equalsIgnoringCase(value, "100-continue") else { throw .expectationUnknown }
      expectsContinue = true
    case 10 where bytes.equalsIgnoringCase(name, "connection"): connection(bytes, value)
    case 14 where bytes.equalsIgnoringCase(name, "content-length"):
      guard contentLength == nil else { throw .lengthRepeated }
      contentLength = try Self.length(bytes, value)
    case 17 where bytes.equalsIgnoringCase(name, "transfer-encoding"): codings.add(bytes, value)
    default: break
    }
  }

  /// Checks the head as a whole, at the empty line behind it.
  consuming func finish(_ bytes: [UInt8]) throws(Refusal) -> RequestHead {
    guard hostCount <= 1 else { throw .hostRepeated }
    guard hostCount == 1 || !isVersion11 else { throw .hostMissing }
    if codings.isPresent {
      guard isVersion11 else { throw .encodingInOldVersion }
      guard contentLength == nil else { throw .lengthAndEncoding }
      try codings.check()
    }
    return RequestHead(
      method: method, path: path, isVersion11: isVersion11,
      fields: HeaderFields(bytes: bytes, entries: entries), contentLength: contentLength,
      isChunked: codings.isPresent, expectsContinue: expectsContinue && isVersion11,
      keepsAlive: !wantsClose && (isVersion11 || wantsKeepAlive), targetRange: target)
  }

  /// Where name and value of a field line are. Trailer fields are checked by this too.
  static func split(
    _ bytes: Span<UInt8>, _ line: Range<Int>
  ) throws(Refusal) -> (name: Range<Int>, value: Range<Int>) {
    if bytes[line.lowerBound].isBlank { throw .foldedField }
    try checkControls(bytes, line)
    guard let colon = line.first(where: { bytes[$0] == UInt8(ascii: ":") }) else { throw .fieldMalformed }
    let name = line.lowerBound..<colon
    let token = ASCIISet.token
    guard !name.isEmpty else { throw .fieldMalformed }
    guard !bytes[colon - 1].isBlank else { throw .spaceBeforeColon }
    guard name.allSatisfy({ token.contains(bytes[$0]) }) else { throw .fieldMalformed }
    return (name, bytes.trimmed(colon + 1..<line.upperBound))
  }

  static func checkControls(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(Refusal) {
    for index in line where bytes[index].isForbiddenInLine { throw .controlByte }
  }

  private static func method(_ bytes: Span<UInt8>, _ name: Range<Int>) -> RequestMethod {
    // The two usual ones without a string.
    if name.count == 3, bytes[name.lowerBound] == UInt8(ascii: "G"),
      bytes[name.lowerBound + 1] == UInt8(ascii: "E"), bytes[name.lowerBound + 2] == UInt8(ascii: "T")
    {
      return .get
    }
    var text = ""
    for index in name { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    return RequestMethod(text)
  }

  private static func isVersion11(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Refusal) -> Bool {
    func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    let start = range.lowerBound
    guard range.count == 8, bytes[start] == UInt8(ascii: "H"), bytes[start + 1] == UInt8(ascii: "T"),
      bytes[start + 2] == UInt8(ascii: "T"), bytes[start + 3] == UInt8(ascii: "P"),
      bytes[start + 4] == UInt8(ascii: "/"), isDigit(bytes[start + 5]),
      bytes[start + 6] == UInt8(ascii: "."), isDigit(bytes[start + 7])
    else { throw .versionMalformed }
    switch (bytes[start + 5], bytes[start + 7]) {
    case (UInt8(ascii: "1"), UInt8(ascii: "1")): return true
    case (UInt8(ascii: "1"), UInt8(ascii: "0")): return false
    default: throw .versionUnsupported
    }
  }

  private static func length(_ bytes: Span<UInt8>, _ value: Range<Int>) throws(Refusal) -> Int {
    // 18 digits always fit; what is longer is no length of anything.
    guard !value.isEmpty, value.count <= 18 else { throw .lengthMalformed }
    var length = 0
    for index in value {
      guard bytes[index] >= 0x30, bytes[index] <= 0x39 else { throw .lengthMalformed }
      length = length * 10 + Int(bytes[index] - 0x30)
    }
    return length
  }

  private mutating func host(_ bytes: Span<UInt8>, _ value: Range<Int>) throws(Refusal) {
    let allowed = ASCIISet.host
    guard value.allSatisfy({ allowed.contains(bytes[$0]) }) else { throw .hostMalformed }
    hostCount += 1
  }

  private mutating func connection(_ bytes: Span<UInt8>, _ value: Range<Int>) {
    bytes.forEachListItem(value) { item in
      if bytes.equalsIgnoringCase(item, "close") { wantsClose = true }
      if bytes.equalsIgnoringCase(item, "keep-alive") { wantsKeepAlive = true }
    }
  }
}

/// The transfer codings that the fields of one head name, in order.
private struct TransferCodings: Sendable {
  var isPresent = false
  private var chunked = 0
  private var hasUnknown = false
  private var isMalformed = false

  mutating func add(_ bytes: Span<UInt8>, _ value: Range<Int>) {
    isPresent = true
    let token = ASCIISet.token
    bytes.forEachListItem(value) { item in
      if bytes.equalsIgnoringCase(item, "chunked") {
        chunked += 1
      } else if !item.isEmpty, item.allSatisfy({ token.contains(bytes[$0]) }) {
        hasUnknown = true
      } else {
        isMalformed = true
      }
    }
  }

  func check() throws(Refusal) {
    guard !isMalformed else { throw .encodingMalformed }
    guard !hasUnknown else { throw .encodingUnknown }
    guard chunked == 1 else { throw .encodingMalformed }
  }
}

extension Span<UInt8> {
  /// Calls `body` with each item of a comma-separated list, without white space around it.
  fileprivate func forEachListItem(_ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    var start = range.lowerBound
    for index in range where self[index] == UInt8(ascii: ",") {
      body(trimmed(start..<index))
      start = index + 1
    }
    body(trimmed(start..<range.upperBound))
  }
}
