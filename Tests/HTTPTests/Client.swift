import Glibc

@testable import HTTP

/// A blocking HTTP client that does what it is told, right or wrong. Every wait ends after half a minute.
final class Client {
  enum Failure: Error {
    case connect(Int32)
    case timeout
    case reset
    case closed
    case malformed(String)
  }

  struct Answer {
    let status: Int
    let head: String
    let fields: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  private(set) var descriptor: Int32
  private var input: [UInt8] = []

  /// Connects. A `receiveBuffer` in bytes makes for a client that takes little at once.
  init(_ server: HTTPServer, receiveBuffer: Int32? = nil) throws {
    descriptor = server.address.makeSocket()
    var time = timeval(tv_sec: 300, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    let result = server.address.withSystemAddress { connect(descriptor, $0, $1) }
    if result != 0 {
      let number = errno
      close()
      throw Failure.connect(number)
    }
  }

  deinit {
    close()
  }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Closes with a reset, as a process does that dies with unread input.
  func abort() {
    var value = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  func closeSending() {
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Sends all of a text. False if the server does not take it any more.
  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Sends a GET and reads the answer.
  func get(_ path: String) throws -> Answer {
    send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
    return try readAnswer()
  }

  /// Reads one answer, interim ones included.
  func readAnswer(toHead: Bool = false) throws -> Answer {
    let (status, head, fields) = try readHead()
    var body: [UInt8] = []
    if toHead || status < 200 || status == 204 || status == 304 {
      // There is none.
    } else if fields["transfer-encoding"] == "chunked" {
      while let chunk = try readChunk() { body += chunk }
    } else if let length = fields["content-length"].flatMap({ Int($0) }) {
      body = try read(length)
    } else {
      body = try readToEnd()
    }
    return Answer(status: status, head: head, fields: fields, body: body)
  }

  func readHead() throws -> (status: Int, head: String, fields: [String: String]) {
    let head = String(decoding: try read(through: Array("\r\n\r\n".utf8)), as: UTF8.self)
    var lines = head.split(separator: "\r\n")
    guard !lines.isEmpty, let status = Int(lines.removeFirst().split(separator: " ")[1]) else {
      throw Failure.malformed(head)
    }
    var fields: [String: String] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { throw Failure.malformed(head) }
      fields[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    return (status, head, fields)
  }

  /// Reads a chunk; nil for the last one.
  func readChunk() throws -> [UInt8]? {
    let line = String(decoding: try read(through: Array("\r\n".utf8)).dropLast(2), as: UTF8.self)
    guard let size = Int(line, radix: 16) else { throw Failure.malformed(line) }
    let chunk = try read(size)
    guard try read(2) == Array("\r\n".utf8) else { throw Failure.malformed("no CR LF behind a chunk") }
    return size == 0 ? nil : chunk
  }

  /// Reads until the server closes.
  func readToEnd() throws -> [UInt8] {
    while try fill() {}
    defer { input = [] }
    return input
  }

  func read(_ count: Int) throws -> [UInt8] {
    while input.count < count { guard try fill() else { throw Failure.closed } }
    defer { input.removeFirst(count) }
    return Array(input[..<count])
  }

  /// Whether the server closes without another byte.
  func isClosedByServer() throws -> Bool {
    do { return try !fill() } catch Failure.reset { return true }
  }

  private func read(through end: [UInt8]) throws -> [UInt8] {
    var start = 0
    while true {
      while start + end.count <= input.count {
        if Array(input[start..<start + end.count]) == end { return try read(start + end.count) }
        start += 1
      }
      guard try fill() else { throw Failure.closed }
    }
  }

  private func fill() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count >= 0 else { throw errno == EAGAIN ? Failure.timeout : Failure.reset }
    input += buffer[..<count]
    return count > 0
  }
}
