import Agent
import CLI
import Codec
import Foundation
import Merge
import Server
import Storage
import Synchronization
import TestSupport
import Testing

/// What `admin` commands and a server do about a workspace whose files the system refuses.
@Suite("Unreadable workspaces")
struct AdminUnreadableTests {
  @Test(
    "A file that cannot be read keeps the others from nothing",
    arguments: ["devices.jsonl", "invites.jsonl", "workspace.json", "log/0000000001.jsonl.gz", "log"])
  func unreadable(file: String) throws {
    let (cli, desk, data) = try AdminCommandTests.world()
    let path = "\(data)/nord/\(file)"
    try FileManager.default.removeItem(atPath: path)
    if file == "log" {
      // Opens for ever: a link to itself.
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
    } else {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let served = ServerData(folder: data, now: desk.environment.now, random: desk.environment.random)
    let failures = try served.openAll()
    #expect(served.opened.map(\.workspace.name).contains("west"))
    if file != "invites.jsonl" {
      #expect(failures.count == 1, "\(failures)")
      let answer = Endpoints(served).answer(
        ServerRequest(method: "GET", path: ["v1", "workspaces", "nord", "runs"], token: "a.b"))
      #expect(answer.status == 503)
    }
    let verify = cli.run("admin", "verify", "--data", data)
    #expect(verify.code == .failed && verify.output.contains("west: 0 changes, intact"), "\(verify)")
    #expect(verify.errors.contains("workspace nord cannot be used"), "\(verify)")
    let list = cli.run("admin", "workspace", "list", "--data", data)
    #expect(list.output.contains("west") && list.output.contains("nord"), "\(list)")
    if file != "invites.jsonl" { #expect(list.code == .failed, "\(list)") }
    let backup = cli.run("admin", "backup", cli.folder + "/copy", "--data", data)
    #expect(backup.code == .failed && backup.output.contains("west: 0 changes"), "\(backup)")
    #expect(cli.run("admin", "verify", "west", "--data", cli.folder + "/copy").code == .ok)
  }

  @Test("Damaged invitations are no codes that are not valid, and no more are given out")
  func damagedInvitations() throws {
    let desk = try LocalDesk()
    try desk.data.create("west")
    let data = desk.folder + "/server"
    let code = try desk.invite("anna")
    let file = try FolderDisk(data).open("nord/invites.jsonl", .append)
    try file.append(Array("{\"x\":1}\n".utf8).span)
    let served = ServerData(folder: data, now: desk.environment.now, random: desk.environment.random)
    #expect(try served.openAll().isEmpty)
    let told = Mutex<[String]>([])
    let endpoints = Endpoints(served) { line in told.withLock { $0.append(line) } }
    func join(_ code: String) -> Int {
      let body = "{\"code\":\"\(code)\",\"replica\":\"aaaaaaaaaa\"}"
      return endpoints.answer(
        ServerRequest(method: "POST", path: ["v1", "join"], body: Array(body.utf8))
      ).status
    }
    #expect(join(code) == 503 && join(code) == 503)
    let lines = told.withLock { $0 }
    #expect(lines.count == 1 && lines[0].contains("nord/invites.jsonl"), "\(lines)")
    #expect(lines[0].contains("askonce admin verify nord --repair"), "\(lines)")
    #expect(join(try served.devices("west").invite(agent: "bo", role: "agent", expires: .max)) == 200)
    let invite = try TestDesk().run("admin", "invite", "nord", "--data", data)
    #expect(invite.code == .damaged && invite.errors.contains("nord/invites.jsonl"), "\(invite)")
  }
}
