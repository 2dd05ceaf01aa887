import Causality
import Codec
import Merge
import Testing

@testable import CLI

@Suite("Exports from before an erasure")
struct ErasedImportTests {
  private func desk(_ stores: String...) throws -> TestDesk {
    let desk = try TestDesk()
    for store in ["store"] + stores {
      try #require(desk.run("init", "--agent", "anna", "--store", desk.folder + "/" + store).code == .ok)
    }
    return desk
  }

  /// The exports of a store that hold all of it in one form, each with the format under which it is imported.
  private func exports(_ desk: TestDesk, _ formats: [String]) throws -> [(file: String, format: String)] {
    try formats.map { (try desk.write(desk.run("export", $0).output, to: $0), $0) }
  }

  private func count(_ desk: TestDesk, _ list: String, _ store: String = "store") -> Int? {
    desk.run(list, "list", "--json", "--store", desk.folder + "/" + store).json?.elements?.count
  }

  @Test(
    "A store that imports its own export from before makes nobody of the erased person's number",
    arguments: [["entities"], ["customers", "tickets"]])
  func ownExport(_ formats: [String]) throws {
    let desk = try desk()
    let customer = try desk.ok("customer", "new", "Maja", "--ref", "K1")
    _ = try desk.ok("ticket", "new", "Tap", "--ref", "R1", "--customer", customer, "--message", "Hi")
    let files = try exports(desk, formats)
    _ = try desk.ok("customer", "erase", customer, "--yes")
    let digest = desk.run("digest").line
    for (file, format) in files {
      let outcome = desk.run("import", file, "--format", format)
      #expect(outcome.code == .partial)
      #expect(desk.run("digest").line == digest, "\(format)")
      // There is nothing to mend.
      #expect(!outcome.errors.contains("rejected records are in"))
      #expect(throws: (any Error).self) { try desk.read("\(format).rejects") }
    }
    #expect(count(desk, "customer") == 0 && count(desk, "ticket") == 0)
  }

  @Test("What names an erased customer in an export is rejected, and names nobody else")
  func namesErased() throws {
    let desk = try desk()
    let customer = try desk.ok("customer", "new", "Maja", "--ref", "K1")
    let moved = try desk.ok("ticket", "new", "Boiler", "--ref", "R2", "--customer", customer)
    let (file, _) = try exports(desk, ["entities"])[0]
    let bo = try desk.ok("customer", "new", "Bo", "--ref", "K2")
    _ = try desk.ok("ticket", "set", moved, "--customer", bo)
    _ = try desk.ok("customer", "erase", customer, "--yes")
    let digest = desk.run("digest").line
    let outcome = desk.run("import", file)
    #expect(outcome.code == .partial && outcome.errors.contains("customer: \(customer) was erased"))
    #expect(outcome.errors.contains("rejected records are in \(file).rejects"))
    let line = try #require(try desk.read("entities").split(separator: "\n").last)
    #expect(try desk.read("entities.rejects") == line + "\n")
    #expect(desk.run("digest").line == digest)
  }

  @Test(
    "Who was erased where it was imported is not brought back by the same file",
    arguments: [["changes"], ["entities"], ["customers", "tickets"]])
  func broughtBack(_ formats: [String]) throws {
    let desk = try desk("other")
    let customer = try desk.ok("customer", "new", "Maja", "--ref", "K1")
    _ = try desk.ok("ticket", "new", "Tap", "--ref", "R1", "--customer", customer, "--message", "Hi")
    let files = try exports(desk, formats)
    let other = desk.folder + "/other"
    for (file, format) in files {
      #expect(desk.run("import", file, "--format", format, "--store", other).code == .ok)
    }
    _ = try desk.ok("customer", "erase", "K1", "--yes", "--store", other)
    let digest = desk.run("digest", "--store", other).line
    for (file, format) in files + files {
      let outcome = desk.run("import", file, "--format", format, "--store", other)
      #expect(outcome.output.hasPrefix("0 imported"), "\(outcome.output)\(outcome.errors)")
      #expect(desk.run("digest", "--store", other).line == digest)
    }
    #expect(count(desk, "customer", "other") == 0 && count(desk, "ticket", "other") == 0)
    #expect(desk.run("verify", "--check", "--store", other).code == .ok)
  }

  @Test("Changes on somebody who was erased where they come from are imported once")
  func erasedThere() throws {
    let desk = try desk("other")
    let customer = try desk.ok("customer", "new", "Maja", "--ref", "K1")
    _ = try desk.ok("ticket", "new", "Tap", "--ref", "R1", "--customer", customer)
    _ = try desk.ok("customer", "erase", customer, "--yes")
    let (file, _) = try exports(desk, ["changes"])[0]
    let other = desk.folder + "/other"
    let lines = try desk.read("changes").split(separator: "\n").count
    #expect(desk.run("import", file, "--store", other).output.hasPrefix("\(lines) imported"))
    for _ in 0..<2 {
      #expect(desk.run("compact", "--store", other).code == .ok)
      let outcome = desk.run("import", file, "--store", other)
      #expect(outcome.output == "0 imported, \(lines) unchanged, 0 rejected\n")
    }
  }

  @Test("What came as edits is the same when it comes as entities, with or without a number of its own")
  func editsThenEntities() throws {
    let desk = try desk("other")
    let customer = try desk.ok("customer", "new", "Bo")
    _ = try desk.ok("ticket", "new", "Tap", "--ref", "R1", "--customer", customer, "--message", "Hi")
    let other = desk.folder + "/other"
    for (file, format) in try exports(desk, ["changes", "entities"]) {
      #expect(desk.run("import", file, "--format", format, "--store", other).code == .ok)
    }
    #expect(count(desk, "customer", "other") == 1 && count(desk, "ticket", "other") == 1)
    // A number that it gets later goes to it.
    _ = try desk.ok("entity", "set", customer, "ref=K7")
    let (file, _) = try exports(desk, ["entities"])[0]
    #expect(desk.run("import", file, "--store", other).output.hasPrefix("1 imported"))
    #expect(desk.run("customer", "show", "K7", "--store", other).code == .ok)
    #expect(count(desk, "customer", "other") == 1)
  }

  @Test(
    "An imported change says under which id it was first made, also when it was made again since",
    arguments: ["", #","was":"b2x9m1c0aa.7""#])
  func firstID(_ behind: String) throws {
    let line =
      #"{"id":"k7f3q2hd9x.8","at":"2026-11-21T17:21:03.306Z","seen":7,"by":"anna","on":"ticket/b2x9m1c0aa.4","set":{"a":"b"}"#
    let first = try #require(FirstID.of(ChangeLine.parse(line + #","org":"m2p8v0w1zz.7""# + behind + "}")))
    #expect(first.id.description == "m2p8v0w1zz.7")
    #expect(String(decoding: first.rest, as: UTF8.self) == #""set":{"a":"b"}"# + behind)
    #expect(try FirstID.of(ChangeLine.parse(line + behind + "}")) == nil)
    #expect(try FirstID.of(ChangeLine.parse(line + #","x":{"org":"m2p8v0w1zz.7"}}"#)) == nil)
  }
}
