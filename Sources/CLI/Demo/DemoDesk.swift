import Agent
import Causality
import Codec
import Glibc
import Import
import Merge
import Server
import Storage

/// The demo's stage: a folder, a server process, and agents with their stores.
final class DemoDesk {
  let folder: String
  private let context: Context
  private let data: ServerData
  private var server: ChildProcess?
  private(set) var address = ""
  private let program: String
  /// How far each agent's clock is ahead, in milliseconds.
  private var ahead: [String: UInt64] = [:]

  static let workspace = "nord"

  init(_ context: Context) throws {
    self.context = context
    guard let program = NetworkProgram.path() else { throw Failure(.failed, "/proc is not mounted") }
    self.program = program
    var template = Array("\(context.variables["TMPDIR"] ?? "/tmp")/askonce-demo-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(.failed, "cannot make a temporary folder") }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    data = ServerData(folder: "\(folder)/server", now: context.system.now, random: context.system.random)
    try data.create(Self.workspace)
  }

  /// Starts the server: on a free port, later again on the same one.
  func startServer() throws {
    let listen = address.isEmpty ? "127.0.0.1:0" : String(address.dropFirst("http://".count))
    let child = try ChildProcess(
      program, ["serve", "--data", "\(folder)/server", "--listen", listen], errors: "\(folder)/server.log")
    guard let line = child.line(), let start = line.range(of: "http://") else {
      throw Failure(.failed, "the server did not start; see \(folder)/server.log")
    }
    address = String(line[start.lowerBound...].prefix { $0 != " " })
    server = child
  }

  func stopServer() {
    server?.signal(SIGTERM)
    _ = server?.wait()
    server = nil
  }

  private func environment(_ agent: String) -> Environment {
    let now = context.system.now
    let ahead = self.ahead[agent] ?? 0
    return Environment(now: { now() + ahead }, random: context.system.random)
  }

  /// Opens an agent's store. It is locked for others until the object goes.
  func open(_ agent: String) throws -> Store {
    try Store(at: "\(folder)/\(agent)", .writing, environment: environment(agent))
  }

  /// Makes a store and joins it to the workspace with a one-time code.
  ///
  /// - Parameter ahead: how far the device's clock is ahead, in milliseconds.
  func enrol(_ agent: String, ahead: UInt64 = 0) throws {
    self.ahead[agent] = ahead
    let store = try Store.make(at: "\(folder)/\(agent)", agent: agent, environment: environment(agent))
    let code = try data.devices(Self.workspace).invite(
      agent: agent, role: "agent", expires: context.system.now() + 3_600_000)
    let enrolment = try ServerLink.join(try transport(), code: code, replica: store.replica, agent: nil)
    try store.bind(
      server: address, workspace: enrolment.workspace, agent: enrolment.agent, role: enrolment.role,
      token: enrolment.token)
  }

  private func transport() throws -> any Transport {
    guard let connect = context.connect else { throw Failure(.failed, "this program has no network in it") }
    return try connect(address)
  }

  @discardableResult
  func sync(_ agent: String) throws -> SyncReport { try SyncClient(open(agent), transport()).sync() }

  /// Runs this program for an agent and kills it after some microseconds; nil lets it come to its end. Returns whether
  /// it said that it was done.
  func run(_ arguments: [String], _ agent: String, killAfter microseconds: UInt32?) throws -> Bool {
    let child = try ChildProcess(program, arguments + ["--store", "\(folder)/\(agent)"])
    if let microseconds {
      usleep(microseconds)
      child.signal(SIGKILL)
    }
    // Whatever it printed before it died was said after the edit was on the disk.
    let said = child.line() != nil
    return child.wait() == 0 || said
  }

  /// Removes the folder with everything in it.
  func remove() {
    stopServer()
    Self.remove(folder)
  }

  private static func remove(_ path: String) {
    for name in (try? FolderDisk(path).list("")) ?? [] { remove("\(path)/\(name)") }
    _ = Glibc.remove(path)
  }
}

extension String {
  /// The range of a text within this one.
  fileprivate func range(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
