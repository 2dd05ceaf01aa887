import Agent
import Server
import Storage
import Synchronization

/// Hands calls to a server's endpoints, as HTTP would.
package struct LocalTransport: Transport {
  package let endpoints: Endpoints
  /// How many more calls go through, without what they push; nil for all, with what they push.
  private let pulls: Pulls?

  private final class Pulls: Sendable {
    let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }
  }

  /// - Parameter pulls: how many calls go through, without what they push; nil for all, as they are.
  package init(_ endpoints: Endpoints, pulls: Int? = nil) {
    self.endpoints = endpoints
    self.pulls = pulls.map { Pulls($0) }
  }

  package func exchange(_ call: Call) throws(TransportError) -> Reply {
    var call = call
    if let pulls {
      let left = pulls.left.withLock { left in
        left -= 1
        return left
      }
      if left < 0 { throw TransportError("enough") }
      call.body = []
    }
    guard let reply = endpoints.reply(to: call) else {
      throw TransportError("the answer's files cannot be read")
    }
    return reply
  }
}

extension Endpoints {
  /// What a client gets for a call, with the parts of files read; nil where one cannot be read.
  package func reply(to call: Call) -> Reply? {
    let parts = call.path.split(separator: "?", maxSplits: 1)
    var parameters: [String: String] = [:]
    for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let sides = pair.split(separator: "=", maxSplits: 1)
      parameters[String(sides[0])] = sides.count > 1 ? String(sides[1]) : ""
    }
    let range = call.range.map { (first: $0.start, last: Optional($0.start + $0.count - 1)) }
    let response = answer(
      ServerRequest(
        method: call.method, path: parts[0].split(separator: "/").map(String.init), parameters: parameters,
        token: call.token, body: call.body, range: range))
    var body: [UInt8] = []
    switch response.body {
    case .bytes(let bytes): body = bytes
    case .extents(let extents):
      for extent in extents {
        guard let bytes = try? extent.file.read(at: extent.offset, count: extent.length) else { return nil }
        body += bytes
      }
    case .live: break
    }
    var fields: [String: String] = [:]
    for field in response.fields { fields[field.name.lowercased()] = field.value }
    return Reply(status: response.status, fields: fields, body: body)
  }
}
