import Agent
import CLI
import Codec
import Foundation
import Merge
import Server
import Storage
import TestSupport
import Testing

/// What `admin` commands say of data that cannot be served as it is, and where a backup goes.
@Suite("Backups and reports of damaged workspaces")
struct AdminBackupTests {
  fileprivate static func change(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
    var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
    body(&bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  enum Loss: String, CaseIterable {
    case settingsCut, settingsLater, devicesDamaged, devicesGone, invitesDamaged, logCut, logGone

    func happen(_ folder: String) throws {
      let files = FileManager.default
      switch self {
      case .settingsCut: try AdminBackupTests.change(folder + "/workspace.json") { $0 = Array($0.prefix(30)) }
      case .settingsLater:
        try AdminBackupTests.change(folder + "/workspace.json") {
          $0 = Array("{\"format\":2,\"workspace\":\"nord\"}\n".utf8)
        }
      case .devicesDamaged:
        try AdminBackupTests.change(folder + "/devices.jsonl") { ($0[20], $0[40]) = ($0[20] ^ 5, $0[40] ^ 9) }
      case .devicesGone: try files.removeItem(atPath: folder + "/devices.jsonl")
      case .invitesDamaged:
        try AdminBackupTests.change(folder + "/invites.jsonl") { ($0[20], $0[40]) = ($0[20] ^ 5, $0[40] ^ 9) }
      case .logCut: try AdminBackupTests.change(folder + "/log/0000000001.jsonl.gz") { $0.removeLast() }
      case .logGone: try files.removeItem(atPath: folder + "/log/0000000001.jsonl.gz")
      }
    }
  }

  @Test("A copy that a server would not serve as it is has failed", arguments: Loss.allCases)
  func unservable(loss: Loss) throws {
    let (cli, desk, data) = try AdminCommandTests.world()
    defer { withExtendedLifetime(desk) {} }
    #expect(cli.run("admin", "backup", cli.folder + "/good", "--data", data).code == .ok)
    try loss.happen(data + "/nord")
    let verify = cli.run("admin", "verify", "--data", data)
    let backup = cli.run("admin", "backup", cli.folder + "/copy", "--data", data)
    let expected: ExitCode = loss == .settingsLater ? .version : .damaged
    #expect(verify.code == expected && backup.code == expected, "\(verify) \(backup)")
    #expect(backup.output.contains("west: 0 changes") && !backup.output.contains("nord:"), "\(backup)")
    #expect(backup.errors.contains("all others are in"), "\(backup)")
    // What can be read is there all the same.
    #expect(FileManager.default.fileExists(atPath: cli.folder + "/copy/nord/workspace.json"))
  }

  @Test("Damage that is put right whenever it is read keeps no copy from being one")
  func mended() throws {
    let (cli, desk, data) = try AdminCommandTests.world()
    defer { withExtendedLifetime(desk) {} }
    try Self.change(data + "/nord/devices.jsonl") { $0[20] ^= 1 }
    try Self.change(data + "/nord/invites.jsonl") { $0 += Array("{\"agent\"".utf8) }
    #expect(cli.run("admin", "backup", cli.folder + "/copy", "--data", data).code == .ok)
  }

  @Test("An only workspace without its settings is copied and named")
  func onlyOne() throws {
    let (cli, desk, data) = try AdminCommandTests.world()
    defer { withExtendedLifetime(desk) {} }
    try FileManager.default.removeItem(atPath: data + "/west")
    try FileManager.default.removeItem(atPath: data + "/nord/workspace.json")
    let backup = cli.run("admin", "backup", cli.folder + "/copy", "--data", data)
    #expect(backup.code == .damaged && backup.errors.contains("nord/workspace.json"), "\(backup)")
    #expect(backup.errors.contains("the copy of nord is not whole"), "\(backup)")
    #expect(!backup.errors.contains("all others"), "\(backup)")
    #expect(FileManager.default.fileExists(atPath: cli.folder + "/copy/nord/log/0000000001.jsonl.gz"))
  }

  @Test("A backup to nowhere is refused")
  func nowhere() throws {
    let (cli, desk, data) = try AdminCommandTests.world()
    defer { withExtendedLifetime(desk) {} }
    // Not as root to `/nord`, should it not be refused.
    try FileManager.default.removeItem(atPath: data + "/nord")
    let backup = cli.run("admin", "backup", "", "--data", data)
    #expect(backup.code == .usage, "\(backup)")
    #expect(throws: StorageError.self) {
      // The folder that a test runs in is not empty.
      try Backup.run(desk.data, from: data, to: "")
    }
    #expect(!FileManager.default.fileExists(atPath: "/west"))
  }

  @Test("A damaged log has no number of changes")
  func counts() throws {
    let (cli, desk, data) = try AdminCommandTests.world()
    defer { withExtendedLifetime(desk) {} }
    try desk.data.hosted("nord").activity.flush()
    try Self.change(data + "/nord/log/0000000001.jsonl.gz") { $0[30] ^= 0x10 }
    let list = cli.run("admin", "workspace", "list", "--data", data)
    #expect(list.code == .damaged && list.errors.contains("0000000001.jsonl.gz"), "\(list)")
    #expect(list.output.contains { $0 == "?" }, "\(list)")
    let devices = cli.run("admin", "devices", "nord", "--data", data)
    #expect(devices.code == .damaged && devices.output.contains("anna"), "\(devices)")
    #expect(devices.output.contains { $0 == "?" }, "\(devices)")
    let json = cli.run("admin", "devices", "nord", "--data", data, "--json").json
    #expect(
      json?.elements?.count == 1 && json?.elements?.first?["behind"] == nil, "\(String(describing: json))")
  }

  @Test("A folder that is not there has no list of workspaces, and an empty one says so")
  func noFolder() throws {
    let cli = try TestDesk()
    #expect(cli.run("admin", "workspace", "list", "--data", cli.folder + "/none").code == .notFound)
    let empty = cli.run("admin", "workspace", "list", "--data", cli.folder)
    #expect(empty.code == .ok && empty.errors.contains("there is no workspace in"), "\(empty)")
  }

  @Test("What a repair cost is told of the file that it was")
  func advice() throws {
    for (file, advice) in [
      ("invites.jsonl", "admin invite nord"), ("devices.jsonl", "admin devices nord --all"),
    ] {
      let (cli, desk, data) = try AdminCommandTests.world()
      defer { withExtendedLifetime(desk) {} }
      try Self.change("\(data)/nord/\(file)") { ($0[20], $0[40]) = ($0[20] ^ 5, $0[40] ^ 9) }
      let repair = cli.run("admin", "verify", "--repair", "--data", data)
      #expect(repair.code == .ok && repair.errors.contains("lines of \(file) are lost"), "\(repair)")
      #expect(repair.errors.contains(advice), "\(repair)")
    }
  }
}
