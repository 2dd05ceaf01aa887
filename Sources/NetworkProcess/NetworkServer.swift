import Agent
import Codec
import Glibc

/// The side of `askonce-net`: takes calls on standard input, a socket, and says there what became of them.
///
/// The first frame has the server's `address`. Each further one is a call, answered by a reply or an error; one that is followed by
/// pieces before, at least one a second. Whoever has heard enough of these ends this process.
package enum NetworkServer {
  /// What this process is started with, so that versions that speak otherwise find each other out.
  static let argument = "calls-1"

  /// Serves until standard input ends.
  ///
  /// - Parameter connect: makes the transport to an address.
  package static func main(
    connect: (String) throws(TransportError) -> any StreamingTransport
  ) -> Never {
    // For the connections of URLSession.
    signal(SIGPIPE, SIG_IGN)
    guard CommandLine.arguments.dropFirst() == [argument] else {
      let text = Array("askonce-net is the part of askonce that talks to a server; run askonce\n".utf8)
      _ = text.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      exit(2)
    }
    endWithCaller()
    var socket = FrameSocket(STDIN_FILENO)
    try? serve(&socket, connect)
    _exit(0)
  }

  /// Nobody waits for a call whose caller is gone.
  private static func endWithCaller() {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        // Without events it wakes when no process has the other side any more.
        var input = pollfd(fd: STDIN_FILENO, events: 0, revents: 0)
        while poll(&input, 1, -1) < 0, errno == EINTR {}
        _exit(0)
      }, nil)
  }

  static func serve(
    _ socket: inout FrameSocket, _ connect: (String) throws(TransportError) -> any StreamingTransport
  ) throws(FrameSocket.Broken) {
    guard let first = try socket.read(), let address = first.head["address"]?.string else { return }
    var transport: (any StreamingTransport)?
    while let frame = try socket.read() {
      guard let (call, isFollowed) = frame.call else { throw FrameSocket.Broken() }
      do throws(TransportError) {
        let used = if let transport { transport } else { try connect(address) }
        transport = used
        let reply =
          isFollowed
          ? try used.follow(call) { piece in
            (try? socket.write([("piece", JSONText(true))], body: piece)) != nil
          } : try used.exchange(call)
        try? socket.write(reply)
      } catch {
        try socket.write(error)
      }
    }
  }
}
