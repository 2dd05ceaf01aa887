import Agent
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One request under way, between the session's thread, which puts in what comes, and the caller's, which waits.
final class Exchange: Sendable {
  private struct State {
    var status = 0
    var fields: [String: String] = [:]
    var body: [UInt8] = []
    /// Bytes in front of the wanted range that a server sent although nobody asked for them.
    var skipped = 0
    var isEnough = false
    var isDone = false
    var failure: TransportError?
  }

  let task: URLSessionDataTask
  private let range: (start: Int, count: Int)?
  private let limit: Int?
  private let state = Mutex(State())
  private let changed = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - range: what was asked for; a server or a proxy may send all instead.
  ///   - limit: the largest body; nil for an answer that does not end.
  init(_ task: URLSessionDataTask, range: (start: Int, count: Int)?, limit: Int?) {
    self.task = task
    self.range = range
    self.limit = limit
  }

  // MARK: What comes

  func receive(_ response: URLResponse) {
    guard let response = response as? HTTPURLResponse else { return }
    state.withLock { state in
      state.status = response.statusCode
      for (name, value) in response.allHeaderFields {
        if let name = name as? String, let value = value as? String {
          state.fields[name.lowercased()] = value
        }
      }
    }
    changed.signal()
  }

  func receive(_ data: Data) {
    let isOver = state.withLock { state in
      guard !state.isEnough, state.failure == nil else { return true }
      var data = data[...]
      if let range, state.status == 200 {
        let skip = min(data.count, range.start - state.skipped)
        state.skipped += skip
        data = data.dropFirst(skip).prefix(range.count - state.body.count)
      }
      state.body += data
      if let range, state.status == 200, state.body.count == range.count { state.isEnough = true }
      if let limit, state.body.count > limit {
        state.failure = TransportError("the answer is longer than \(limit) bytes")
      }
      return state.isEnough || state.failure != nil
    }
    changed.signal()
    if isOver { task.cancel() }
  }

  func finish(_ error: (any Error)?) {
    state.withLock { state in
      state.isDone = true
      if let error, !state.isEnough, state.failure == nil { state.failure = Failures.describe(error) }
    }
    changed.signal()
  }

  // MARK: Who waits

  /// Waits for the whole answer.
  func reply() throws(TransportError) -> Reply {
    while !state.withLock({ $0.isDone }) { changed.wait() }
    return try result()
  }

  /// Hands over the body as it comes, and nothing once a second, until `take` has enough or the answer ends.
  func follow(_ take: ([UInt8]) -> Bool) throws(TransportError) -> Reply {
    while true {
      _ = changed.wait(timeout: .now() + 1)
      let (piece, isDone, status) = state.withLock { state in
        // The body of a refusal is for the reply.
        guard 200..<300 ~= state.status else { return ([UInt8](), state.isDone, state.status) }
        defer { state.body = [] }
        return (state.body, state.isDone, state.status)
      }
      // While no answer has begun there is nothing to hand over, and the caller may have waited enough.
      if 200..<300 ~= status || status == 0 && !isDone, !take(piece) {
        state.withLock { $0.isEnough = true }
        task.cancel()
        return try result(isLeft: true)
      }
      if isDone { return try result() }
    }
  }

  /// - Parameter isLeft: whether the caller did not want to wait for an answer.
  private func result(isLeft: Bool = false) throws(TransportError) -> Reply {
    let state = self.state.withLock { $0 }
    if isLeft { return Reply(status: state.status, fields: state.fields, body: []) }
    if let failure = state.failure { throw failure }
    guard state.status > 0 else { throw TransportError("no answer came") }
    return Reply(status: state.status, fields: state.fields, body: state.body)
  }
}

/// Brings what the session's thread says to the exchange that it is about.
final class Receiver: NSObject, URLSessionDataDelegate {
  private let exchanges = Mutex<[Int: Exchange]>([:])

  func add(_ exchange: Exchange) {
    exchanges.withLock { $0[exchange.task.taskIdentifier] = exchange }
  }

  private func exchange(_ task: URLSessionTask) -> Exchange? {
    exchanges.withLock { $0[task.taskIdentifier] }
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    exchange(dataTask)?.receive(response)
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    exchange(dataTask)?.receive(data)
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
  ) {
    exchange(task)?.receive(response)
    completionHandler(nil)
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    exchanges.withLock { $0.removeValue(forKey: task.taskIdentifier) }?.finish(error)
  }
}
