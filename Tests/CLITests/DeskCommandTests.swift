import Agent
import Codec
import Foundation
import Testing

@testable import CLI

@Suite("Customers, tickets and entities")
struct DeskCommandTests {
  private func desk() throws -> TestDesk {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    return desk
  }

  @Test("A call: customer, ticket, reply, note, tags, and what is shown of it")
  func call() throws {
    let desk = try desk()
    let customer = try desk.ok(
      "customer", "new", "Anna Lind", "--phone", "+46 70 123", "--language", "sv", "fact.shoe_size:=38",
      "--country", "SE")
    #expect(customer.hasPrefix("customer/"))
    let ticket = try desk.ok(
      "ticket", "new", "The tap leaks", "--customer", customer, "--channel", "phone", "--message", "It drips",
      "--priority", "high", "--ref", "INC7")
    _ = try desk.ok("ticket", "reply", "INC7", "We come")
    _ = try desk.ok("ticket", "reply", "INC7", "Thanks", "--from-customer", "--channel", "email")
    _ = try desk.ok("ticket", "note", ticket, "He is at work until five")
    _ = try desk.ok("ticket", "tag", ticket, "leak", "warranty")
    _ = try desk.ok("ticket", "untag", ticket, "warranty")
    _ = try desk.ok(
      "ticket", "set", ticket, "--status", "open", "--assignee", "anna", "serial=A-1", "--clear", "priority")

    let shown = desk.run("ticket", "show", "INC7", "--json").json
    #expect(shown?["id"]?.string == ticket)
    #expect(shown?["customerName"]?.string == "Anna Lind")
    #expect(shown?["fields"]?["status"]?.string == "open")
    #expect(shown?["fields"]?["serial"]?.string == "A-1")
    #expect(shown?["fields"]?["priority"] == nil)
    #expect(shown?["sets"]?["tags"]?.elements?.map(\.plain) == ["leak"])
    let timeline = shown?["logs"]?["timeline"]?.elements ?? []
    #expect(timeline.map { $0["value"]?["kind"]?.plain } == ["message", "message", "message", "note"])
    #expect(timeline.map { $0["value"]?["direction"]?.plain } == ["in", "out", "in", nil])
    #expect(timeline.map { $0["value"]?["channel"]?.plain } == ["phone", "phone", "email", nil])

    let text = desk.run("ticket", "show", "INC7").output
    for word in ["The tap leaks", "Anna Lind", "open", "A-1", "leak", "phone from customer", "internal note"]
    {
      #expect(text.contains(word))
    }
    let page = desk.run("customer", "show", customer).output
    for word in ["Anna Lind", "+46 70 123", "shoe_size  38", "The tap leaks"] { #expect(page.contains(word)) }
  }

  @Test("Lists: filters, limits, and every row decodes")
  func lists() throws {
    let desk = try desk()
    let customer = try desk.ok("customer", "new", "Bo Ek", "--email", "bo@example.org", "--tag", "vip")
    for number in 1...4 {
      // No two of one millisecond, so that one is the newest.
      usleep(2000)
      _ = try desk.ok(
        "ticket", "new", "Ticket \(number)", "--customer", customer, "--assignee", number < 3 ? "anna" : "bo")
    }
    let other = try desk.ok("ticket", "new", "Nobody's")
    _ = try desk.ok("ticket", "set", other, "--status", "solved", "--because", "a test call")
    func subjects(_ arguments: String...) -> [String?]? {
      let outcome = desk.run(["ticket", "list", "--json"] + arguments)
      return outcome.json?.elements?.map { $0["subject"]?.string }
    }
    #expect(subjects()?.count == 4)
    #expect(subjects("--status", "all")?.count == 5)
    #expect(subjects("--status", "solved") == ["Nobody's"])
    #expect(subjects("--mine") == ["Ticket 2", "Ticket 1"])
    #expect(subjects("--unassigned", "--status", "all") == ["Nobody's"])
    #expect(subjects("--customer", customer, "--limit", "1") == ["Ticket 4"])
    #expect(subjects("--since", "1h")?.count == 4)
    #expect(subjects("--since", "2999-01-01")?.isEmpty == true)
    let row = desk.run("ticket", "list", "--json").json?.elements?.first
    let members = row?.members?.map(\.key) ?? []
    #expect(members.starts(with: ["id", "short", "subject", "status", "priority", "team", "assignee"]))
    #expect(desk.run("ticket", "list", "--limit", "2").output.contains("2 of 4 open tickets"))
    #expect(desk.run("customer", "list").output.contains("Bo Ek"))
    #expect(
      desk.run("customer", "list", "--json").json?.elements?.first?["tags"]?.elements?.first?.string == "vip")
    #expect(
      desk.run("customer", "find", "bo@example.org", "--json").json?.elements?.first?["name"]?.string
        == "Bo Ek")
    #expect(desk.run("customer", "find", "nobody").code == .notFound)
    #expect(desk.run("customer", "find", "nobody", "--json").output == "[]\n")
  }

  @Test("By when a ticket is due: a time, or so long from now")
  func due() throws {
    let desk = try desk()
    let id = try desk.ok("ticket", "new", "Soon", "--due", "2999-01-02 03:04")
    func due() -> String { desk.run("ticket", "show", id, "--json").json?["fields"]?["due"]?.string ?? "" }
    #expect(due().hasPrefix("2999-01-0"))
    _ = try desk.ok("ticket", "set", id, "--due", "2d")
    #expect(try Moment.parse(due(), now: 0) > Environment.system.now() + 172_000_000)
    _ = try desk.ok("ticket", "new", "Later", "--due", "3d")
    #expect(
      desk.run("ticket", "list", "--order", "due", "--json").json?.elements?.map { $0["subject"]?.string }
        == ["Soon", "Later"])
    let soon = desk.run("ticket", "set", id, "--due", "soon")
    #expect(soon.code == .usage && soon.errors.contains("how long from now"))
    #expect(desk.run("ticket", "list", "--since", "soon").errors.contains("how long ago"))
    #expect(desk.run("ticket", "set", id, "--due", "2d", "due=x").code == .usage)
  }

  @Test("Entities of any type, with every verb")
  func entities() throws {
    let desk = try desk()
    let id = try desk.ok("entity", "new", "product", "name=Tap", "price:=49.5")
    _ = try desk.ok("entity", "set", id, "colour=red", "--clear", "name")
    _ = try desk.ok("entity", "set", id, "--json-value", #"sizes=[1,2]"#)
    _ = try desk.ok("entity", "add", id, "shops", "nord", "syd")
    _ = try desk.ok("entity", "drop", id, "shops", "syd")
    _ = try desk.ok("entity", "log", id, "journal", "moved")
    _ = try desk.ok("entity", "log", id, "journal", "--json-value", #"{"shelf":4}"#)
    _ = try desk.ok("entity", "count", id, "stock", "5")
    _ = try desk.ok("entity", "count", id, "stock", "-2")
    let state = desk.run("entity", "show", id, "--json").json
    #expect(state?["fields"]?.text == #"{"colour":"red","price":49.5,"sizes":[1,2]}"#)
    #expect(state?["sets"]?.text == #"{"shops":["nord"]}"#)
    #expect(state?["counts"]?.text == #"{"stock":3}"#)
    #expect(
      state?["logs"]?["journal"]?.elements?.map { $0["value"]?.text } == [#""moved""#, #"{"shelf":4}"#])
    let lines = desk.run("entity", "show", id, "--changes").output.split(separator: "\n")
    #expect(lines.count == 9)
    #expect(lines.allSatisfy { (try? JSONText(parsing: $0.utf8))?["on"]?.string == id })
  }

  @Test("What is so already makes no change, and says so")
  func nothingToDo() throws {
    let desk = try desk()
    let id = try desk.ok("entity", "new", "product", "name=Tap")
    #expect(desk.run("entity", "set", id, "name=Tap").line == "\(id) is so already")
    #expect(desk.run("entity", "set", id, "name=Tap", "--json").json?.text == #"{"on":"\#(id)"}"#)
    #expect(desk.run("entity", "set", id, "name=Tab", "--json").json?["change"] != nil)
  }

  @Test("A name, a tag or a follower of nothing is refused, and a ticket that is solved from the start")
  func empty() throws {
    let desk = try desk()
    let ticket = try desk.ok("ticket", "new", "Tap")
    let customer = try desk.ok("customer", "new", "Maja")
    for arguments in [
      ["customer", "new", ""], ["customer", "new", " "], ["ticket", "new", "A", "--tag", ""],
      ["ticket", "new", " "], ["article", "new", "", "x"], ["organisation", "new", " "],
      ["ask", customer, ""], ["ask", customer, "  "],
      ["ticket", "set", ticket, "--tag", ""], ["ticket", "tag", ticket, ""],
      ["ticket", "follow", ticket, "--agent", ""],
    ] {
      let outcome = desk.run(arguments)
      #expect(outcome.code == .usage && outcome.errors.contains("empty"), "\(arguments)")
    }
    for arguments in [["--status", "solved"], ["status=closed"]] {
      let outcome = desk.run(["ticket", "new", "A"] + arguments)
      #expect(outcome.code == .conflict && outcome.errors.contains("ticket solve"))
    }
    #expect(desk.run("ticket", "list", "--status", "all", "--json").json?.elements?.count == 1)
  }

  @Test("An entity is found by the start of its id, its number, and told when several fit")
  func names() throws {
    let desk = try desk()
    let first = try desk.ok("ticket", "new", "One", "--ref", "A1")
    _ = try desk.ok("ticket", "new", "Two", "--ref", "A2")
    let short = try #require(desk.run("ticket", "show", first, "--json").json?["short"]?.string)
    #expect(desk.run("ticket", "show", short, "--json").json?["id"]?.string == first)
    #expect(desk.run("ticket", "show", "A1", "--json").json?["id"]?.string == first)
    let several = desk.run("ticket", "show", String(short.prefix(4)))
    #expect(several.code == .ambiguous)
    #expect(several.errors.contains("One") && several.errors.contains("Two"))
    #expect(desk.run("entity", "show", "ticket/\(short)").code == .ok)
    let customer = try desk.ok("customer", "new", "Bo")
    _ = try desk.ok("promise", "add", "A visit", "--customer", customer)
    _ = try desk.ok("promise", "add", "A refund", "--customer", customer)
    let promises = desk.run("promise", "kept", String(short.prefix(4))).errors
    #expect(promises.contains("A visit") && promises.contains("A refund"))
    let unknown = desk.run("ticket", "show", "zzzz")
    #expect(unknown.code == .notFound)
    #expect(unknown.errors.contains("there is no ticket 'zzzz'"))
    #expect(desk.run("customer", "show", first).code == .notFound)
  }

  @Test(
    "Bad input is refused before anything happens",
    arguments: [
      ["customer", "new"], ["customer", "new", "Anna", "name=Bo"], ["customer", "set", "x"],
      ["ticket", "new", "S", "--status", "done"], ["ticket", "set", "x", "--status", "open", "status=new"],
      ["ticket", "list", "--since", "yesterday"], ["ticket", "list", "--limit", "0"],
      ["ticket", "list", "--mine", "--unassigned"],
      ["entity", "set", "x"], ["entity", "set", "x", "a"], ["entity", "set", "x", "a:=}"],
      ["entity", "count", "x", "f", "0"], ["entity", "count", "x", "f", "9007199254740993"],
      ["entity", "count", "x", "f", "much"], ["export", "things"], ["ticket", "reply", "x", " "], ["nothing"],
      ["ticket"],
      ["ticket", "shwo"], ["join", "desk.example.org", "--code", "c"], ["join", "https://desk.example.org"],
    ])
  func badInput(_ arguments: [String]) throws {
    let desk = try TestDesk()
    let outcome = desk.run(arguments)
    #expect(outcome.code == .usage)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("askonce: "))
  }

  @Test("A store that is not there, or there already")
  func stores() throws {
    let desk = try TestDesk()
    #expect(desk.run("status").code == .notFound)
    #expect(desk.run("customer", "list").errors.contains("askonce init"))
    _ = try desk.ok("init")
    #expect(desk.run("init").code == .conflict)
    #expect(desk.run("entity", "new", "Bad Type").code == .failed)
    #expect(desk.run("sync").code != .ok)
  }

  @Test("With --json an error is JSON too")
  func jsonErrors() throws {
    let desk = try TestDesk()
    let outcome = desk.run("status", "--json")
    let error = try JSONText(parsing: outcome.errors.utf8)
    #expect(error["error"]?.string == "not-found")
    #expect(error["code"]?.int == 3)
    #expect(error["message"]?.string?.contains("no store") == true)
  }

  @Test("Nothing that a customer typed reaches the terminal as a command")
  func escapes() throws {
    let desk = try desk()
    let id = try desk.ok(
      "ticket", "new", "\u{1B}]0;owned\u{07}title\nsecond", "--message", "a\u{1B}[2Jb\u{9B}31m\nline")
    for arguments in [["ticket", "show", id], ["ticket", "list"], ["entity", "show", id]] {
      let output = desk.run(arguments, columns: 100, hasColour: true).output
      let bare = output.replacing("\u{1B}[0m", with: "").replacing(/\u{1B}\[[0-9]+m/, with: "")
      #expect(!bare.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || 0x7F..<0xA0 ~= $0.value })
    }
    #expect(
      desk.run("ticket", "show", id, "--json").json?["fields"]?["subject"]?.string?.contains("owned") == true)
  }

  @Test("On a terminal a row is one line, with colours only where they may be")
  func terminals() throws {
    let desk = try desk()
    _ = try desk.ok("ticket", "new", String(repeating: "很长的标题 ", count: 12), "--priority", "urgent")
    let plain = desk.run(["ticket", "list"], columns: 80)
    for line in plain.output.split(separator: "\n") { #expect(Plain.width(String(line)) <= 80) }
    #expect(!plain.output.contains("\u{1B}"))
    #expect(desk.run(["ticket", "list"], columns: 80, hasColour: true).output.contains("\u{1B}[31murgent"))
    #expect(desk.run("ticket", "list").output.contains(String(repeating: "很长的标题 ", count: 11)))
  }
}
