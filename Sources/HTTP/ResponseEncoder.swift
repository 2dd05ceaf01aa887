/// Writes response heads, and says how the body behind them is framed.
struct ResponseEncoder {
  /// How the end of the body is told.
  enum Framing: Equatable {
    /// No body at all.
    case none
    /// By its length, which the head says.
    case length
    /// In chunks.
    case chunked
    /// By closing the connection, for HTTP/1.0.
    case close
  }

  /// What of the request shapes the answer.
  struct Context {
    var isHead = false
    var isVersion11 = true
    /// Whether the connection stays open behind the answer.
    var keepsAlive = true
  }

  private var date: [UInt8] = []
  private var dateSeconds = -1

  /// Appends the head of a response to `output`. Sets `context.keepsAlive` to false if only closing can end the
  /// body.
  mutating func encode(
    _ response: Response, _ context: inout Context, seconds: Int, into output: inout [UInt8]
  ) -> Framing {
    let status = Self.status(of: response)
    let framing = Self.framing(response, status, context)
    if framing == .close { context.keepsAlive = false }
    output.append(contentsOf: "HTTP/1.1 ")
    output.append(decimal: status)
    output.append(.space)
    output.append(contentsOf: StatusText.of(status))
    if seconds != dateSeconds {
      dateSeconds = seconds
      date = HTTPDate.bytes(seconds)
    }
    output.append(contentsOf: "\r\nDate: ")
    output.append(contentsOf: date)
    if let length = Self.announcedLength(response, status) {
      output.append(contentsOf: "\r\nContent-Length: ")
      output.append(decimal: length)
    } else if case .stream = response.body, context.isVersion11, Self.allowsBody(status) {
      output.append(contentsOf: "\r\nTransfer-Encoding: chunked")
    }
    if !context.keepsAlive {
      output.append(contentsOf: "\r\nConnection: close")
    } else if !context.isVersion11 {
      output.append(contentsOf: "\r\nConnection: keep-alive")
    }
    for (name, value) in response.headers where !Self.isOwnField(name) {
      output.append(contentsOf: "\r\n")
      output.append(cleaned: name)
      output.append(contentsOf: ": ")
      output.append(cleaned: value)
    }
    output.append(contentsOf: "\r\n\r\n")
    return framing
  }

  /// Some of a streamed body as a chunk, with the chunk that ends the body if it is the last of it.
  static func chunk(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 24)
    if !bytes.isEmpty {
      result.append(contentsOf: String(bytes.count, radix: 16).utf8)
      result.append(contentsOf: "\r\n")
      result.append(contentsOf: bytes)
      result.append(contentsOf: "\r\n")
    }
    if isLast { result.append(contentsOf: "0\r\n\r\n") }
    return result
  }

  /// The status code that is sent.
  static func status(of response: Response) -> Int {
    200...599 ~= response.status ? response.status : 500
  }

  private static func allowsBody(_ status: Int) -> Bool { status != 204 && status != 304 }

  private static func framing(_ response: Response, _ status: Int, _ context: Context) -> Framing {
    if context.isHead || !allowsBody(status) { return .none }
    guard case .stream = response.body else { return .length }
    return context.isVersion11 ? .chunked : .close
  }

  /// What `Content-Length` says, if it is known and the status allows it.
  private static func announcedLength(_ response: Response, _ status: Int) -> Int? {
    guard allowsBody(status) else { return nil }
    switch response.body {
    case .bytes(let bytes): return bytes.count
    case .pieces(let pieces): return pieces.reduce(0) { $0 + $1.count }
    case .stream: return nil
    }
  }

  /// Whether the server writes this field itself.
  private static func isOwnField(_ name: String) -> Bool {
    switch name.utf8.count {
    case 4: isEqual(name, "date")
    case 10: isEqual(name, "connection")
    case 14: isEqual(name, "content-length")
    case 17: isEqual(name, "transfer-encoding")
    default: false
    }
  }

  private static func isEqual(_ name: String, _ lowercase: StaticString) -> Bool {
    lowercase.withUTF8Buffer { name.utf8.lazy.map(\.lowercasedASCII).elementsEqual($0) }
  }
}

extension [UInt8] {
  mutating func append(contentsOf text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }

  /// Appends a number that is not negative in decimal digits.
  mutating func append(decimal number: Int) {
    if number >= 10 { append(decimal: number / 10) }
    append(0x30 + UInt8(number % 10))
  }

  /// Appends a text with spaces for line ends and other controls, so that it cannot add a field or a response.
  fileprivate mutating func append(cleaned text: String) {
    let start = count
    append(contentsOf: text.utf8)
    for index in start..<count where self[index].isForbiddenInLine { self[index] = .space }
  }
}
