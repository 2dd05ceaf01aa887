import Codec
import Foundation
import Testing

@testable import CLI

@Suite("What an export and an import say of what they leave out")
struct ExportOptionTests {
  private func desk() throws -> TestDesk {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    return desk
  }

  @Test(
    "An option that means nothing for what is exported is refused",
    arguments: [
      ["changes", "--no-logs"], ["customers", "--no-logs"], ["entities", "--spreadsheet"],
      ["changes", "--spreadsheet"],
    ])
  func options(_ arguments: [String]) throws {
    let desk = try desk()
    let outcome = desk.run(["export"] + arguments)
    #expect(outcome.code == .usage)
    #expect(outcome.output.isEmpty && outcome.errors.contains(arguments[1]))
  }

  @Test("Names of fields may have spaces around them; a list without a name is refused")
  func fields() throws {
    let desk = try desk()
    _ = try desk.ok("customer", "new", "Anna", "--ref", "1")
    let outcome = desk.run("export", "customers", "--fields", " ref, name ,")
    #expect(outcome.output == "ref,name\r\n1,Anna\r\n" && outcome.errors.isEmpty)
    for nothing in ["", ",", " , "] {
      for what in ["customers", "entities"] {
        let refused = desk.run("export", what, "--fields=\(nothing)")
        #expect(refused.code == .usage && refused.output.isEmpty, "'\(nothing)'")
        #expect(refused.errors.contains("--fields names no field"))
      }
    }
  }

  @Test(
    "A type that nothing has is told, with the one that may be meant", arguments: ["entities", "changes"])
  func type(_ what: String) throws {
    let desk = try desk()
    _ = try desk.ok("customer", "new", "Anna")
    let outcome = desk.run("export", what, "--type", "customers")
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("nothing here is of type 'customers'; did you mean 'customer'?"))
    #expect(desk.run("export", what, "--type", "customer").errors.isEmpty)
  }

  @Test("Fields whose names look like another kind of column come back as they were")
  func names() throws {
    let desk = try desk()
    let line =
      ##"{"type":"customer","ref":"1","fields":{"name":"Anna","#rooms":"3","a:=":"4","b+=":"5","tags":"x"}}"##
    let entities = try desk.write(line + "\n", to: "e.jsonl")
    #expect(desk.run("import", entities, "--format", "entities").code == .ok)
    let table = desk.run("export", "customers")
    let file = try desk.write(table.output, to: "c.csv")
    let other = desk.folder + "/other"
    _ = try desk.ok("init", "--agent", "bo", "--store", other)
    #expect(desk.run("import", file, "--format", "customers", "--store", other).code == .ok)
    #expect(
      desk.run("export", "customers", "--store", other).output.split(whereSeparator: \.isNewline).count == 2)
    let fields = desk.run("entity", "show", "1", "--store", other, "--json").json?["fields"]
    #expect(["#rooms", "a:=", "b+=", "tags"].map { fields?[$0]?.string } == ["3", "4", "5", "x"])
  }

  @Test("The columns that follow from history hold that, also where people wrote fields of their names")
  func derived() throws {
    let desk = try desk()
    _ = try desk.write(
      #"{"kind": "customers", "id": "{n}", "fields": {"created": "{c}", "name": "{w}"}}"#, to: "m.json")
    let file = try desk.write("n,c,w\n1,2019,Anna\n", to: "c.csv")
    #expect(desk.run("import", file, "--mapping", desk.folder + "/m.json").code == .ok)
    let table = desk.run("export", "customers", "--fields", "ref,created")
    #expect(table.output.hasPrefix("ref,created\r\n1,20") && !table.output.contains("2019"))
    #expect(table.errors.contains("in a field 'created' is not in the table"))
  }

  @Test("A table from elsewhere is told which of its columns are passed over; an export is not")
  func passedOver() throws {
    let desk = try desk()
    let file = try desk.write("ref,name,created,#employees\nK1,Anna,2019-05-01,40\n", to: "c.csv")
    let outcome = desk.run("import", file, "--format", "customers")
    #expect(outcome.output == "1 imported, 0 unchanged, 0 rejected\n")
    #expect(outcome.errors.contains("created, #employees"))
    let own = try desk.write(desk.run("export", "customers").output, to: "own.csv")
    #expect(desk.run("import", own, "--format", "customers").errors.isEmpty)
  }

  @Test("What was imported is told although its rejects cannot be written")
  func rejects() throws {
    let desk = try desk()
    let file = try desk.write("ref,name\n1,Anna\n2\n", to: "c.csv")
    let outcome = desk.run(
      "import", file, "--format", "customers", "--rejects", desk.folder + "/none/c.rejects")
    #expect(outcome.code == .failed)
    #expect(outcome.output == "1 imported, 0 unchanged, 1 rejected\n")
    #expect(outcome.errors.contains("none/c.rejects"))
  }

  @Test("The file that is imported is not taken for the rejects")
  func same() throws {
    let desk = try desk()
    let file = try desk.write("ref,name\n1,Anna\n2\n", to: "c.csv")
    #expect(desk.run("import", file, "--format", "customers", "--rejects", file).code == .usage)
    #expect(try desk.read("c.csv") == "ref,name\n1,Anna\n2\n")
  }

  @Test("A list that was cut says so, and one that never shows more says how many it shows")
  func cut() throws {
    let desk = try desk()
    for name in ["Anna Lind", "Anna Berg", "Anna Holm"] { _ = try desk.ok("customer", "new", name) }
    for command in [["search", "anna"], ["customer", "find", "anna"], ["log"]] {
      let outcome = desk.run(command + ["--limit", "2"])
      #expect(outcome.output.hasSuffix("the first 2; --limit shows more\n"), "\(command)")
      #expect(!desk.run(command + ["--limit", "3"]).output.contains("--limit"), "\(command)")
    }
    let refused = desk.run("search", "anna", "--limit", "201")
    #expect(refused.code == .usage && refused.errors.contains("from 1 to 200"))
    #expect(desk.run("customer", "similar", "anna", "--limit", "51").code == .usage)
  }

  @Test("Whatever is said beside a line of progress takes its place")
  func progress() {
    var bytes: [UInt8] = []
    let terminal = Output(columns: 80) { piece in
      bytes += piece
      return 0
    }
    terminal.writePassing("10 %")
    terminal.writePassing("20 %")
    terminal.line("a note")
    terminal.line("another")
    terminal.writePassing("30 %")
    terminal.clearPassing()
    terminal.flush()
    let clear = "\r\u{1B}[K"
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == "10 %\(clear)20 %\(clear)a note\nanother\n30 %\(clear)")
  }
}
