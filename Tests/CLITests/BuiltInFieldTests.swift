import Agent
import Codec
import Testing

@testable import CLI

@Suite("Fields that mean something to the desk")
struct BuiltInFieldTests {
  private func desk() throws -> (desk: TestDesk, customer: String, ticket: String) {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    let customer = try desk.ok("customer", "new", "Maja Lind", "--ref", "K1")
    let ticket = try desk.ok("ticket", "new", "The tap leaks")
    return (desk, customer, ticket)
  }

  private func field(_ desk: TestDesk, _ ticket: String, _ name: String) -> String? {
    desk.run("ticket", "show", ticket, "--json").json?["fields"]?[name]?.string
  }

  @Test("FIELD=VALUE is checked as the options are, and changes nothing where it is refused")
  func assignments() throws {
    let (desk, customer, ticket) = try desk()
    let digest = desk.run("digest").line
    for text in [
      "status=banana", "status=Open", "status:=5", "status=", "status:=null", "priority=xx", "channel=fax",
      "due=garbage", "due=", "subject:=[\"a\"]", "subject=", "subject= ", "customer=", "customer:={}",
      "team:=5", "assignee:=[]",
    ] {
      for arguments in [["ticket", "set", ticket, text], ["ticket", "new", "Another", text]] {
        #expect(desk.run(arguments).code == .usage, "\(arguments)")
      }
    }
    for text in ["name:={\"a\":1}", "name=", "name= ", "channel=fax", "channel:=1", "language:=1"] {
      #expect(desk.run("customer", "set", customer, text).code == .usage, "\(text)")
    }
    for arguments in [
      ["ticket", "set", ticket, "--subject", " "], ["customer", "set", customer, "--name", ""],
    ] {
      #expect(desk.run(arguments).code == .usage, "\(arguments)")
    }
    #expect(desk.run("ticket", "set", ticket, "customer=garbage").code == .notFound)
    #expect(desk.run("ticket", "set", ticket, "status=solved ").code == .conflict)
    #expect(desk.run("ticket", "set", ticket, "status:=\"solved\"").code == .conflict)
    #expect(
      desk.run("ticket", "set", ticket, "status=opne").errors.contains(
        "'status' is one of new, open, pending, on-hold, solved, closed, not 'opne'; did you mean 'open'?"))
    #expect(desk.run("digest").line == digest)
  }

  @Test("What names a thing is no empty text and is said once, by operand, option or FIELD=VALUE")
  func titles() throws {
    let desk = try desk().desk
    let article = try desk.ok("article", "new", "Returns", "Send it back")
    let digest = desk.run("digest").line
    for arguments in [
      ["ticket", "new", " "], ["customer", "new", ""], ["organisation", "new", " "],
      ["article", "new", " ", "Text"],
      ["article", "set", article, "--title", " "], ["article", "set", article],
    ] {
      #expect(desk.run(arguments).code == .usage, "\(arguments)")
    }
    for (arguments, field) in [
      (["ticket", "new", "A", "subject=B"], "subject"), (["customer", "new", "A", "name=B"], "name"),
      (["organisation", "new", "A", "name=B"], "name"),
      (["article", "new", "A", "Text", "title=B"], "title"),
      (["article", "new", "A", "Text", "body=B"], "body"),
      (["article", "set", article, "--title", "A", "title=B"], "title"),
      (["article", "set", article, "--body", "A", "body=B"], "body"),
    ] {
      let done = desk.run(arguments)
      #expect(done.code == .usage && done.errors.contains("'\(field)' is set twice"), "\(arguments)")
    }
    #expect(desk.run("digest").line == digest)
    _ = try desk.ok("article", "set", article, "--title", "Sending back", "--body", "Within 60 days")
    let shown = desk.run("article", "show", article, "--json").json?["fields"]
    #expect(shown?["title"]?.string == "Sending back" && shown?["body"]?.string == "Within 60 days")
  }

  @Test(
    "A set is added to, not set; what was written under its name all the same hides none of its elements in a table"
  )
  func sets() throws {
    let (desk, customer, ticket) = try desk()
    for arguments in [
      ["customer", "set", customer, "phones=+4611111111"], ["customer", "new", "Bo", "tags=vip"],
      ["customer", "set", customer, "same=x"], ["ticket", "set", ticket, "tags=vip"],
      ["ticket", "set", ticket, "timeline=foo"],
    ] {
      let done = desk.run(arguments)
      #expect(done.code == .usage && done.errors.contains("any number of elements"), "\(arguments)")
    }
    _ = try desk.ok("customer", "set", customer, "--phone", "+46701234567")
    _ = try desk.ok("entity", "set", customer, "phones=+4611111111")
    let table = desk.run("export", "customers").output
    #expect(table.contains("+46701234567") && !table.contains("+4611111111"))
    let file = try desk.write(table, to: "customers.csv")
    let digest = desk.run("digest").line
    #expect(desk.run("import", file, "--format", "customers").code == .ok)
    #expect(desk.run("digest").line == digest)
  }

  @Test("What is right is kept as an option's value is")
  func kept() throws {
    let (desk, customer, ticket) = try desk()
    _ = try desk.ok("ticket", "set", ticket, "status=on-hold ", "priority=high", "customer=K1", "due=2d")
    #expect(field(desk, ticket, "status") == "on-hold")
    #expect(field(desk, ticket, "priority") == "high")
    #expect(field(desk, ticket, "customer") == customer)
    let due = try Moment.parse(field(desk, ticket, "due") ?? "", now: 0)
    #expect(due > Environment.system.now() + 172_000_000)
    #expect(desk.run("ticket", "new", "Another", "customer=K1", "--customer", "K1").code == .usage)
    let other = try desk.ok("ticket", "new", "Another", "customer=K1")
    #expect(field(desk, other, "customer") == customer)
    // Fields of one's own hold anything, and so does what is set raw.
    _ = try desk.ok("ticket", "set", ticket, "serial:=5", "size:=[1,2]")
    _ = try desk.ok("entity", "set", ticket, "status=banana")
    #expect(field(desk, ticket, "status") == "banana")
  }

  @Test("A list of a status or priority that nobody has and nothing knows is refused")
  func lists() throws {
    let (desk, _, ticket) = try desk()
    for arguments in [["--status", "foo"], ["--status", "new", "--status", "foo"], ["--priority", "foo"]] {
      let outcome = desk.run(["ticket", "list"] + arguments)
      #expect(outcome.code == .usage && outcome.errors.contains("not 'foo'"), "\(arguments)")
    }
    #expect(desk.run("ticket", "list", "--status", "pending").code == .ok)
    #expect(desk.run("ticket", "list", "--priority", "urgent").code == .ok)
    // What an import brought is found by its own word.
    _ = try desk.ok("entity", "set", ticket, "status=foo", "priority=foo")
    #expect(desk.run("ticket", "list", "--status", "foo").output.contains("The tap leaks"))
    #expect(desk.run("ticket", "list", "--priority", "foo").output.contains("The tap leaks"))
  }

  @Test("A list in the order of due times shows them")
  func dueColumn() throws {
    let (desk, _, ticket) = try desk()
    _ = try desk.ok("ticket", "set", ticket, "--due", "2999-01-02 03:04")
    let lines = desk.run("ticket", "list", "--order", "due").output.split(separator: "\n")
    #expect(lines.first?.contains("  DUE  ") == true)
    #expect(lines.last?.contains(Moment.local(try Moment.parse("2999-01-02 03:04", now: 0))) == true)
    #expect(!desk.run("ticket", "list").output.contains("DUE"))
  }
}
