import Agent
import ChangeCodec
import Codec
import Foundation
import Merge
import Server
import Storage
import TestSupport
import Testing

/// More files than a process may have open before it asks for more.
@Suite("Descriptors")
struct DescriptorTests {
  private static func program(_ desk: TestDesk, _ arguments: String) throws -> Program.Outcome {
    let line = "ulimit -Sn 60; exec '\(Program.path)' \(arguments)"
    return try Program.run(desk, ["-c", line], program: "/bin/bash")
  }

  @Test("Many workspaces are served under a low soft limit")
  func manyWorkspaces() throws {
    let local = try LocalDesk()
    let anna = try local.store("anna")
    try local.join(anna)
    try anna.commit(Edit(.new(type: "ticket"), Draft(set: ["subject": "It drips"])))
    try local.sync(anna)
    let data = local.folder + "/server"
    for number in 0..<80 {
      try FileManager.default.copyItem(atPath: data + "/nord", toPath: data + "/desk-\(number)")
    }
    let desk = try TestDesk()
    let line =
      "ulimit -Sn 60; '\(Program.path)' serve --data '\(data)' --listen 127.0.0.1:0 > out & id=$!; "
      + "for i in $(seq 1200); do grep -q listening out && break; kill -0 $id || break; sleep 0.05; done; "
      + "cat out; kill -KILL $id"
    let outcome = try Program.run(desk, ["-c", "cd '\(desk.folder)'; " + line], program: "/bin/bash")
    #expect(outcome.output.contains("listening on"), "\(outcome)")
    #expect(!outcome.errors.contains("trouble"), "\(outcome)")
  }

  @Test("A log of many files is checked and listed under a low soft limit")
  func manySegments() throws {
    let local = try LocalDesk()
    let anna = try local.store("anna")
    try local.join(anna)
    let path = local.folder + "/server/nord"
    var sizes = Sizes()
    sizes.segmentMembers = 1
    let blocks = RandomLog(seed: 3, changes: 400).blocks
    var log = try ServerLog(FolderDisk(path), repairing: true, sizes: sizes)
    for block in blocks { log = try log.appending([BlockMember([block], Deflater())]) }
    #expect(blocks.count > 80)
    let desk = try TestDesk()
    let data = "--data '\(local.folder)/server'"
    for command in ["verify", "devices nord", "workspace list"] {
      let outcome = try Self.program(desk, "admin \(command) \(data)")
      #expect(outcome.code == 0, "\(command): \(outcome)")
    }
  }
}
