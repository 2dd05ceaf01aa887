import Agent
import Codec

/// Calls, replies and errors as frames.
extension FrameSocket {
  /// - Parameter isFollowed: whether the body is wanted as it comes.
  func write(_ call: Call, isFollowed: Bool) throws(Broken) {
    try write(
      [
        ("method", JSONText(call.method)), ("path", JSONText(call.path)),
        ("token", call.token.map { JSONText($0) }),
        ("range", call.range.map { JSONText(array: [JSONText($0.start), JSONText($0.count)]) }),
        ("follow", isFollowed ? JSONText(true) : nil),
      ], body: call.body)
  }

  func write(_ reply: Reply) throws(Broken) {
    try write(
      [
        ("status", JSONText(reply.status)),
        ("fields", JSONText(object: reply.fields.map { ($0.key, JSONText($0.value)) })),
      ], body: reply.body)
  }

  func write(_ error: TransportError) throws(Broken) {
    try write([("error", JSONText(error.description)), ("kind", JSONText(error.kind.name))])
  }
}

extension Frame {
  /// The call that it is, and whether its body is wanted as it comes.
  var call: (call: Call, isFollowed: Bool)? {
    guard let method = head["method"]?.string, let path = head["path"]?.string else { return nil }
    var call = Call(method, path, token: head["token"]?.string, body: body)
    if let range = head["range"]?.elements?.map(\.int), range.count == 2, let start = range[0],
      let count = range[1]
    {
      call.range = (start, count)
    }
    return (call, head["follow"] != nil)
  }

  /// What became of a call.
  enum Outcome {
    case reply(Reply)
    case failure(TransportError)
    /// Some of the body of an answer that is followed.
    case piece([UInt8])
  }

  var outcome: Outcome? {
    if let status = head["status"]?.int {
      var fields: [String: String] = [:]
      for (name, value) in head["fields"]?.members ?? [] { fields[name] = value.string }
      return .reply(Reply(status: status, fields: fields, body: body))
    }
    if let reason = head["error"]?.string, let kind = head["kind"]?.string.flatMap(TransportError.Kind.init) {
      return .failure(TransportError(reason, kind: kind))
    }
    return head["piece"] == nil ? nil : .piece(body)
  }
}

extension TransportError.Kind {
  fileprivate var name: String {
    switch self {
    case .offline: "offline"
    case .interrupted: "interrupted"
    case .untrusted: "untrusted"
    }
  }

  fileprivate init?(_ name: String) {
    guard let kind = [Self.offline, .interrupted, .untrusted].first(where: { $0.name == name }) else {
      return nil
    }
    self = kind
  }
}
