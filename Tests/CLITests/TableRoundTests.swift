import Codec
import Testing

@testable import CLI

@Suite("Tables that go to another workspace")
struct TableRoundTests {
  private func desk() throws -> TestDesk {
    let desk = try TestDesk()
    for store in ["store", "other"] {
      try #require(desk.run("init", "--agent", "anna", "--store", desk.folder + "/" + store).code == .ok)
    }
    return desk
  }

  @Test(
    "Merged and split tickets are found where their table is imported; links, which have ids, are left out")
  func mergedAndSplit() throws {
    let desk = try desk()
    let other = desk.folder + "/other"
    let customer = try desk.ok("customer", "new", "Maja", "--ref", "K1")
    _ = try desk.ok("customer", "merge", customer, try desk.ok("customer", "new", "Maja", "--ref", "K2"))
    let first = try desk.ok(
      "ticket", "new", "One", "--ref", "R1", "--customer", customer, "--message", "Hi")
    let entry = String(try #require(first.split(separator: "/").last))
    let split = try desk.ok("ticket", "split", first, "Two", "--entry", entry)
    _ = try desk.ok("ticket", "set", split, "ref=R2")
    let third = try desk.ok("ticket", "new", "Three", "--ref", "R3", "--customer", customer)
    let fourth = try desk.ok("ticket", "new", "Four", "--ref", "R4", "--customer", customer)
    _ = try desk.ok("ticket", "merge", third, fourth)
    _ = try desk.ok("ticket", "link", first, third)
    for table in ["customers", "tickets"] {
      let text = desk.run("export", table).output
      let header = try #require(text.split(separator: "\r\n").first).split(separator: ",")
      for column in ["split:=", "links+=", "same+="] { #expect(!header.contains(Substring(column))) }
      let file = try desk.write(text, to: table)
      let outcome = desk.run("import", file, "--format", table, "--store", other)
      #expect(outcome.code == .ok && outcome.errors == "", "\(outcome.errors)")
      // Where it came from it changes nothing.
      let digest = desk.run("digest").line
      #expect(desk.run("import", file, "--format", table).output.hasPrefix("0 imported"))
      #expect(desk.run("digest").line == digest)
    }
    for number in ["R1", "R2", "R3", "R4"] {
      #expect(desk.run("ticket", "show", number, "--store", other).code == .ok, "\(number)")
    }
    func subjects(_ store: String) -> [String]? {
      desk.run("ticket", "list", "--json", "--store", desk.folder + "/" + store).json?.elements?
        .compactMap { $0["subject"]?.string }.sorted()
    }
    #expect(subjects("other") == subjects("store"))
  }

  @Test("A column with ids of another workspace is passed over, and named")
  func ids() throws {
    let desk = try desk()
    let first = try desk.ok("ticket", "new", "One", "--ref", "R1")
    _ = try desk.ok("ticket", "link", first, try desk.ok("ticket", "new", "Two", "--ref", "R2"))
    let table = desk.run("export", "tickets", "--fields", "ref,subject,links").output
    #expect(table.contains("links+=") && table.contains("related ticket/"))
    let file = try desk.write(table, to: "t.csv")
    let other = desk.folder + "/other"
    let outcome = desk.run("import", file, "--format", "tickets", "--store", other)
    #expect(outcome.code == .ok && outcome.errors.contains("mean nothing here: links+=;"))
    #expect(!desk.run("ticket", "show", "R1", "--store", other).output.contains("related"))
  }
}
