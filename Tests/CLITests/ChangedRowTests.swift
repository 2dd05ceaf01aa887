import Agent
import Codec
import Merge
import TestSupport
import Testing

@testable import CLI

@Suite("Rows of a table that come again with another cell")
struct ChangedRowTests {
  private static let header = "ref,name,emails,address.city,fact.shoe_size"

  /// A store with the table as it was, and what the later ones do.
  private func desk(_ row: String = "K1,Lars,lars@example.org,Malmö,41") throws -> TestDesk {
    let desk = try TestDesk()
    try #require(desk.run("init", "--agent", "anna").code == .ok)
    try load(desk, row)
    return desk
  }

  private func load(_ desk: TestDesk, _ row: String) throws {
    let file = try desk.write("\(Self.header)\n\(row)\n", to: "customers.csv")
    _ = try desk.ok("import", file, "--format", "customers")
  }

  @Test("What people made of the other cells stays")
  func otherCells() throws {
    let desk = try desk()
    _ = try desk.ok(
      "customer", "set", "K1", "--city", "Lund", "--drop-email", "lars@example.org", "--email",
      "lars2@example.org")
    _ = try desk.ok("fact", "set", "K1", "shoe_size", "42")
    try load(desk, "K1,Lars A,lars@example.org,Malmö,41")
    let shown = desk.run("customer", "show", "K1").output
    #expect(
      shown.contains("Lars A") && shown.contains("Lund") && shown.contains("lars2@example.org"), "\(shown)")
    #expect(!shown.contains("Malmö") && !shown.contains("lars@example.org"), "\(shown)")
    #expect(desk.run("ask", "K1", "shoe_size", "--no-log").output.contains("42"))
    // And once more, with what is newer than that.
    try load(desk, "K1,Lars B,lars@example.org,Kiruna,41")
    let again = desk.run("customer", "show", "K1").output
    #expect(
      again.contains("Lars B") && again.contains("Kiruna") && !again.contains("lars@example.org"), "\(again)")
    #expect(desk.run("ask", "K1", "shoe_size", "--no-log").output.contains("42"))
  }

  @Test(
    "A cell that goes back to what it said before is news, also where people had set in between what it said then"
  )
  func backAgain() throws {
    let desk = try desk()
    _ = try desk.ok("customer", "set", "K1", "--city", "Lund")
    try load(desk, "K1,Lars,lars@example.org,Lund,41")
    // The table agreed with what people had said; nothing of that is news when another cell changes.
    _ = try desk.ok("customer", "set", "K1", "--city", "Kiruna")
    try load(desk, "K1,Lars A,lars@example.org,Lund,41")
    #expect(desk.run("customer", "show", "K1").output.contains("Kiruna"))
    try load(desk, "K1,Lars A,lars@example.org,Malmö,41")
    #expect(desk.run("customer", "show", "K1").output.contains("Malmö"))
  }

  @Test("A row about a customer whom people wrote down says what it says, and is known from then on")
  func writtenDownBefore() throws {
    let desk = try TestDesk()
    try #require(desk.run("init", "--agent", "anna").code == .ok)
    _ = try desk.ok("customer", "new", "Lars", "--ref", "K1", "--city", "Malmö")
    try load(desk, "K1,Lars,,Malmö,41")
    _ = try desk.ok("customer", "set", "K1", "--city", "Lund")
    try load(desk, "K1,Lars,,Malmö,43")
    #expect(desk.run("customer", "show", "K1").output.contains("Lund"))
    #expect(desk.run("ask", "K1", "shoe_size", "--no-log").output.contains("43"))
  }

  /// A store in which somebody put right what the table said, and a retention took what it had said.
  private func thinned(_ first: (TestDesk) throws -> Void) throws -> TestDesk {
    let desk = try TestDesk()
    let clock = Ticks()
    desk.system = Environment(now: { clock.next() }, random: Environment.system.random)
    try #require(desk.run("init", "--agent", "anna").code == .ok)
    try first(desk)
    _ = try desk.ok("retention", "--days", "1")
    clock.advance(3_600_000)
    _ = try desk.ok("customer", "set", "K1", "--name", "Lars Lind")
    clock.advance(10 * 86_400_000)
    #expect(desk.run("compact", "--json").json?["thinned"]?.int == 1)
    return desk
  }

  @Test(
    "What people made of a cell stays, also where a retention took what the table had said",
    arguments: [true, false])
  func thinnedCells(_ isSame: Bool) throws {
    let desk = try thinned { try load($0, "K1,Lars,,Malmö,41") }
    try load(desk, isSame ? "K1,Lars,,Lund,41" : "K1,Lars A,,Lund,41")
    let shown = desk.run("customer", "show", "K1").output
    #expect(shown.contains(isSame ? "Lars Lind" : "Lars A") && shown.contains("Lund"), "\(shown)")
    try load(desk, isSame ? "K1,Lars B,,Lund,41" : "K1,Lars A,,Kiruna,41")
    #expect(desk.run("customer", "show", "K1").output.contains(isSame ? "Lars B" : "Kiruna"))
  }

  /// Its row keeps nothing of its values, so that the next one is taken for the same and tells from then on.
  @Test("What an earlier version imported and a retention took is taken for what the table says next")
  func thinnedRowOfEarlierVersion() throws {
    let other = try TestDesk()
    try #require(other.run("init", "--agent", "anna").code == .ok)
    try load(other, "K1,Lars,,Malmö,41")
    let changes = try other.ok("export", "changes").split(separator: "\n")
    let keys = try changes.compactMap { try JSONText(parsing: $0.utf8)["imp"]?.string }
    let key = try #require(keys.first)
    let desk = try thinned { desk in
      var draft = Draft(set: ["ref": "K1", "name": "Lars", "address.city": "Malmö"])
      draft.extra = [("imp", JSONText(key))]
      let store = try Store(at: desk.folder + "/store", .writing, environment: desk.system)
      try store.commit(Edit(.new(type: "customer"), draft))
    }
    try load(desk, "K1,Lars,,Lund,41")
    let shown = desk.run("customer", "show", "K1").output
    #expect(shown.contains("Lars Lind") && shown.contains("Lund"), "\(shown)")
    try load(desk, "K1,Lars,,Kiruna,41")
    #expect(desk.run("customer", "show", "K1").output.contains("Lars Lind"))
    try load(desk, "K1,Lars B,,Kiruna,41")
    #expect(desk.run("customer", "show", "K1").output.contains("Lars B"))
  }
}
