import Causality
import ChangeCodec
import Codec
import Foundation
import Glibc
import HTTP
import Storage
import SyncProtocol
import Synchronization
import Testing

@testable import Server

/// Requests as bytes go over a socket to a server with a fixed clock and fixed randomness; the answers, freed
/// from `Date` and inflated, are compared with the files.
@Suite struct ExchangeTests {
  /// In this order, because each builds on the ones before.
  static let exchanges = [
    "join", "pull-empty", "seen-beyond", "push", "push-again", "sum", "sum-within", "forked", "diverged",
    "gap",
    "other-replica",
    "no-token", "wrong-token", "malformed", "not-found", "runs",
    "erase-refused", "erasures-refused",
    "join-supervisor", "erase", "receipt", "erasures",
  ]

  @Test func everyExchangeIsAsTheFilesSay() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("protocol-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let counter = Counter()
    let data = ServerData(folder: folder, now: { 1_795_281_700_000 }, random: { counter.next() })
    try data.create("nord")
    let code = try data.devices("nord").invite(agent: "bo", role: "agent", expires: .max)
    let service = Service(data) { _ in }
    let server = try HTTPServer(HTTPServer.Configuration(), handler: service)
    defer {
      server.stop(grace: .zero)
      server.waitUntilStopped()
    }
    if Golden.isWriting { try Self.writeJoin(code, replica: "k7f3q2hd9x", "join") }
    for name in Self.exchanges {
      if name == "join-supervisor" {
        let code = try data.devices("nord").invite(agent: "sofia", role: "supervisor", expires: .max)
        if Golden.isWriting { try Self.writeJoin(code, replica: "s0f1a00000", name) }
      }
      if name == "erasures" { while try data.hosted("nord").workspace.maintain() {} }
      let answer = try Self.exchange(Golden.read("http/\(name).request"), port: UInt16(server.address.port))
      try Golden.expect("http/\(name).response", answer)
      guard Golden.isWriting else { continue }
      switch name {
      case "join": try Self.writeOthers()
      case "join-supervisor": try Self.writeErasure()
      case "erase": try Self.writeReceipt()
      default: break
      }
    }
  }

  /// The fixed "randomness": a sequence that any language can repeat.
  private final class Counter: Sendable {
    private let value = Mutex<UInt64>(0)
    func next() -> UInt64 {
      value.withLock {
        $0 &+= 0x9E37_79B9_7F4A_7C15; return $0
      }
    }
  }

  /// Sends bytes and reads the answer to the end of the connection.
  private static func exchange(_ request: [UInt8], port: UInt16) throws -> [UInt8] {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(status == 0)
    _ = request.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      if count <= 0 { break }
      answer += buffer[..<count]
    }
    return plain(answer)
  }

  /// Takes out what changes from run to run and shows a compressed body as text.
  private static func plain(_ answer: [UInt8]) -> [UInt8] {
    guard let end = answer.indices.first(where: { answer[$0...].starts(with: [13, 10, 13, 10]) }) else {
      return answer
    }
    var head = String(decoding: answer[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    head.removeAll { $0.lowercased().hasPrefix("date:") }
    var body = Array(answer[(end + 4)...])
    if head.contains("Content-Type: application/gzip") {
      head.removeAll { $0.lowercased().hasPrefix("content-length:") }
      body = (try? Inflater().inflateAll(body, limit: 1 << 20)) ?? body
    }
    return Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
  }

  private static func request(_ name: String, _ line: String, _ body: [UInt8] = [], token: String?) throws {
    var head = "\(line) HTTP/1.1\r\nHost: desk.example\r\nConnection: close\r\n"
    if let token { head += "Authorization: Bearer \(token)\r\n" }
    if !body.isEmpty || line.hasPrefix("POST") { head += "Content-Length: \(body.count)\r\n" }
    try Golden.expect("http/\(name).request", Array((head + "\r\n").utf8) + body)
  }

  private static func writeJoin(_ code: String, replica: String, _ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: "\(Golden.folder)/http", withIntermediateDirectories: true)
    let join = "{\"code\":\"\(code)\",\"replica\":\"\(replica)\"}"
    try request(name, "POST /v1/join", Array(join.utf8), token: nil)
  }

  /// The token that the answer to a join gives with this randomness.
  private static func token(of join: String) throws -> String {
    let body = try Golden.read("http/\(join).response").drop { $0 != UInt8(ascii: "{") }
    return try #require(try JSONText(parsing: body)["token"]?.string)
  }

  /// A supervisor erases the ticket of `push`, and asks who carried it out.
  private static func writeErasure() throws {
    let token = try token(of: "join-supervisor")
    let text =
      "{\"seen\":0,\"seq\":1,\"times\":[1795281663306],\"on\":[\"ticket/b2x9m1c0aa.2\"]}\n"
      + "{\"erase\":true,\"of\":\"ticket/b2x9m1c0aa.2\",\"because\":\"asked for\"}\n"
    try request(
      "erase", "POST /v1/workspaces/nord/sync?after=0&sum=00000000&own=1",
      Deflater().compress(Array(text.utf8)), token: token)
    try request("erasures", "GET /v1/workspaces/nord/erasures", token: token)
  }

  /// The other device has carried it out.
  private static func writeReceipt() throws {
    let head = String(decoding: try Golden.read("http/erase.response"), as: UTF8.self)
      .components(separatedBy: "\r\n").first { $0.hasPrefix("AskOnce-Head: ") }?.split(separator: " ")
    let (position, sum) = (try #require(head?.dropFirst().first), try #require(head?.last))
    try request(
      "receipt", "POST /v1/workspaces/nord/sync?after=\(position)&sum=\(sum)&own=3&erased=\(position)",
      token: try token(of: "join"))
  }

  private static func writeOthers() throws {
    let token = try token(of: "join")
    let sync = "POST /v1/workspaces/nord/sync"
    let push = try limitedPush()
    try request("pull-empty", "\(sync)?after=0&sum=00000000&own=3", token: token)
    try request("seen-beyond", "\(sync)?after=0&sum=00000000&own=3", Golden.read("push.zlib"), token: token)
    try request("push", "\(sync)?after=0&sum=00000000&own=3", push, token: token)
    try request("push-again", "\(sync)?after=0&sum=00000000&own=3", push, token: token)
    try request("sum", "GET /v1/workspaces/nord/sum?at=3", token: token)
    try request("sum-within", "GET /v1/workspaces/nord/sum?at=1", token: token)
    try request("forked", "\(sync)?after=0&sum=00000000&own=2", token: token)
    try request("diverged", "\(sync)?after=3&sum=12345678&own=3", token: token)
    try request("gap", "\(sync)?after=0&sum=00000000&own=9", try gap(), token: token)
    try request("other-replica", "\(sync)?after=0&sum=00000000&own=3", try others(), token: token)
    try request("no-token", "\(sync)?after=0&sum=00000000&own=3", token: nil)
    try request("wrong-token", "\(sync)?after=0&sum=00000000&own=3", token: String(token.dropLast()) + "0")
    try request("malformed", "\(sync)?after=0&sum=00000000&own=3", Array("hello".utf8), token: token)
    try request("not-found", "GET /v1/workspaces/syd/runs", token: token)
    try request("erase-refused", "\(sync)?after=0&sum=00000000&own=4&erased=0", try erasure(), token: token)
    try request("erasures-refused", "GET /v1/workspaces/nord/erasures", token: token)
    try request("runs", "GET /v1/workspaces/nord/runs", token: token)
  }

  /// The push of the vectors as it is sent to a server that lost all of its log.
  private static func limitedPush() throws -> [UInt8] {
    func defaults(seen: UInt64) throws -> BlockText.Defaults {
      BlockText.Defaults(replica: try #require(ReplicaID("k7f3q2hd9x")), by: "bo", seen: seen)
    }
    let blocks = try PushBody.decode(Golden.read("push.zlib"), defaults: defaults(seen: 3))
    return PushBody.encode(
      blocks.map { Block($0.changes, seenLimit: 0) }, leavingOut: try defaults(seen: 0))
  }

  private static func gap() throws -> [UInt8] {
    Deflater().compress(
      Array(
        "{\"seen\":0,\"seq\":9,\"times\":[1795281663306],\"on\":[\"ticket/\"]}\n{\"set\":{\"a\":1}}\n".utf8))
  }

  private static func erasure() throws -> [UInt8] {
    Deflater().compress(
      Array(
        "{\"seen\":0,\"seq\":4,\"times\":[1795281663306],\"on\":[\"ticket/b2x9m1c0aa.64\"]}\n{\"erase\":true}\n"
          .utf8))
  }

  private static func others() throws -> [UInt8] {
    Deflater().compress(
      Array(
        "{\"replica\":\"b2x9m1c0aa\",\"seq\":1,\"times\":[1795281663306],\"on\":[\"ticket/\"]}\n{\"set\":{\"a\":1}}\n"
          .utf8))
  }
}
