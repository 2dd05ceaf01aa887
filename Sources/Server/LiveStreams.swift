import HTTP
import SyncProtocol
import Synchronization

/// The agents who wait to be told that a workspace's head moved: server-sent events, one line each.
final class LiveStreams: Sendable {
  private let streams = Mutex<[String: [ObjectIdentifier: StreamWriter]]>([:])

  /// Opens a stream that begins with the head as it is.
  func open(_ workspace: Workspace) -> Response {
    let writer = StreamWriter(capacity: 4096)
    streams.withLock { $0[workspace.name, default: [:]][ObjectIdentifier(writer)] = writer }
    _ = writer.write(Self.event(workspace))
    return Response(
      [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")],
      body: .stream(writer))
  }

  /// Tells everybody the head.
  func tell(_ workspace: Workspace) { send(Self.event(workspace), to: workspace.name) }

  /// Keeps proxies from closing silent streams, and finds those whose clients are gone.
  func ping() {
    for name in streams.withLock({ Array($0.keys) }) { send(Array(": ping\n\n".utf8), to: name) }
  }

  func closeAll() {
    for writer in streams.withLock({ $0.values.flatMap(\.values) }) { writer.close() }
  }

  private static func event(_ workspace: Workspace) -> [UInt8] {
    Array("data: \(SyncWire.head(workspace.head))\n\n".utf8)
  }

  private func send(_ bytes: [UInt8], to name: String) {
    let writers = streams.withLock { $0[name] ?? [:] }
    for (id, writer) in writers {
      // A full buffer is no loss: what waits in it says already that the head moved.
      if case .closed = writer.write(bytes) { _ = streams.withLock { $0[name]?.removeValue(forKey: id) } }
    }
  }
}
