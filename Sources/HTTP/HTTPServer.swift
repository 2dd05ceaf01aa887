import Dispatch
import Glibc
import Synchronization

/// An HTTP/1.1 server: listens, and lets a `RequestHandler` answer.
///
/// ```swift
/// let server = try HTTPServer(.init(address: "127.0.0.1:0"), handler: handler)
/// print(server.address)
/// server.stop(grace: .seconds(10))   // from any thread, for example a signal source's
/// server.waitUntilStopped()
/// ```
///
/// It stops too when it is released.
package final class HTTPServer: Sendable {
  /// What a server is started with.
  package struct Configuration: Sendable {
    /// Where to listen, as `HOST:PORT`; port 0 lets the system pick one.
    package var address = "127.0.0.1:0"
    /// What clients may take.
    package var limits = Limits()
    /// Threads that serve sockets. One is enough for tens of thousands of small answers a second.
    package var loops = 1
    /// Handlers that run at once outside of the loops; others wait for their turn.
    package var handlerThreads = 8
    /// Called with each finished exchange, in order, on a Dispatch thread.
    package var log: (@Sendable (AccessRecord) -> Void)?
    /// Called on a loop to word what the server itself refuses; must be quick.
    package var refusalResponse: @Sendable (Refusal) -> Response = { $0.response }

    /// The defaults, listening on `address`.
    package init(address: String = "127.0.0.1:0") {
      self.address = address
    }
  }

  /// Descriptors that a process needs beside its connections.
  private static let otherDescriptors = 512

  /// Where it listens, with the port that the system picked if 0 was asked for.
  package var address: SocketAddress { context.listener.address }

  /// Connections that are open now.
  package var connectionCount: Int { context.connections.load(ordering: .relaxed) }

  private let context: ServerContext
  private let mailboxes: [Mailbox]
  private let loops = DispatchGroup()

  /// Starts a server. Raises the process's soft limit of descriptors if it is too low for
  /// `Limits.connections`. Throws if the address cannot be listened on, or a thread cannot be started.
  package init(_ configuration: Configuration, handler: any RequestHandler) throws(SystemError) {
    DescriptorLimit.raise(to: configuration.limits.connections + Self.otherDescriptors)
    context = ServerContext(configuration, listener: try Listener(configuration.address), handler: handler)
    var started: [Mailbox] = []
    do throws(SystemError) {
      for _ in 0..<max(1, configuration.loops) {
        started.append(try Self.startLoop(context, loops))
      }
    } catch {
      context.listener.stop()
      for mailbox in started { mailbox.post(.stop(grace: 0)) }
      throw error
    }
    mailboxes = started
  }

  deinit {
    stop(grace: .zero)
  }

  /// Takes no more connections, closes the idle ones, ends streams, lets running requests finish for at most `grace`,
  /// and then closes what is left. Returns at once. A second call can only shorten the time.
  package func stop(grace: Duration) {
    context.listener.stop()
    for mailbox in mailboxes { mailbox.post(.stop(grace: grace.wholeMilliseconds)) }
  }

  /// Waits until the server has stopped and its log is written. Not to be called by a handler.
  package func waitUntilStopped() {
    loops.wait()
    context.log?.drain()
  }

  private static func startLoop(
    _ context: ServerContext, _ group: DispatchGroup
  ) throws(SystemError) -> Mailbox {
    let poller = try Poller()
    let mailbox = try Mailbox()
    group.enter()
    do throws(SystemError) {
      try LoopThread.start {
        EventLoop(context: context, poller: poller, mailbox: mailbox).run()
        group.leave()
      }
    } catch {
      group.leave()
      throw error
    }
    return mailbox
  }
}

/// A thread of its own for a loop: Dispatch counts a thread that never returns as busy, and would run fewer handlers.
private final class LoopThread: Sendable {
  private let body: @Sendable () -> Void

  private init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }

  static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let context = Unmanaged.passRetained(LoopThread(body))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        // Signals are for the other threads. SIGPIPE, which `sendfile` raises, is for nobody.
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        if let argument { Unmanaged<LoopThread>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, context.toOpaque())
    guard status == 0 else {
      context.release()
      throw SystemError("pthread_create", number: status)
    }
    pthread_detach(thread)
  }
}
