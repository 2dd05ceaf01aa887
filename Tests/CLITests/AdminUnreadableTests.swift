import Agent
import CLI
import Foundation
import Merge
import Server
import Storage
import TestSupport
import Testing

/// What `admin` commands and a server do about a workspace whose files the system refuses.
@Suite("Unreadable workspaces")
struct AdminUnreadableTests {
  @Test(
    "A file that cannot be read keeps the others from nothing",
    arguments: ["devices.jsonl", "invites.jsonl", "workspace.json", "log/0000000001.jsonl.gz", "log"])
  func unreadable(file: String) throws {
    let desk = try LocalDesk()
    let anna = try desk.store("anna")
    try desk.join(anna)
    try anna.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "It drips"])))
    try desk.sync(anna)
    try desk.data.create("west")
    let data = desk.folder + "/server"
    let path = "\(data)/nord/\(file)"
    try FileManager.default.removeItem(atPath: path)
    if file == "log" {
      // Opens for ever: a link to itself.
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
    } else {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let cli = try TestDesk()
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
    #expect(verify.errors.contains("workspace nord cannot be read"), "\(verify)")
    let list = cli.run("admin", "workspace", "list", "--data", data)
    #expect(list.output.contains("west") && list.output.contains("nord"), "\(list)")
    if file != "invites.jsonl" { #expect(list.code == .failed, "\(list)") }
    let backup = cli.run("admin", "backup", cli.folder + "/copy", "--data", data)
    #expect(backup.code == .failed && backup.output.contains("west: 0 changes"), "\(backup)")
    #expect(cli.run("admin", "verify", "west", "--data", cli.folder + "/copy").code == .ok)
  }
}
