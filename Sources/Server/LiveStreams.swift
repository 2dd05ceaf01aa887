import HTTP
import SyncProtocol
import Synchronization

/// The agents who wait to be told that a workspace's head moved: server-sent events, one line each.
final class LiveStreams: Sendable {
  private struct Stream {
    let writer: StreamWriter
    let devices: DeviceRegistry
    /// Who follows it.
    let device: String
  }

  private let streams = Mutex<[String: [ObjectIdentifier: Stream]]>([:])

  /// Opens a stream that begins with the head as it is. It ends where a head or a ping is due and the device was revoked.
  func open(_ hosted: ServerData.Hosted, _ device: Device) -> Response {
    let writer = StreamWriter(capacity: 4096)
    let stream = Stream(writer: writer, devices: hosted.devices, device: device.device)
    streams.withLock { $0[hosted.workspace.name, default: [:]][ObjectIdentifier(writer)] = stream }
    _ = writer.write(Self.event(hosted.workspace))
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

  /// Ends the streams of a workspace that is not served any more.
  func close(_ name: String) {
    let open = streams.withLock { $0.removeValue(forKey: name) } ?? [:]
    for stream in open.values { stream.writer.close() }
  }

  func closeAll() {
    for stream in streams.withLock({ $0.values.flatMap(\.values) }) { stream.writer.close() }
  }

  private static func event(_ workspace: Workspace) -> [UInt8] {
    Array("data: \(SyncWire.head(workspace.head))\n\n".utf8)
  }

  private func send(_ bytes: [UInt8], to name: String) {
    let open = streams.withLock { $0[name] ?? [:] }
    for (id, stream) in open {
      let isAllowed = stream.devices.isEnrolled(stream.device)
      if !isAllowed { stream.writer.close() }
      // A full buffer is no loss: what waits in it says already that the head moved.
      guard isAllowed, stream.writer.write(bytes) != .closed else {
        _ = streams.withLock { $0[name]?.removeValue(forKey: id) }
        continue
      }
    }
  }
}
