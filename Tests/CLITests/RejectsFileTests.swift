import CLI
import Codec
import Foundation
import Testing

@Suite("The file of rejected records")
struct RejectsFileTests {
  /// A desk with a table of which one record is rejected.
  private func desk() throws -> (desk: TestDesk, table: String) {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    return (desk, try desk.write("ref,name\n1,Anna\n2\n", to: "c.csv"))
  }

  @Test("What somebody mends is kept when the file is imported again, and the new rejects go beside it")
  func mended() throws {
    let (desk, table) = try desk()
    #expect(desk.run("import", table, "--format", "customers").code == .partial)
    #expect(try desk.read("c.csv.rejects") == "ref,name\n2\n")
    _ = try desk.write("ref,name\n2,Bo\n", to: "c.csv.rejects")
    let again = desk.run("import", table, "--format", "customers")
    #expect(again.code == .partial)
    #expect(try desk.read("c.csv.rejects") == "ref,name\n2,Bo\n")
    #expect(try desk.read("c.csv.rejects.2") == "ref,name\n2\n")
    #expect(again.errors.contains("\(table).rejects was there already and is as it was"))
    #expect(again.errors.contains("rejected records are in \(table).rejects.2;"))
    #expect(desk.run("import", table + ".rejects", "--format", "customers").code == .ok)
    let json = desk.run("import", table, "--format", "customers", "--json").json
    #expect(json?["rejects"]?.string == table + ".rejects.2")
  }

  @Test("Where a file holds the very same already, that one is it")
  func same() throws {
    let (desk, table) = try desk()
    for _ in 0..<3 {
      let outcome = desk.run("import", table, "--format", "customers", "--json")
      #expect(outcome.code == .partial)
      #expect(outcome.json?["rejects"]?.string == table + ".rejects")
      #expect(!outcome.errors.contains("was there already"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: desk.folder).filter { $0.contains("rejects") }
          .count == 1)
    }
  }

  @Test("A file that was asked for is written anew, and one that is no file of ours is left alone")
  func given() throws {
    let (desk, table) = try desk()
    let given = try desk.write("old", to: "given")
    let outcome = desk.run("import", table, "--format", "customers", "--rejects", given)
    #expect(try desk.read("given") == "ref,name\n2\n")
    #expect(!outcome.errors.contains("was there already"))
    // Also where the default name leads to the file that is read.
    try FileManager.default.createSymbolicLink(atPath: table + ".rejects", withDestinationPath: table)
    #expect(desk.run("import", table, "--format", "customers").code == .partial)
    #expect(try desk.read("c.csv") == "ref,name\n1,Anna\n2\n")
    #expect(try desk.read("c.csv.rejects.2") == "ref,name\n2\n")
  }
}
