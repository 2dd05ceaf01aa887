import Agent
import Foundation
import HTTP
import Synchronization
import Testing

@testable import URLTransport

@Suite("URLTransport")
struct TransportTests {
  @Test("Method, path, query, token, range and body arrive; nothing else is added")
  func request() throws {
    let seen = Mutex<[Request]>([])
    try withServer { request in
      seen.withLock { $0.append(request) }
      return Response([("AskOnce-Head", "1 00000000")], text: "answer")
    } _: { address in
      let transport = try URLTransport(address)
      let body = (0...255).map { UInt8($0) } + Array(repeating: 0, count: 1000)
      let reply = try transport.exchange(
        Call("POST", "/v1/x?after=0&sum=00000000", token: "secret", body: body))
      #expect(reply.status == 200)
      #expect(reply.fields["askonce-head"] == "1 00000000")
      #expect(String(decoding: reply.body, as: UTF8.self) == "answer")
      _ = try transport.exchange(Call("GET", "/v1/runs/1-2", range: (4, 3)))
    }
    let requests = seen.withLock { $0 }
    let post = try #require(requests.first)
    #expect("\(post.head.method)" == "POST")
    #expect(post.head.path == "/v1/x")
    #expect(post.head.query.map(\.name) == ["after", "sum"])
    #expect(post.head.fields["authorization"] == "Bearer secret")
    #expect(post.head.fields["accept-encoding"] == "identity")
    #expect(post.head.fields["user-agent"] == "askonce")
    #expect(post.head.fields["cookie"] == nil)
    #expect(post.body.count == 1256)
    #expect(Array(post.body.prefix(256)) == (0...255).map { UInt8($0) })
    #expect(requests.last?.head.fields["range"] == "bytes=4-6")
    #expect(requests.last?.head.fields["authorization"] == nil)
  }

  @Test("Bodies come byte for byte, compressed ones too, and cookies are not sent back")
  func bodies() throws {
    let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 4, 0, 0x43, 0xBE, 0xB7, 0xE8, 1, 0, 0, 0]
    let cookies = Mutex<[String?]>([])
    try withServer { request in
      cookies.withLock { $0.append(request.head.fields["cookie"]) }
      return Response(
        status: 200, [("Content-Type", "application/gzip"), ("Set-Cookie", "a=b; Path=/")], body: .bytes(gzip)
      )
    } _: { address in
      let transport = try URLTransport(address)
      for _ in 0..<3 { #expect(try transport.exchange(Call("GET", "/")).body == gzip) }
    }
    #expect(cookies.withLock { $0 } == [nil, nil, nil])
  }

  @Test(
    "Refusals are answers, and redirects are not followed",
    arguments: [301, 302, 307, 400, 401, 404, 409, 413, 429, 500, 503])
  func statuses(_ status: Int) throws {
    let count = Mutex(0)
    try withServer { _ in
      count.withLock { $0 += 1 }
      return Response(status: status, [("Location", "/elsewhere")], text: "why")
    } _: { address in
      let reply = try URLTransport(address).exchange(Call("POST", "/", token: "secret", body: [1]))
      #expect(reply.status == status)
      if status >= 400 { #expect(String(decoding: reply.body, as: UTF8.self) == "why") }
    }
    #expect(count.withLock { $0 } == 1)
  }

  @Test("A server or proxy that sends all instead of a range: the range is taken out")
  func ignoredRange() throws {
    let all = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try withServer { _ in
      Response(body: .bytes(all))
    } _: { address in
      let reply = try URLTransport(address).exchange(Call("GET", "/run", range: (1000, 50_000)))
      #expect(reply.body == Array(all[1000..<51_000]))
    }
  }

  @Test("An answer that is too long is not taken")
  func tooLong() throws {
    let piece = [UInt8](repeating: 1, count: 65 << 20)
    try withServer { _ in
      Response(body: .bytes(piece))
    } _: { address in
      let error = try #require(throws: TransportError.self) {
        try URLTransport(address).exchange(Call("GET", "/"))
      }
      #expect(error.description.contains("longer than"))
    }
  }

  @Test("Nobody there, no such name, no address: told apart")
  func unreachable() throws {
    func kind(_ server: String) -> TransportError.Kind? {
      do {
        _ = try URLTransport(server).exchange(Call("GET", "/"))
        return nil
      } catch {
        return error.kind
      }
    }
    // A port that was just free.
    var address = ""
    try withServer { _ in
      Response(status: 200)
    } _: {
      address = $0
    }
    #expect(kind(address) == .offline)
    #expect(kind("http://name.invalid") == .offline)
    for text in [
      "", "desk.example.org", "ftp://desk.example.org", "https://", "http://u@h/", "http://h/?a=b",
      "http://h:0",
      "http://h:99999",
    ] {
      #expect(kind(text) == .untrusted, "\(text)")
    }
  }

  @Test("A scheme in other letters is the same scheme, and what no request can be sent to is not tried again")
  func addresses() throws {
    try withServer { _ in
      Response(text: "answer")
    } _: { address in
      let transport = try URLTransport("HtTp" + address.dropFirst(4) + "/")
      #expect(try transport.exchange(Call("GET", "/")).status == 200)
    }
    for code in [URLError.unsupportedURL, .badURL] {
      #expect(Failures.describe(URLError(code)).kind == .untrusted)
    }
  }

  @Test("A server whose certificate nobody vouches for gets nothing")
  func untrusted() throws {
    let desk = try TestDesk()
    let (certificate, key) = (desk.folder + "/certificate.pem", desk.folder + "/key.pem")
    let make = Process()
    make.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    make.arguments = [
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key,
      "-out", certificate,
    ]
    make.standardError = FileHandle.nullDevice
    try make.run()
    make.waitUntilExit()
    let server = Process()
    server.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    server.arguments = ["s_server", "-www", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key]
    server.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    server.standardOutput = pipe
    server.standardError = FileHandle.nullDevice
    try #require(make.terminationStatus == 0)
    try server.run()
    defer {
      // Not with a signal that the thread of the test may have blocked, and the child with it.
      kill(server.processIdentifier, SIGKILL)
      server.waitUntilExit()
    }
    // "ACCEPT 127.0.0.1:43210"
    var text = ""
    while !text.contains("ACCEPT") || text.last != "\n" {
      let more = pipe.fileHandleForReading.availableData
      try #require(!more.isEmpty, "openssl s_server ended")
      text += String(decoding: more, as: UTF8.self)
    }
    let line = text.split(separator: "\n").first { $0.hasPrefix("ACCEPT") }
    let port = try #require(line?.split(separator: ":").last)
    let error = try #require(throws: TransportError.self) {
      try URLTransport("https://localhost:\(port)").exchange(Call("GET", "/", token: "secret"))
    }
    #expect(error.kind == .untrusted)
  }

  @Test("A connection that breaks in the middle is told as broken")
  func broken() throws {
    let server = try #require(BluntServer(["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"]))
    let error = try #require(throws: TransportError.self) {
      try URLTransport("http://127.0.0.1:\(server.port)").exchange(Call("GET", "/"))
    }
    #expect(error.kind == .interrupted)
  }

  @Test("A stream is followed as it comes, and left when the caller has enough")
  func follow() throws {
    let writers = Mutex<[StreamWriter]>([])
    try withServer { _ in
      let writer = StreamWriter(capacity: 4096)
      writers.withLock { $0.append(writer) }
      _ = writer.write(Array("one\n".utf8))
      return Response(body: .stream(writer))
    } _: { address in
      var taken: [UInt8] = []
      var ticks = 0
      let transport = try URLTransport(address)
      let reply = try transport.follow(Call("GET", "/live", token: "t")) { bytes in
        taken += bytes
        ticks += bytes.isEmpty ? 1 : 0
        if taken.count == 4, ticks > 0 { _ = writers.withLock { $0[0].write(Array("two\n".utf8)) } }
        return taken.count < 8
      }
      #expect(reply.status == 200)
      #expect(String(decoding: taken, as: UTF8.self) == "one\ntwo\n")
      #expect(ticks >= 1)
      // The end of a stream is the end of the call.
      let ended = try transport.follow(Call("GET", "/live")) { bytes in
        if !bytes.isEmpty { writers.withLock { $0[1].close() } }
        return true
      }
      #expect(ended.status == 200)
    }
  }

  @Test("A stream whose answer does not begin can be left")
  func silentStream() throws {
    let isLeft = DispatchSemaphore(value: 0)
    try withServer { _ in
      isLeft.wait()
      return Response(status: 200)
    } _: { address in
      var ticks = 0
      let reply = try URLTransport(address).follow(Call("GET", "/live")) { bytes in
        ticks += 1
        return ticks < 2
      }
      #expect(reply.status == 0)
      #expect(ticks == 2)
      isLeft.signal()
    }
  }

  @Test("A refused stream gives its reason")
  func refusedStream() throws {
    try withServer { _ in
      Response(status: 404, text: "nothing here")
    } _: { address in
      let reply = try URLTransport(address).follow(Call("GET", "/live")) { _ in true }
      #expect(reply.status == 404)
      #expect(String(decoding: reply.body, as: UTF8.self) == "nothing here")
    }
  }
}
