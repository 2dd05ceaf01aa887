import Codec
import Testing

@testable import CLI

@Suite("Fields that were cleared before an export")
struct ClearedFieldTests {
  private func desk() throws -> TestDesk {
    let desk = try TestDesk()
    for store in ["store", "other"] {
      try #require(desk.run("init", "--agent", "anna", "--store", desk.folder + "/" + store).code == .ok)
    }
    return desk
  }

  /// Exports the store's entities, and imports them into the other store.
  private func carry(_ desk: TestDesk) throws -> String {
    let file = try desk.write(desk.run("export", "entities").output, to: "entities")
    #expect(desk.run("import", file, "--store", desk.folder + "/other").code == .ok)
    return file
  }

  private func expectNoChange(_ desk: TestDesk, _ file: String) {
    for store in ["store", "other"] {
      let path = desk.folder + "/" + store
      let digest = desk.run("digest", "--store", path).line
      #expect(desk.run("import", file, "--store", path).output.hasPrefix("0 imported"))
      #expect(desk.run("digest", "--store", path).line == digest)
    }
  }

  @Test("A fact that was taken back and a field that was cleared are gone where the next export is imported")
  func cleared() throws {
    let desk = try desk()
    let other = desk.folder + "/other"
    let customer = try desk.ok("customer", "new", "Maja", "--ref", "K1")
    let ticket = try desk.ok("ticket", "new", "Tap", "--ref", "R1", "--customer", customer, "--team", "x")
    _ = try desk.ok("fact", "set", customer, "floor", "3")
    _ = try carry(desk)
    #expect(desk.run("fact", "list", "K1", "--store", other).output.contains("floor"))
    _ = try desk.ok("fact", "retract", customer, "floor", "--because", "wants it forgotten")
    _ = try desk.ok("ticket", "set", ticket, "--clear", "team", "--priority", "high")
    let file = try carry(desk)
    #expect(!desk.run("fact", "list", "K1", "--store", other).output.contains("floor"))
    let fields = desk.run("ticket", "show", "R1", "--json", "--store", other).json?["fields"]
    #expect(fields?["team"] == nil && fields?["priority"]?.string == "high")
    expectNoChange(desk, file)
    // What is set again is no longer cleared.
    _ = try desk.ok("ticket", "set", ticket, "--team", "y")
    _ = try carry(desk)
    #expect(try !desk.read("entities").contains("\"team\":null"))
    #expect(
      desk.run("ticket", "show", "R1", "--json", "--store", other).json?["fields"]?["team"]?.string == "y")
  }

  @Test("What one profile of a person has stays when another one's was cleared")
  func profiles() throws {
    let desk = try desk()
    let first = try desk.ok("customer", "new", "Maja", "--ref", "K1", "city=Old")
    _ = try desk.ok("customer", "set", first, "--clear", "city")
    let second = try desk.ok("customer", "new", "Maja Lind", "--ref", "K2", "city=Lund")
    _ = try desk.ok("customer", "merge", first, second)
    let file = try carry(desk)
    #expect(try desk.read("entities").contains("\"city\":null"))
    let page = desk.run("customer", "show", "K1", "--json", "--store", desk.folder + "/other").json
    #expect(page?["fields"]?["city"]?.string == "Lund")
    expectNoChange(desk, file)
  }

  @Test("What another profile of the same person took back or replaced is in no export")
  func replacedByOther() throws {
    let desk = try desk()
    let other = desk.folder + "/other"
    let first = try desk.ok("customer", "new", "Maja", "--ref", "K1")
    let second = try desk.ok("customer", "new", "Maja", "--ref", "K2", "city=Lund", "--phone", "070123")
    _ = try desk.ok("fact", "set", second, "floor", "3rd")
    _ = try desk.ok("customer", "merge", first, second)
    _ = try carry(desk)
    #expect(desk.run("fact", "list", "K1", "--store", other).output.contains("3rd"))
    _ = try desk.ok("fact", "retract", first, "floor", "--because", "wants it forgotten")
    _ = try desk.ok("customer", "set", first, "city=Kiruna")
    let file = try carry(desk)
    for what in ["customers", "entities"] {
      let text = desk.run("export", what).output
      #expect(!text.contains("3rd") && !text.contains("Lund") && text.contains("070123"), "\(what)")
    }
    #expect(!desk.run("fact", "list", "K1", "--store", other).output.contains("3rd"))
    let page = desk.run("customer", "show", "K1", "--json", "--store", other).json
    #expect(page?["fields"]?["city"]?.string == "Kiruna")
    expectNoChange(desk, file)
  }
}
