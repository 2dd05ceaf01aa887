import Synchronization

/// Takes the one answer to a request, from any thread, and brings it to the loop that waits for it.
final class Responder: Sendable {
  private enum State: Sendable {
    /// The handler runs on the loop, which takes the answer when the handler returns.
    case inline
    /// The answer is to be posted.
    case detached
    /// The answer was given on the loop.
    case given(Response)
    /// All is done.
    case answered
  }

  private let state: Mutex<State>
  private let mailbox: Mailbox
  private let connection: ConnectionID
  private let request: UInt32
  private let share: BodyShare?

  /// - Parameter share: what the request's body takes, which is given back when it is answered.
  init(
    mailbox: Mailbox, connection: ConnectionID, request: UInt32, share: BodyShare?, isInline: Bool
  ) {
    self.mailbox = mailbox
    self.connection = connection
    self.request = request
    self.share = share
    state = Mutex(isInline ? .inline : .detached)
  }

  deinit {
    // The last reference is gone, so nobody can answer any more.
    if case .detached = state.withLock({ $0 }) {
      post(Self.unanswered)
    }
  }

  private static var unanswered: Response {
    var response = Refusal.unanswered.response
    response.closesConnection = false
    response.refusalCode = Refusal.unanswered.code
    return response
  }

  /// Gives the answer; only the first counts. A stream in a later one is closed.
  func answer(_ response: Response) {
    enum Next { case post, keep, ignore }
    let next = state.withLock { state -> Next in
      switch state {
      case .inline:
        state = .given(response)
        return .keep
      case .detached:
        state = .answered
        return .post
      case .given, .answered: return .ignore
      }
    }
    // Before the client has the answer, so that it finds room for its next body.
    if next != .ignore { share?.release() }
    switch next {
    case .post: post(response)
    case .keep: break
    case .ignore: response.discard()
    }
  }

  /// The answer that was given on the loop; nil if it will be posted later.
  func takeAnswer() -> Response? {
    state.withLock { state in
      guard case .given(let response) = state else {
        if case .inline = state { state = .detached }
        return nil
      }
      state = .answered
      return response
    }
  }

  private func post(_ response: Response) {
    mailbox.post(.answer(connection, request: request, response))
  }
}
