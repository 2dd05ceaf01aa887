import Foundation
import HTTP

/// A server that says one thing to each connection, in their order, and hangs up.
final class BluntServer {
  let port: UInt16

  init?(_ answers: [String]) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 16) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    guard isBound else { return nil }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread {
      for answer in answers {
        let connection = accept(listener, nil, nil)
        var request = [UInt8](repeating: 0, count: 4096)
        _ = recv(connection, &request, request.count, 0)
        _ = send(connection, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
        shutdown(connection, Int32(SHUT_RDWR))
        close(connection)
      }
      close(listener)
    }
  }
}

private struct Answering: RequestHandler {
  let answer: @Sendable (Request) -> Response

  func admit(_ head: RequestHead) -> Admission { .accept(maximumBody: 8 << 20) }

  func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void) {
    respond(answer(request))
  }
}

/// Runs `body` with the address of a server that answers so.
func withServer(
  _ answer: @escaping @Sendable (Request) -> Response, _ body: (String) throws -> Void
) throws {
  let server = try HTTPServer(.init(), handler: Answering(answer: answer))
  defer {
    server.stop(grace: .zero)
    server.waitUntilStopped()
  }
  try body("http://\(server.address)")
}
