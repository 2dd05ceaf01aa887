import Agent
import Codec
import Glibc
import Synchronization

/// Requests to a server by another process, `askonce-net`.
///
/// URLSession takes longer to load than most commands take, so `askonce` is built without it. And it ends its process where a
/// connection breaks within the head of an answer (`NativeProtocol.transferCompleted` of swift-corelibs-foundation: "Transfer
/// completed, but there's no response"): so that is a process that nobody misses, and the call that it was at has failed.
///
/// Blocks the calling thread. The process loads while the caller goes on, serves one call at a time, and ends with this or with the
/// caller.
package final class ProcessTransport: StreamingTransport {
  private struct Worker {
    let process: pid_t
    var socket: FrameSocket
  }

  private let program: String
  private let address: String
  private let worker: Mutex<Worker?>

  /// - Parameters:
  ///   - program: the path of `askonce-net`.
  ///   - address: the server's.
  /// - Throws: `StartError` where the program cannot be run.
  package init(_ program: String, _ address: String) throws(StartError) {
    self.program = program
    self.address = address
    worker = Mutex(try Self.start(program, address))
  }

  deinit { worker.withLock { if let worker = $0 { Self.end(worker) } } }

  /// Why a program cannot be run, in the system's words.
  package struct StartError: Error {
    package let reason: String
  }

  package func exchange(_ call: Call) throws(TransportError) -> Reply {
    try answer(call, isFollowed: false) { _ in true }
  }

  package func follow(_ call: Call, _ take: ([UInt8]) -> Bool) throws(TransportError) -> Reply {
    try answer(call, isFollowed: true, take)
  }

  private func answer(
    _ call: Call, isFollowed: Bool, _ take: ([UInt8]) -> Bool
  ) throws(TransportError) -> Reply {
    try worker.withLock { (current) throws(TransportError) -> Reply in
      var worker: Worker
      do throws(StartError) {
        worker = if let current { current } else { try Self.start(program, address) }
      } catch {
        throw TransportError("\(program) cannot be run: \(error.reason)")
      }
      current = nil
      let outcome: Frame.Outcome?
      do throws(FrameSocket.Broken) {
        outcome = try Self.outcome(of: call, isFollowed: isFollowed, &worker.socket, take)
      } catch {
        outcome = nil
      }
      switch outcome {
      case .reply(let reply):
        current = worker
        return reply
      case .failure(let error):
        current = worker
        throw error
      case .piece:
        // The caller has heard enough, of which the process has no other way to be told.
        Self.end(worker)
        return Reply(status: 0, fields: [:], body: [])
      case nil:
        throw TransportError("the program that had it ended (\(Self.end(worker)))")
      }
    }
  }

  /// What becomes of a call: the last piece where the caller has heard enough; nil where the other side ends.
  private static func outcome(
    of call: Call, isFollowed: Bool, _ socket: inout FrameSocket, _ take: ([UInt8]) -> Bool
  ) throws(FrameSocket.Broken) -> Frame.Outcome? {
    try socket.write(call, isFollowed: isFollowed)
    while let frame = try socket.read() {
      guard case .piece(let bytes) = frame.outcome else { return frame.outcome }
      if !take(bytes) { return frame.outcome }
    }
    return nil
  }

  /// Starts the program and tells it the address.
  private static func start(_ program: String, _ address: String) throws(StartError) -> Worker {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw StartError(reason: String(cString: strerror(errno)))
    }
    let socket = FrameSocket(ends[0])
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO)
    // Its last words are for nobody: the caller says what became of the call.
    for output in [STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
    }
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup(NetworkServer.argument), nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment().map { strdup($0) }
    variables.append(nil)
    var process: pid_t = 0
    let status = posix_spawn(&process, program, &actions, nil, &arguments, &variables)
    for text in arguments + variables { free(text) }
    posix_spawn_file_actions_destroy(&actions)
    close(ends[1])
    guard status == 0 else {
      socket.close()
      throw StartError(reason: String(cString: strerror(status)))
    }
    // Where it has ended already, the first call says so.
    try? socket.write([("address", JSONText(address))])
    return Worker(process: process, socket: socket)
  }

  /// This process's, without the seconds that Swift would take to write down where the other one ended.
  private static func environment() -> [String] {
    var variables = ["SWIFT_BACKTRACE=enable=no"]
    var entry = environ
    while let text = entry.pointee {
      let variable = String(cString: text)
      if !variable.hasPrefix("SWIFT_BACKTRACE=") { variables.append(variable) }
      entry += 1
    }
    return variables
  }

  /// Ends a process, if it has not ended. Returns how it did.
  @discardableResult
  private static func end(_ worker: Worker) -> String {
    worker.socket.close()
    kill(worker.process, SIGKILL)
    var status: Int32 = 0
    while waitpid(worker.process, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return signal == 0 ? "exit code \(status >> 8 & 0xFF)" : "signal \(signal)"
  }
}
