import CLinux
import Causality
import Codec
import Dispatch
import Glibc
import HTTP
import Storage
import Synchronization

/// Runs a server until it is told to stop.
package enum Serving {
  package struct Options: Sendable {
    package var folder: String
    /// `HOST:PORT`; port 0 lets the system pick.
    package var listen: String
    /// How long running requests, what is done behind them and the log may take after SIGTERM, in seconds.
    package var grace = 10.0
    package var now: @Sendable () -> UInt64
    package var random: @Sendable () -> UInt64

    package init(
      folder: String, listen: String, now: @escaping @Sendable () -> UInt64,
      random: @escaping @Sendable () -> UInt64
    ) {
      self.folder = folder
      self.listen = listen
      self.now = now
      self.random = random
    }
  }

  /// Serves a data folder until SIGTERM or SIGINT.
  ///
  /// - Parameters:
  ///   - started: called with the address once requests are taken.
  ///   - log: takes one structured line (JSON) for each request and each trouble, one at a time. Nobody waits for it but the end,
  ///     and that for a limited time.
  /// - Throws: `StorageError` where the folder cannot be used or the address not be listened on.
  package static func run(
    _ options: Options, started: (String) -> Void, log: @escaping @Sendable (String) -> Void
  ) throws(StorageError) {
    // A push may inflate to 32 MiB. That goes back to the system at once, as it would not if the C library, seeing
    // such blocks freed, decided to keep them.
    mallopt(M_MMAP_THRESHOLD, 1 << 20)
    // Each workspace keeps files open, and all are opened before the listener asks for its own.
    makeRoomForFiles()
    let data = ServerData(folder: options.folder, now: options.now, random: options.random)
    guard let lock = try data.lock() else { throw .locked(options.folder) }
    defer { withExtendedLifetime(lock) {} }
    let now = options.now
    let lines = LogLines(log)
    let end = End(options.grace)
    defer { lines.finish(within: end.left) }
    let report: @Sendable (String) -> Void = { trouble in
      lines.addTrouble { line(trouble, now(), dropped: $0) }
    }
    // Opened now, so that damage is told at the start and the first agent does not wait.
    for failure in try data.openAll() { report("not served: \(failure)") }
    let service = Service(data, report: report)
    var configuration = HTTPServer.Configuration(address: options.listen)
    configuration.log = { record in
      lines.addRequest { line(record, now(), dropped: record.droppedBefore + $0) }
    }
    let server: HTTPServer
    do {
      server = try HTTPServer(configuration, handler: service)
    } catch {
      throw .disk("cannot listen on \(options.listen): \(error)")
    }
    service.start()
    signal(SIGPIPE, SIG_IGN)
    let sources = sources(of: [SIGTERM, SIGINT]) {
      end.begin()
      service.prepareToStop()
      server.stop(grace: .seconds(end.left))
    }
    started("http://\(server.address)")
    server.waitUntilStopped()
    for source in sources { source.cancel() }
    service.stop(within: end.left)
  }

  /// When a server that was told to stop has to have stopped.
  private final class End: Sendable {
    private let grace: Double
    private let begun = Mutex<ContinuousClock.Instant?>(nil)
    /// What there is time for even where running requests took all of it, in seconds.
    private static let least = 1.0

    init(_ grace: Double) {
      self.grace = grace
    }

    /// Begins to count; a second call counts on.
    func begin() { begun.withLock { $0 = $0 ?? .now } }

    /// How much time is left, in seconds.
    var left: Double {
      guard let begun = begun.withLock({ $0 }) else { return grace }
      return max(Self.least, grace - (ContinuousClock.now - begun) / .seconds(1))
    }
  }

  /// Lets the process have as many files open as the system allows: who only reads a log keeps all of its files open.
  package static func makeRoomForFiles() { DescriptorLimit.raise() }

  /// Calls `body` for each of some signals from now on.
  ///
  /// Dispatch takes a signal over some time after it was asked to, and puts its own handler in the place of the default
  /// action. Until then that one ends the process: a signal that were ignored meanwhile would be lost for good.
  private static func sources(
    of signals: [Int32], _ body: @escaping @Sendable () -> Void
  ) -> [any DispatchSourceSignal] {
    let registered = DispatchGroup()
    let sources = signals.map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler(handler: body)
      registered.enter()
      source.setRegistrationHandler { registered.leave() }
      source.resume()
      return source
    }
    registered.wait()
    return sources
  }

  private static func time(_ milliseconds: UInt64) -> String {
    HybridTime(milliseconds: milliseconds).description
  }

  /// The log line of a trouble.
  private static func line(_ trouble: String, _ now: UInt64, dropped: Int) -> String {
    var members: [(String, JSONText)] = [("at", JSONText(time(now))), ("trouble", JSONText(trouble))]
    if dropped > 0 { members.append(("dropped", JSONText(dropped))) }
    return JSONText(object: members).text
  }

  /// The log line of a request.
  private static func line(_ record: AccessRecord, _ now: UInt64, dropped: Int) -> String {
    var members: [(String, JSONText)] = [
      ("at", JSONText(time(now))), ("peer", JSONText("\(record.peer)")), ("method", JSONText(record.method)),
      ("path", JSONText(record.path)), ("status", JSONText(record.status)), ("in", JSONText(record.bytesIn)),
      ("out", JSONText(record.bytesOut)), ("us", JSONText(Int(record.milliseconds * 1000))),
    ]
    if record.outcome != .complete { members.append(("outcome", JSONText(record.outcome.rawValue))) }
    if let refusal = record.refusal { members.append(("refusal", JSONText(refusal))) }
    if dropped > 0 { members.append(("dropped", JSONText(dropped))) }
    return JSONText(object: members).text
  }
}
