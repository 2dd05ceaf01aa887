import Agent
import Foundation
import HTTP
import NetworkProcess
import Synchronization
import Testing

/// `askonce-net` as a process of its own.
@Suite("The program with the network in it")
struct NetworkProcessTests {
  private let program = Program.path + "-net"

  /// URLSession ends its process where a connection breaks within the head of an answer.
  @Test("A connection that breaks at any byte of an answer fails its call, and the next one goes on")
  func cuts() throws {
    let whole = "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabc"
    let cuts = (0..<whole.utf8.count).map { String(decoding: whole.utf8.prefix($0), as: UTF8.self) }
    let server = try #require(BluntServer(cuts + [whole]))
    let transport = try ProcessTransport(program, "http://127.0.0.1:\(server.port)")
    for cut in cuts {
      let error = #expect(throws: TransportError.self, "\(cut)") { try transport.exchange(Call("GET", "/")) }
      #expect(error?.kind == .interrupted, "\(cut): \(String(describing: error))")
    }
    let reply = try transport.exchange(Call("GET", "/"))
    #expect(reply.status == 200 && reply.fields["a"] == "b" && reply.body == Array("abc".utf8))
  }

  @Test("What speaks no HTTP is told as that")
  func otherProtocols() throws {
    let server = try #require(BluntServer(["SSH-2.0-OpenSSH_9.2\r\n\r\n"]))
    let transport = try ProcessTransport(program, "http://127.0.0.1:\(server.port)")
    let error = #expect(throws: TransportError.self) { try transport.exchange(Call("GET", "/")) }
    #expect(error?.kind == .interrupted && error?.description.contains("no HTTP") == true)
  }

  @Test("Calls and answers go through it as they are, also behind a stream that was left")
  func calls() throws {
    let seen = Mutex<[Request]>([])
    try withServer { request in
      seen.withLock { $0.append(request) }
      return Response(status: 202, [("A", "b")], body: .bytes(request.body))
    } _: { address in
      let transport = try ProcessTransport(program, address)
      let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let reply = try transport.exchange(Call("POST", "/v1/x?a=1", token: "secret", body: body))
      #expect(reply.status == 202 && reply.fields["a"] == "b" && reply.body == body)
      _ = try transport.exchange(Call("GET", "/r", range: (4, 3)))
      for _ in 0..<2 {
        var pieces: [UInt8] = []
        _ = try transport.follow(Call("POST", "/live", body: [7, 8])) { piece in
          pieces += piece
          return pieces.isEmpty
        }
        #expect(pieces == [7, 8])
      }
      #expect(try transport.exchange(Call("POST", "/v1/y", body: [1])).body == [1])
    }
    let requests = seen.withLock { $0 }
    #expect(requests[0].head.fields["authorization"] == "Bearer secret" && requests[0].head.path == "/v1/x")
    #expect(requests[1].head.fields["range"] == "bytes=4-6")
  }

  @Test("An address that is none, and a program that is none")
  func addresses() throws {
    let transport = try ProcessTransport(program, "ftp://desk.example.org")
    let error = #expect(throws: TransportError.self) { try transport.exchange(Call("GET", "/")) }
    #expect(error?.kind == .untrusted)
    #expect(throws: ProcessTransport.StartError.self) {
      try ProcessTransport("/no/such", "http://127.0.0.1:1")
    }
    // It says nothing, and is no program of ours.
    let other = try ProcessTransport("/bin/true", "http://127.0.0.1:1")
    #expect(throws: TransportError.self) { try other.exchange(Call("GET", "/")) }
  }

  @Test("It ends when its caller is gone, whatever it waits for")
  func orphan() throws {
    let isAsked = DispatchSemaphore(value: 0)
    let mayAnswer = DispatchSemaphore(value: 0)
    try withServer { _ in
      isAsked.signal()
      mayAnswer.wait()
      return Response(status: 200)
    } _: { address in
      defer { mayAnswer.signal() }
      var ends: [Int32] = [0, 0]
      try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
      let (input, output) = (FileHandle(fileDescriptor: ends[0]), FileHandle(fileDescriptor: ends[1]))
      let process = Process()
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = ["calls-1"]
      process.standardInput = output
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      try output.close()
      let frames =
        #"{"address":"\#(address)","bytes":0}"# + "\n" + #"{"method":"GET","path":"/","bytes":0}"# + "\n"
      try input.write(contentsOf: Array(frames.utf8))
      isAsked.wait()
      #expect(process.isRunning)
      try input.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
  }
}
