import Codec
import Foundation
import Testing

@testable import CLI

/// Triage, outreach, surveys and reports, as typed.
@Suite("Running a desk on the command line")
struct DeskRunCommandTests {
  private func desk() throws -> TestDesk {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    return desk
  }

  @Test("Triage: rules, what would go where, applied once; bad rules are refused")
  func triage() throws {
    let desk = try desk()
    _ = try desk.ok("ticket", "new", "The tap leaks", "--channel", "web")
    _ = try desk.ok("ticket", "new", "An invoice", "--priority", "urgent")
    #expect(desk.run("triage").output.contains("none"))
    #expect(desk.run("triage", "rule", "list").errors.contains("no rule here"))
    _ = try desk.ok(
      "triage", "rule", "set", "leaks", "--words", "leak*", "--team", "plumbing", "--priority", "high")
    _ = try desk.ok("triage", "rule", "set", "rest", "--team", "front", "--order", "999", "--priority", "low")
    let rules = try #require(desk.run("triage", "rule", "list", "--json").json?.elements)
    #expect(rules.map { $0["name"]?.string } == ["leaks", "rest"])
    #expect(rules[0]["words"]?.elements?.map(\.plain) == ["leak*"])
    #expect(desk.run("triage", "rule", "list").output.contains("every ticket"))

    let waiting = try #require(desk.run("triage", "--json").json?.elements)
    #expect(waiting.map { $0["rule"]?.string } == ["rest", "leaks"])
    #expect(waiting.allSatisfy { $0["change"] == nil })
    #expect(desk.run("triage").errors.contains("--apply"))
    let done = desk.run("triage", "--apply")
    #expect(done.output.contains("routed 2 tickets"))
    #expect(desk.run("triage").errors.contains("no unrouted ticket here"))
    let rows = try #require(desk.run("ticket", "list", "--json").json?.elements)
    #expect(Set(rows.compactMap { $0["team"]?.string }) == ["plumbing", "front"])
    // A rule raises a priority and never lowers it.
    #expect(Set(rows.compactMap { $0["priority"]?.string }) == ["high", "urgent"])
    let history = desk.run("history", "--json", rows[0]["id"]?.string ?? "").output
    #expect(history.contains("triaged"))

    for arguments in [
      ["triage", "rule", "set", "x"], ["triage", "rule", "set", "x", "--team", "a", "--priority", "huge"],
      ["triage", "rule", "set", "x", "--team", "a", "--channel", "pigeon"],
      ["triage", "rule", "set", "x", "--team", "a", "--words", ""],
      ["triage", "rule", "set", "x\"y", "--team", "a"],
    ] {
      #expect(desk.run(arguments).code == .usage, "\(arguments)")
    }
    #expect(desk.run("triage", "rule", "set", "x", "--team", "a", "--words", "?").code == .failed)
    _ = try desk.ok("triage", "rule", "drop", "rest")
    #expect(desk.run("triage", "rule", "drop", "rest").code == .notFound)
  }

  @Test("Outreach: listed, applied, and not twice; what is known of it need not be said again")
  func outreach() throws {
    let desk = try desk()
    let maja = try desk.ok("customer", "new", "Maja", "--email", "maja@example.org", "--city", "Malmö")
    let ida = try desk.ok("customer", "new", "Ida", "--email", "ida@example.org", "--city", "Malmö")
    _ = try desk.ok("consent", "withdraw", ida, "contact")
    let words = ["--subject", "No water", "--message", "Hello {name}"]
    #expect(desk.run(["outreach", "Outage"] + words).code == .failed)
    #expect(desk.run("outreach", "Outage", "--place", "Malmö").code == .failed)
    #expect(desk.run("outreach", "!", "--place", "Malmö").code == .usage)
    #expect(desk.run("outreach", "a", "--apply", "--dry-run").code == .usage)
    let listed = desk.run(["outreach", "Outage", "--place", "malmo"] + words)
    #expect(listed.output.contains("would tell 1 customer; --apply does it"))
    #expect(listed.output.contains("no consent to contact"))
    #expect(desk.run("ticket", "list", "--json").json?.elements?.isEmpty == true)
    let told = desk.run(["outreach", "Outage", "--place", "malmo", "--json", "--apply"] + words).json
    #expect(told?["opened"]?.int == 1)
    #expect(told?["leftOut"]?.elements?.first?["why"]?.string == "consent")
    let recipient = try #require(told?["recipients"]?.elements?.first)
    #expect(recipient["customer"]?.string == maja)
    let again = desk.run("outreach", "outage", "--apply", "--json").json
    #expect(again?["opened"]?.int == 0)
    #expect(again?["reached"]?.elements?.first?["ticket"] == recipient["ticket"])
    let short = try #require(desk.run("ticket", "list", "--json").json?.elements?.first?["short"]?.string)
    let page = desk.run("ticket", "show", short).output
    #expect(page.contains("Hello Maja") && page.contains("outreach     outage"))
    #expect(desk.run("outreach", "list").output.contains("No water"))
    #expect(desk.run("outreach", "list", "--json").json?.elements?.first?["tickets"]?.int == 1)
    // To another workspace, with the settings: its ticket is the one that an outreach would open there.
    _ = try desk.ok("triage", "rule", "set", "leaks", "--words", "leak", "--team", "plumbing")
    let file = try desk.write(desk.run("export", "changes").output, to: "all.jsonl")
    desk.variables["ASKONCE_STORE"] = desk.folder + "/other"
    _ = try desk.ok("init", "--agent", "bo")
    _ = try desk.ok("customer", "new", "Somebody else")
    #expect(desk.run("import", file).code == .ok)
    #expect(desk.run("triage", "rule", "list").output.contains("plumbing"))
    let there = desk.run("outreach", "outage", "--json").json
    #expect(there?["recipients"]?.elements?.isEmpty == true)
    #expect(there?["reached"]?.elements?.count == 1)
    #expect(there?["reached"]?.elements?.first?["ticket"] != recipient["ticket"])
  }

  @Test(
    "Surveys and the report: as table, JSON and CSV, with bars that stay plain where there is no terminal")
  func report() throws {
    let desk = try desk()
    #expect(desk.run("report").output.contains("no customer waited for an answer"))
    let customer = try desk.ok("customer", "new", "Maja")
    let ticket = try desk.ok(
      "ticket", "new", "Tap", "--customer", customer, "--channel", "phone", "--team", "plumbing", "--message",
      "It drips")
    _ = try desk.ok("ticket", "reply", ticket, "We come", "--channel", "phone")
    _ = try desk.ok("ticket", "solve", ticket, "--solution", "New washer", "--told", "phone")
    _ = try desk.ok("survey", "add", ticket, "--csat", "4", "--ces", "6", "--comment", "fine")
    _ = try desk.ok("survey", "add", ticket, "--csat", "5")
    #expect(desk.run("survey", "add", ticket, "--csat", "9").code == .usage)
    #expect(desk.run("survey", "add", ticket).code == .usage)
    #expect(desk.run("survey", "add", ticket, "--csat", "5", "--at", "2999-01-01").code == .usage)
    #expect(desk.run("survey", "list", "--customer", customer, "--json").json?.elements?.count == 2)
    #expect(desk.run("survey", "list").output.contains("fine"))

    let json = try #require(desk.run("report", "--json").json)
    #expect(json["total"]?["first"]?["met"]?.int == 1)
    #expect(json["total"]?["csat"]?["mean"]?.plain == "4.500")
    #expect(json["teams"]?.elements?.first?["name"]?.string == "plumbing")
    #expect(json["weeks"]?.elements?.count == 4)
    #expect(desk.run("report", "--by", "team", "--json").json?["channels"] == nil)
    let plain = desk.run("report").output
    #expect(plain.contains("########## ") && plain.contains("#########. 4.5 of 5, 2 answers"))
    #expect(!plain.contains("\u{1B}") && !plain.contains("█"))
    let shown = desk.run("report", columns: 120, hasColour: true).output
    #expect(shown.contains("██████████") && shown.contains("\u{1B}[32m"))
    #expect(!desk.run("report", columns: 120).output.contains("\u{1B}"))
    let lines = desk.run("report", "--csv", "--by", "channel").output.split(separator: "\r\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("by,name,opened,solved,first.met"))
    #expect(lines[2].hasPrefix("channel,phone,1,1,1,0,0,1.000"))
    for arguments in [
      ["report", "--csv", "--json"], ["report", "--by", "moon"], ["report", "--from", "x"],
      ["report", "--from", "2026-03-02", "--to", "2026-03-01"], ["report", "--from", "1970-01-01"],
    ] {
      #expect(desk.run(arguments).code == .usage, "\(arguments)")
    }
    let past = desk.run("report", "--from", "2026-03-02", "--to", "2026-03-08", "--json").json
    #expect(past?["to"]?.string == "2026-03-09T00:00:00.000Z")
    #expect(past?["total"]?["opened"]?.int == 0)
  }

  @Test("A bar is as long as its share", arguments: [(0, 10), (1, 10), (5, 10), (10, 10), (1, 3), (99, 100)])
  func bars(part: Int, of: Int) {
    let terminal = Output(columns: 80) { _ in 0 }
    let pipe = Output { _ in 0 }
    #expect(Plain.width(Bar.text((part, of), terminal)) == Bar.width)
    #expect(Bar.text((part, of), pipe).count == Bar.width)
    #expect(Bar.text((part, of), pipe).filter { $0 == "#" }.count == (part * Bar.width * 2 + of) / (of * 2))
    #expect(Bar.text(nil, terminal).isEmpty && Bar.text((1, 0), pipe).isEmpty)
    #expect(Fraction.decimal((part, of), digits: 3) == String(format: "%.3f", Double(part) / Double(of)))
  }

  @Test("A ticket is solved by 'ticket solve', or with a reason")
  func finishing() throws {
    let desk = try desk()
    let ticket = try desk.ok("ticket", "new", "Tap")
    let refused = desk.run("ticket", "set", ticket, "--status", "solved")
    #expect(refused.code == .conflict && refused.errors.contains("ticket solve"))
    #expect(desk.run("ticket", "set", ticket, "status=closed").code == .conflict)
    #expect(desk.run("ticket", "set", ticket, "--status", "open", "--because", "x").code == .usage)
    #expect(desk.run("ticket", "set", ticket, "--status", "solved", "--because", " ").code == .usage)
    _ = try desk.ok("ticket", "set", ticket, "--status", "solved", "--because", "sent by a robot")
    #expect(desk.run("ticket", "show", ticket).output.contains("sent by a robot"))
    // What is solved may be closed.
    _ = try desk.ok("ticket", "set", ticket, "--status", "closed")
  }

  @Test("What the customer's organisation shares is known, and said so")
  func shared() throws {
    let desk = try desk()
    let maja = try desk.ok("customer", "new", "Maja")
    let nord = try desk.ok("organisation", "new", "Nord AB")
    let sued = try desk.ok("organisation", "new", "Süd AB")
    _ = try desk.ok("organisation", "join", maja, nord)
    _ = try desk.ok("fact", "set", nord, "gate", "north", "--channel", "email")
    let answer = desk.run("ask", maja, "gate")
    #expect(
      answer.code == .ok && answer.output.contains("north") && answer.output.contains("shared by Nord AB"))
    let value = desk.run("ask", maja, "gate", "--json").json?["answers"]?.elements?.first?["values"]?
      .elements?.first
    #expect(value?["organisation"]?.string == nord)
    #expect(value?["organisationName"]?.string == "Nord AB")
    #expect(desk.run("brief", maja).output.contains("north  (shared by Nord AB)"))
    #expect(desk.run("brief", maja, "--json").json?["shared"]?.elements?.first?["key"]?.string == "gate")
    // Two that say different things are to be confirmed; what the customer said counts before both.
    _ = try desk.ok("organisation", "join", maja, sued)
    _ = try desk.ok("fact", "set", sued, "gate", "south")
    #expect(desk.run("ask", maja, "gate").code == .conflict)
    _ = try desk.ok("fact", "set", maja, "gate", "west")
    let own = desk.run("ask", maja, "gate")
    #expect(own.code == .ok && own.output.contains("west") && !own.output.contains("shared"))
    // The customer's consent counts for what is shared too.
    _ = try desk.ok("fact", "set", nord, "floor", "3")
    _ = try desk.ok("consent", "withdraw", maja, "service")
    #expect(desk.run("ask", maja, "floor").code == .ambiguous)
  }
}
