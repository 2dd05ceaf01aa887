import Glibc
import Testing

@testable import HTTP

/// Response bodies made of bytes and parts of files.
@Suite(.serialized, .tags(.sockets)) struct FileRangeTests {
  /// A file without a name, with these bytes.
  private static func file(_ bytes: [UInt8]) throws -> OpenFile {
    var template = Array("/tmp/askonce-http-test-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw SystemError("mkstemp") }
    unlink(template)
    let file = OpenFile(adopting: descriptor)
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress?.advanced(by: start), $0.count - start, off_t(start))
      }
      guard count > 0 else { throw SystemError("pwrite") }
      start += count
    }
    return file
  }

  private static let bytes = (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 + $0 >> 9) }

  @Test(arguments: [nil, 4096] as [Int32?]) func piecesArriveInOrder(receiveBuffer: Int32?) throws {
    let file = try Self.file(Self.bytes)
    let small = try Self.file(Array("small".utf8))
    let pieces: [BodyPiece] = [
      .bytes(Array("head".utf8)), .bytes([]), .file(FileRange(file, offset: 5, length: 5_000_000)),
      .file(FileRange(small, offset: 1, length: 3)), .file(FileRange(small, offset: 0, length: 0)),
      .bytes(Array("mid".utf8)), .bytes(Array("dle".utf8)), .bytes(Array(Self.bytes[..<100_000])),
      .file(FileRange(file, offset: 0, length: 6_000_000)), .bytes(Array("tail".utf8)),
    ]
    let expected =
      Array("head".utf8) + Self.bytes[5..<5_000_005] + Array("mal".utf8) + Array("middle".utf8)
      + Self.bytes[..<100_000] + Self.bytes + Array("tail".utf8)
    let handler = ClosureHandler(admission: { .accept(maximumBody: 0, runsInline: $0.path == "/inline") }) {
      _, respond in respond(Response(body: .pieces(pieces)))
    }
    try withServer(handler) { server in
      let client = try Client(server, receiveBuffer: receiveBuffer)
      for path in ["/inline", "/pool"] {
        let answer = try client.get(path)
        #expect(answer.fields["content-length"] == String(expected.count))
        #expect(answer.body == expected)
      }
      client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.readAnswer(toHead: true).fields["content-length"] == String(expected.count))
      #expect(try client.get("/").body.count == expected.count)
    }
  }

  @Test func theFileStaysOpenUntilItIsSent() throws {
    let handler = ClosureHandler { _, respond in
      // The only owner is the response.
      if let file = try? Self.file(Array(Self.bytes[..<3_000_000])) {
        respond(Response(body: .pieces([.file(FileRange(file, offset: 0, length: 3_000_000))])))
      }
    }
    try withServer(handler) { server in
      let client = try Client(server, receiveBuffer: 4096)
      #expect(try client.get("/").body == Array(Self.bytes[..<3_000_000]))
      #expect(try client.get("/").body == Array(Self.bytes[..<3_000_000]))
    }
  }

  @Test func aFileThatIsTooShortCutsTheConnection() throws {
    let file = try Self.file(Array("short".utf8))
    let records = Collected<AccessRecord>()
    let handler = ClosureHandler { _, respond in
      respond(Response(body: .pieces([.file(FileRange(file, offset: 0, length: 6))])))
    }
    try withServer(
      handler, configure: { $0.log = { records.add($0) } },
      { server in
        let client = try Client(server)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readHead().fields["content-length"] == "6")
        #expect(try client.readToEnd() == Array("short".utf8))
        eventually("it is logged") { records.all.first?.outcome == .fileTooShort }
      })
  }

  @Test func noPiecesMakeAnEmptyBody() throws {
    let handler = ClosureHandler { _, respond in respond(Response(body: .pieces([]))) }
    try withServer(handler) { server in
      let client = try Client(server)
      #expect(try client.get("/").fields["content-length"] == "0")
      #expect(try client.get("/").body.isEmpty)
    }
  }
}

/// A file descriptor that is closed with its last owner.
private final class OpenFile: DescriptorOwner {
  let descriptor: Int32

  init(adopting descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }
}
