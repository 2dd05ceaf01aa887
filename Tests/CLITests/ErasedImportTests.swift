import Codec
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
      #expect(desk.run("import", file, "--format", format).code == .partial)
      #expect(desk.run("digest").line == digest, "\(format)")
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
    #expect(desk.run("digest").line == digest)
  }
}
