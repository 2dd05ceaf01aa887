import CLI
import Codec
import Merge
import TestSupport
import Testing

/// Conflicts about values that mean something to the desk, as people settle and read them.
@Suite("Conflicts of settings and times")
struct SettingConflictTests {
  /// Two agents who do two things without knowing of each other; what is open then.
  private func meet(
    _ desk: TestDesk, before: [[String]] = [], _ first: [String], _ second: [String]
  ) throws -> [JSONText] {
    let server = try MemoryServer()
    let transport = server.transport
    desk.connect = { _ in transport }
    let stores = ["anna", "bo"].map { "\(desk.folder)/\($0)" }
    for (store, name) in zip(stores, ["anna", "bo"]) {
      _ = try desk.ok("join", "http://local", "--code", try server.invite(name), "--store", store)
    }
    desk.variables["ASKONCE_STORE"] = stores[0]
    for arguments in before { try #require(desk.run(arguments).code == .ok) }
    for store in stores { _ = try desk.ok("sync", "--store", store) }
    for (store, arguments) in zip(stores, [first, second]) {
      let outcome = desk.run(arguments + ["--store", store])
      try #require(outcome.code == .ok, "\(outcome.errors)")
    }
    for store in stores + [stores[0]] { _ = try desk.ok("sync", "--store", store) }
    return desk.run("conflicts", "--json").json?.elements ?? []
  }

  /// - Parameters:
  ///   - wrong: values that the setting's command would not take, as JSON.
  ///   - right: one that it would, and what is kept then.
  @Test(
    "A setting takes what its command takes",
    arguments: [
      (
        ["hours", "--zone", "Europe/Stockholm"], ["hours", "--zone", "America/New_York"],
        [#""banana""#, #"{"zone":"UTC"}"#],
        #"{"zone":"UTC","rule":"UTC0","week":[["08:00-17:00"],[],[],[],[],[],[]]}"#,
        #"{"zone":"UTC","rule":"UTC0","week":[["08:00-17:00"],[],[],[],[],[],[]]}"#
      ),
      (
        ["retention", "--days", "100"], ["retention", "--days", "200"],
        [#""long""#, "0", #"{"days":0}"#, #"{"days":"5"}"#], "5", #"{"days":5}"#
      ),
      (["country", "SE"], ["country", "DK"], [#""Narnia""#, "5"], #""se""#, #""SE""#),
      (
        ["saved-reply", "set", "hi", "Hello"], ["saved-reply", "set", "hi", "Hej {name}"],
        [#""Hi {whom}""#, #"{"language":"sv"}"#, #""""#], #""Hi""#, #"{"text":"Hi"}"#
      ),
      (
        ["consent", "purpose", "news", "--default", "granted"],
        ["consent", "purpose", "news", "--default", "withdrawn"],
        [#"{"default":"maybe"}"#, #""maybe""#], #""granted""#, #"{"default":"granted"}"#
      ),
      (
        ["target", "set", "email", "--first", "4h"], ["target", "set", "email", "--first", "5h"],
        [#"{"first":0}"#, #"{"first":"4h"}"#, #""4h""#], #"{"first":60}"#, #"{"first":60}"#
      ),
      (
        ["triage", "rule", "set", "leaks", "--team", "water"],
        ["triage", "rule", "set", "leaks", "--team", "front"],
        [#""water""#, #"{"team":" "}"#, #"{"team":"a","priority":"soon"}"#, #"{"team":"a","words":["!"]}"#],
        #"{"team":"pipes","words":["drip*"]}"#, #"{"team":"pipes","words":["drip*"]}"#
      ),
    ])
  func settings(_ first: [String], _ second: [String], _ wrong: [String], _ right: String, _ kept: String)
    throws
  {
    let desk = try TestDesk()
    let conflict = try #require(try meet(desk, first, second).first)
    let id = try #require(conflict["id"]?.string)
    for value in wrong {
      let outcome = desk.run("conflicts", "settle", id, "--value", value, "--json-value")
      #expect(outcome.code == .usage, "\(value): \(outcome.output)")
    }
    let settled = desk.run("conflicts", "settle", id, "--value", right, "--json-value")
    #expect(settled.code == .ok, "\(settled.errors)")
    let state = desk.run("entity", "show", "\(Self.settings)", "--json").json
    let field = try #require(conflict["field"]?.string)
    #expect(state?["fields"]?[field]?.text.contains(kept) == true, "\(state?.text ?? "")")
  }

  private static let settings = "settings/0000000000.1"

  @Test("Two due times are read as one is, in the device's time")
  func due() throws {
    let desk = try TestDesk()
    let conflicts = try meet(
      desk, before: [["ticket", "new", "The tap", "ref=T1"]],
      ["ticket", "set", "T1", "--due", "2999-12-01 09:00"],
      ["ticket", "set", "T1", "--due", "2999-12-02 09:00"])
    let id = try #require(conflicts.first?["id"]?.string)
    let ticket = try #require(conflicts.first?["on"]?.string)
    for arguments in [["ticket", "show", ticket], ["conflicts"], ["conflicts", "show", id]] {
      let output = desk.run(arguments).output
      for time in ["2999-12-01 09:00", "2999-12-02 09:00"] { #expect(output.contains(time), "\(output)") }
      #expect(!output.contains("00.000Z"), "\(output)")
    }
  }
}
