import SyncProtocol

extension ServerLink {
  /// Whether the transport can follow a stream.
  package var canFollow: Bool { transport is any StreamingTransport }

  /// Follows the server's head as it moves (`GET .../live`).
  ///
  /// - Parameter take: gets the head when the server tells it, and nil at least once a second; false ends it.
  /// - Throws: `SyncError`, also where the server closed the stream.
  package func follow(_ take: (Cursor?) -> Bool) throws(SyncError) {
    guard let transport = transport as? any StreamingTransport else {
      throw .mismatch("this program cannot follow a stream")
    }
    var line: [UInt8] = []
    var isStopped = false
    let reply: Reply
    do {
      reply = try transport.follow(Call("GET", "\(base)/live", token: token)) { bytes in
        var isTold = false
        for byte in bytes {
          guard byte == UInt8(ascii: "\n") else {
            // A line that is no head of ours need not be kept.
            if line.count < 1024 { line.append(byte) }
            continue
          }
          if let head = Self.head(line) {
            isTold = true
            isStopped = isStopped || !take(head)
          }
          line.removeAll(keepingCapacity: true)
        }
        if !isTold, !isStopped { isStopped = !take(nil) }
        return !isStopped
      }
    } catch {
      throw SyncError(error)
    }
    if isStopped { return }
    guard 200..<300 ~= reply.status else { throw SyncError(reply) }
    throw .interrupted("the server ended the stream")
  }

  /// `data: 10432 5f0c22d1`
  private static func head(_ line: [UInt8]) -> Cursor? {
    let text = String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...], as: UTF8.self)
    guard text.hasPrefix("data:") else { return nil }
    return SyncWire.head(String(text.dropFirst("data:".count).drop { $0 == " " }))
  }
}
