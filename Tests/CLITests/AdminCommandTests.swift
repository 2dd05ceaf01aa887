import Agent
import CLI
import Causality
import Codec
import Foundation
import Merge
import Server
import Storage
import SyncProtocol
import TestSupport
import Testing

/// What `admin` commands and a server say of data that is damaged, incomplete or somewhere else.
@Suite("Admin")
struct AdminCommandTests {
  /// A data folder with two workspaces, of which the first holds a change.
  static func world() throws -> (cli: TestDesk, desk: LocalDesk, data: String) {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    try desk.join(anna)
    try anna.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "It drips"])))
    try desk.sync(anna)
    try desk.data.create("west")
    return (try TestDesk(), desk, desk.folder + "/server")
  }

  private static func append(_ text: String, to path: String, in folder: String) throws {
    let file = try FolderDisk(folder).open(path, .append)
    try file.append(Array(text.utf8).span)
  }

  @Test("One damaged workspace does not keep the others from being served")
  func damagedWorkspace() throws {
    for path in ["nord/devices.jsonl", "nord/log/0000000001.jsonl.gz", "nord/workspace.json"] {
      let (cli, desk, data) = try Self.world()
      defer { withExtendedLifetime(desk) {} }
      if path.hasSuffix("workspace.json") {
        try FolderDisk(data).remove(path)
      } else {
        try Self.append("{\"x\":1}\n", to: path, in: data)
      }
      let served = ServerData(folder: data, now: desk.environment.now, random: desk.environment.random)
      let failures = try served.openAll().map(\.description)
      #expect(failures.count == 1, "\(path)")
      #expect(
        failures[0].contains(path) && failures[0].contains("askonce admin verify nord --repair"),
        "\(failures)")
      let endpoints = Endpoints(served)
      func ask(_ path: [String], _ body: String = "") -> ServerResponse {
        endpoints.answer(
          ServerRequest(
            method: body.isEmpty ? "GET" : "POST", path: path, parameters: ["at": "0"], token: "a.b",
            body: Array(body.utf8)))
      }
      let answer = ask(["v1", "workspaces", "nord", "sum"])
      #expect(answer.status == 503 && answer.fields.contains { $0.name == "Retry-After" }, "\(path)")
      #expect(ask(["v1", "workspaces", "west", "sum"]).status == 401)
      let code = try served.devices("west").invite(agent: "bo", role: "agent", expires: .max)
      #expect(
        ask(["v1", "join"], "{\"code\":\"\(code)\",\"replica\":\"aaaaaaaaaa\"}").status == 200, "\(path)")
      // The commands name it too, and say what else there is.
      let verify = cli.run("admin", "verify", "--data", data)
      #expect(
        verify.code == .damaged && verify.output.contains("west: 0 changes, intact"), "\(verify.output)")
      #expect(cli.run("admin", "workspace", "list", "--data", data).output.contains("west"))
      if !path.contains("/log/") {
        let invite = cli.run("admin", "invite", "nord", "--data", data)
        #expect(
          invite.code == .damaged && invite.errors.contains("askonce admin verify nord --repair"), "\(invite)"
        )
      }
      #expect(cli.run("admin", "verify", "--repair", "--data", data).code == .ok, "\(path)")
      #expect(cli.run("admin", "verify", "--data", data).code == .ok, "\(path)")
    }
  }

  @Test("A server with nothing to serve but damage does not start")
  func allDamaged() throws {
    let (_, desk, data) = try Self.world()
    defer { withExtendedLifetime(desk) {} }
    try FolderDisk(data).remove("west/workspace.json")
    try Self.append("{\"x\":1}\n", to: "nord/devices.jsonl", in: data)
    let served = ServerData(folder: data, now: desk.environment.now, random: desk.environment.random)
    #expect(throws: StorageError.self) { try served.openAll() }
  }

  @Test("A list of devices that is gone beside a log is damage, and a repair goes on without it")
  func lostDevices() throws {
    for isEmpty in [false, true] {
      let (cli, desk, data) = try Self.world()
      defer { withExtendedLifetime(desk) {} }
      try FolderDisk(data).remove("nord/devices.jsonl")
      if isEmpty { try Self.append("", to: "nord/devices.jsonl", in: data) }
      let found = cli.run("admin", "verify", "--data", data)
      #expect(found.code == .damaged && found.output.contains("devices.jsonl"), "\(found.output)")
      #expect(cli.run("admin", "verify", "--repair", "--data", data).code == .ok)
      #expect(cli.run("admin", "verify", "--data", data).code == .ok)
      #expect(cli.run("admin", "invite", "nord", "--data", data).code == .ok)
    }
  }

  @Test("Neither a check nor a backup of nothing goes well, and no backup lies in what it backs up")
  func nothing() throws {
    let (cli, desk, data) = try Self.world()
    defer { withExtendedLifetime(desk) {} }
    for folder in [data + "/none", cli.folder] {
      #expect(cli.run("admin", "verify", "--data", folder).code == .notFound)
      #expect(cli.run("admin", "backup", cli.folder + "/copy", "--data", folder).code == .notFound)
    }
    // Nor is a folder served that is not there, which would be an empty server under a mistyped path.
    let served = cli.run("serve", "--data", data + "/none", "--listen", "127.0.0.1:0")
    #expect(served.code == .notFound && served.errors.contains("is that the server's data folder?"))
    #expect(!FileManager.default.fileExists(atPath: data + "/none"))
    for inside in ["/copy", "/copy/deeper", "/nord/copy", "", "/../server/copy"] {
      #expect(cli.run("admin", "backup", data + inside, "--data", data + "/").code == .usage, "\(inside)")
    }
    #expect(cli.run("admin", "backup", data + "-copy/new", "--data", data).code == .ok)
    #expect(cli.run("admin", "verify", "--data", data + "-copy/new").code == .ok)
  }

  @Test("A workspace of a later version keeps nobody from the others")
  func laterVersion() throws {
    let (cli, desk, data) = try Self.world()
    defer { withExtendedLifetime(desk) {} }
    let settings = Array("{\"format\":2,\"workspace\":\"nord\"}\n".utf8)
    try FolderDisk(data).replace("nord/workspace.json", with: settings)
    let list = cli.run("admin", "workspace", "list", "--data", data)
    #expect(list.code == .version && list.output.contains("west"), "\(list)")
    #expect(list.errors.contains("nord/workspace.json has format 2"), "\(list)")
    // Nor is what it wrote taken for damage.
    for options in [[], ["--repair"]] {
      let verify = cli.run(["admin", "verify", "--data", data] + options)
      #expect(verify.code == .version && verify.output.contains("west: 0 changes, intact"), "\(verify)")
      #expect(verify.errors.contains("nord/workspace.json has format 2"), "\(verify)")
    }
    #expect(try FolderDisk(data).readAll("nord/workspace.json") == settings)
  }

  @Test("With a stolen device go those that were forked from it", arguments: [false, true])
  func forks(isJSON: Bool) throws {
    let (cli, desk, data) = try Self.world()
    let anna = try #require(try desk.data.hosted("nord").devices.devices().first)
    for bits in [1, 2] as [UInt64] {
      _ = try desk.data.hosted("nord").devices.enrol(
        agent: "anna", role: "agent", replica: .init(bits: bits), from: anna)
    }
    let answer = cli.run(
      ["admin", "revoke", "nord", "anna", "--data", data] + (isJSON ? ["--json"] : []))
    #expect(answer.code == .ok, "\(answer)")
    let devices = try ServerData(folder: data, now: desk.environment.now, random: desk.environment.random)
      .devices("nord").devices()
    #expect(devices.count == 3 && devices.allSatisfy { $0.revoked != nil })
    for device in devices { #expect(answer.output.contains(device.device), "\(answer.output)") }
    if isJSON {
      let json = try JSONText(parsing: Array(answer.output.utf8))
      #expect(json["device"]?.string == anna.device && json["forks"]?.elements?.count == 2, "\(json)")
    }
    // Two that have nothing to do with each other still have to be told apart.
    for bits in [3, 4] as [UInt64] {
      _ = try desk.data.hosted("nord").devices.enrol(
        agent: "anna", role: "agent", replica: .init(bits: bits))
    }
    #expect(cli.run("admin", "revoke", "nord", "anna", "--data", data).code == .ambiguous)
  }

  @Test("A backup names what is damaged and copies the rest")
  func backupBesideDamage() throws {
    let (cli, desk, data) = try Self.world()
    defer { withExtendedLifetime(desk) {} }
    try Self.append("no member", to: "nord/log/0000000001.jsonl.gz", in: data)
    let backup = cli.run("admin", "backup", cli.folder + "/copy", "--data", data)
    #expect(backup.code == .damaged && backup.output.contains("west: 0 changes"), "\(backup)")
    #expect(backup.errors.contains("nord/log/0000000001.jsonl.gz"), "\(backup)")
    #expect(backup.errors.contains("the copy of nord is not whole"), "\(backup)")
    #expect(cli.run("admin", "verify", "west", "--data", cli.folder + "/copy").code == .ok)
    // So is one that lacks its settings.
    try FolderDisk(data).remove("nord/workspace.json")
    let second = cli.run("admin", "backup", cli.folder + "/second", "--data", data)
    #expect(second.code == .damaged && second.errors.contains("nord/"), "\(second)")
  }

  @Test("Beside a running server a check looks again before it counts an unfinished end")
  func unfinishedEnd() throws {
    let (cli, desk, data) = try Self.world()
    let lines = try FolderDisk(data).readAll("nord/invites.jsonl") ?? []
    try Self.append("{\"invite\"", to: "nord/invites.jsonl", in: data)
    #expect(cli.run("admin", "verify", "--data", data).code == .damaged)
    #expect(cli.pauses.isEmpty)
    let lock = try desk.data.lock()
    #expect(lock != nil)
    #expect(cli.run("admin", "verify", "--data", data).code == .damaged)
    #expect(cli.pauses.count == 2)
    #expect(!lines.isEmpty)
    withExtendedLifetime(lock) {}
  }
}
