import Codec
import Foundation
import Testing

@testable import CLI

@Suite("The life of a ticket on the command line")
struct TicketLifeCommandTests {
  private func desk() throws -> (desk: TestDesk, customer: String, ticket: String) {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    let customer = try desk.ok("customer", "new", "Maja Lind", "--email", "maja@example.org")
    let ticket = try desk.ok(
      "ticket", "new", "The tap leaks", "--customer", customer, "--channel", "email", "--message", "It drips",
      "--ref", "INC7")
    return (desk, customer, ticket)
  }

  private func entries(_ desk: TestDesk, _ ticket: String) -> [JSONText] {
    desk.run("ticket", "show", ticket, "--json").json?["timeline"]?.elements ?? []
  }

  @Test("Teams that look alike keep the bytes in which they were typed, also when the store is compacted")
  func bytes() throws {
    let desk = try desk().desk
    let names = ["\u{C9}quipe", "E\u{301}quipe"]
    for name in names { _ = try desk.ok("ticket", "new", "Tap", "--team", name) }
    func teams() -> Set<[UInt8]> {
      let rows = desk.run("ticket", "list", "--json").json?.elements ?? []
      return Set(rows.compactMap { ($0["team"]?.string).map { Array($0.utf8) } }).subtracting([[]])
    }
    #expect(teams() == Set(names.map { Array($0.utf8) }))
    #expect(desk.run("compact").code == .ok)
    #expect(teams() == Set(names.map { Array($0.utf8) }))
  }

  @Test("Take, transfer, solve, follow up, reopen: with what is missing said")
  func life() throws {
    let (desk, _, ticket) = try desk()
    _ = try desk.ok("ticket", "take", "INC7")
    #expect(desk.run("ticket", "set", "INC7", "--assignee", "bo").code == .conflict)
    #expect(desk.run("ticket", "transfer", "INC7", "--to", "bo").code == .usage)
    _ = try desk.ok("ticket", "transfer", "INC7", "--to", "bo", "--because", "speaks Finnish")
    let missing = desk.run("ticket", "solve", "INC7", "--solution", "New washer")
    #expect(missing.code == .failed)
    #expect(missing.errors.contains("told"))
    _ = try desk.ok("promise", "add", "A plumber comes", "--ticket", "INC7", "--due", "2d")
    let solved = desk.run("ticket", "solve", "INC7", "--solution", "New washer", "--told", "phone")
    #expect(solved.code == .ok)
    #expect(solved.errors.contains("still promised: A plumber comes"))
    let page = desk.run("ticket", "show", ticket).output
    for word in [
      "owner", "anna", "transfer from anna to bo", "speaks Finnish", "told", "New washer", "still to do",
    ] {
      #expect(page.contains(word), "\(word)")
    }
    #expect(desk.run("ticket", "list", "--status", "all", "--owner", "anna").output.contains("tap leaks"))
    _ = try desk.ok("ticket", "follow-up", "INC7", "Dry", "--channel", "phone")
    _ = try desk.ok("ticket", "reopen", "INC7", "--because", "drips again")
    #expect(try desk.ok("ticket", "reopen", "INC7", "--because", "x") == "\(ticket) is open already")
    _ = try desk.ok(
      "ticket", "compensate", "INC7", "--amount", "20", "--currency", "eur", "--because", "waited")
    #expect(entries(desk, ticket).last?["text"]?.string == "waited")
    #expect(desk.run("due").output.contains("A plumber comes"))
  }

  @Test("A note with a file, a call with its lines, a correction, a redaction that leaves a trace")
  func timeline() throws {
    let (desk, customer, ticket) = try desk()
    let path = try desk.write("abc", to: "tap.txt")
    _ = try desk.ok("ticket", "note", ticket, "@bo look", "--file", path)
    _ = try desk.ok(
      "ticket", "call", ticket, "Wants Monday", "--duration", "4m", "--at", "2h", "--line", "Maja: Monday")
    let shown = entries(desk, ticket)
    let note = try #require(shown.first { $0["kind"]?.string == "note" })
    #expect(
      note["files"]?.elements?.first?["sha256"]?.string
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    // It happened before the ticket was opened.
    #expect(shown.first?["text"]?.string == "Wants Monday")
    #expect(shown.first?["duration"]?.int == 240)
    let id = try #require(shown.first?["id"]?.string)
    _ = try desk.ok("ticket", "correct", ticket, id, "Wants Tuesday", "--because", "misheard")
    #expect(desk.run("ticket", "show", ticket).output.contains("corrected by anna: misheard"))
    #expect(desk.run("brief", customer).output.contains("Wants Tuesday"))
    _ = try desk.ok("ticket", "redact", ticket, id, "--because", "private")
    for arguments in [
      ["ticket", "show", ticket], ["ticket", "show", ticket, "--json"], ["brief", customer],
      ["export", "entities"],
    ] {
      let output = desk.run(arguments).output
      #expect(!output.contains("Wants Monday"), "\(arguments)")
    }
    #expect(desk.run("ticket", "show", ticket).output.contains("hidden by anna: private"))
    #expect(desk.run("ticket", "redact", ticket, "zzzz.99", "--because", "x").code == .notFound)
    #expect(desk.run("ticket", "note", ticket, "x", "--at", "2999-01-01").code == .usage)
  }

  @Test("Twins: merged, found by both ids, unmerged; a second matter is split off")
  func joining() throws {
    let (desk, customer, ticket) = try desk()
    let twin = try desk.ok("ticket", "new", "Tap!", "--customer", customer, "--message", "Drips still")
    _ = try desk.ok("ticket", "merge", twin, ticket)
    let rows = desk.run("ticket", "list", "--json").json?.elements ?? []
    #expect(rows.count == 1)
    #expect(desk.run("ticket", "show", twin).output.contains("Drips still"))
    #expect(desk.run("ticket", "note", twin, "x").errors.contains("is a part of"))
    let stays = try #require(rows.first?["id"]?.string)
    let goes = stays == twin ? ticket : twin
    let mistaken = desk.run("ticket", "unmerge", stays)
    #expect(mistaken.code == .failed && mistaken.errors.contains("the ticket that stayed"))
    _ = try desk.ok("ticket", "unmerge", goes)
    for id in [stays, goes] {
      #expect(try desk.ok("ticket", "unmerge", id) == "\(id) stands for itself already")
    }
    #expect(desk.run("ticket", "list", "--json").json?.elements?.count == 2)
    _ = try desk.ok("ticket", "reply", ticket, "And the invoice?", "--from-customer")
    let entry = try #require(entries(desk, ticket).last?["id"]?.string)
    let new = try desk.ok("ticket", "split", ticket, "Invoice", "--entry", entry)
    #expect(entries(desk, new).compactMap { $0["text"]?.string } == ["And the invoice?"])
    #expect(!entries(desk, ticket).contains { $0["text"]?.string == "And the invoice?" })
    _ = try desk.ok("ticket", "link", ticket, new, "--as", "causes")
    #expect(desk.run("ticket", "show", new).output.contains("caused-by"))
  }

  @Test("The gateway sends each message once, and records what came of it")
  func gateway() throws {
    let (desk, _, ticket) = try desk()
    let sent = desk.folder + "/sent"
    func run(_ command: String) -> TestDesk.Outcome {
      desk.run("gateway", "--channel", "email", "--no-sync", "--exec", command)
    }
    _ = try desk.ok("saved-reply", "set", "hello", "Hello {name}")
    _ = try desk.ok("ticket", "reply", ticket, "--saved", "hello")
    #expect(entries(desk, ticket).last?["state"]?.string == "queued")
    #expect(run("exit 75").code == .partial)
    #expect(entries(desk, ticket).last?["state"]?.string == "queued")
    #expect(run("cat >> \(sent); echo id-17").output == "1 sent, 0 failed, 0 waiting, 0 held\n")
    #expect(run("cat >> \(sent)").output == "0 sent, 0 failed, 0 waiting, 0 held\n")
    let json = try #require(try? JSONText(parsing: Array(try desk.read("sent").utf8)))
    #expect(json["text"]?.string == "Hello Maja Lind")
    #expect(json["to"]?.text == "[\"maja@example.org\"]")
    #expect(json["ticket"]?.string == "INC7")
    let last = try #require(entries(desk, ticket).last)
    #expect(last["state"]?.string == "sent")
    #expect(last["detail"]?.string == "id-17")
    // A failure is told, and tried again only when somebody says so.
    _ = try desk.ok("ticket", "reply", ticket, "Second")
    #expect(run("echo no such address >&2; exit 1").errors.contains("no such address"))
    #expect(run("true").output.hasPrefix("0 sent"))
    let second = try #require(entries(desk, ticket).last?["id"]?.string)
    _ = try desk.ok("ticket", "release", ticket, second)
    #expect(run("true").output.hasPrefix("1 sent"))
    #expect(desk.run("ticket", "cancel", ticket, second).code == .failed)
    // The customer writes before it goes out: it waits for somebody to look.
    _ = try desk.ok("ticket", "reply", ticket, "Third")
    _ = try desk.ok("ticket", "reply", ticket, "Wait!", "--from-customer")
    #expect(run("true").output == "0 sent, 0 failed, 0 waiting, 1 held\n")
    let third = try #require(entries(desk, ticket).first { $0["text"]?.string == "Third" })
    #expect(third["state"]?.string == "held")
    _ = try desk.ok("ticket", "release", ticket, try #require(third["id"]?.string))
    #expect(run("true").output.hasPrefix("1 sent"))
  }

  @Test("A message during which the gateway was killed counts as failed, not as sent, and not twice")
  func interrupted() throws {
    let (desk, _, ticket) = try desk()
    _ = try desk.ok("ticket", "reply", ticket, "Hello")
    let entry = try #require(entries(desk, ticket).last?["id"]?.string)
    // What a gateway leaves that is killed while its command runs.
    _ = try desk.ok("entity", "set", ticket, "reply.\(entry):={\"state\":\"sending\",\"gateway\":\"anna\"}")
    let outcome = desk.run(
      "gateway", "--channel", "email", "--no-sync", "--exec", "touch \(desk.folder)/sent")
    #expect(outcome.output == "0 sent, 1 failed, 0 waiting, 0 held\n")
    #expect(outcome.code == .partial)
    #expect(
      outcome.errors.contains("not sent: ") && outcome.errors.contains("nobody knows whether it went out"))
    #expect(!FileManager.default.fileExists(atPath: desk.folder + "/sent"))
    #expect(entries(desk, ticket).last?["state"]?.string == "failed")
  }

  @Test("Of a message that is held back, the gateway and the ticket say why")
  func heldBack() throws {
    let (desk, _, ticket) = try desk()
    let customer = try desk.ok("customer", "new", "Nils", "--phone", "+46 70 123 45 67")
    let other = try desk.ok("ticket", "new", "No mail", "--customer", customer, "--channel", "email")
    let nobody = try desk.ok("ticket", "new", "Nobody", "--channel", "email")
    let chat = try desk.ok("ticket", "new", "Chat", "--customer", customer, "--channel", "chat")
    _ = try desk.ok("ticket", "reply", ticket, "Buy", "--channel", "email", "--purpose", "marketing")
    for id in [other, nobody, chat] { _ = try desk.ok("ticket", "reply", id, "Hello") }
    let outcome = desk.run(
      "gateway", "--channel", "email", "--no-sync", "--exec", "touch \(desk.folder)/sent")
    #expect(outcome.output == "0 sent, 0 failed, 0 waiting, 3 held\n")
    #expect(!FileManager.default.fileExists(atPath: desk.folder + "/sent"))
    let reasons = [
      ticket: "the customer does not allow marketing", other: "the customer has no address for email",
      nobody: "the ticket names no customer",
    ]
    for (id, reason) in reasons {
      #expect(outcome.errors.contains(reason))
      let page = desk.run("ticket", "show", id)
      #expect(page.output.contains("held back: \(reason)"))
      #expect(entries(desk, id).last?["held"]?.string == reason)
    }
    // The other end of a chat is known by its ticket.
    #expect(
      desk.run("gateway", "--channel", "chat", "--no-sync", "--exec", "true").output.hasPrefix("1 sent"))
    _ = try desk.ok("customer", "set", customer, "--email", "nils@example.org")
    let sent = desk.run("gateway", "--channel", "email", "--no-sync", "--exec", "true").output
    #expect(sent == "1 sent, 0 failed, 0 waiting, 2 held\n")
    #expect(entries(desk, other).last?["held"] == nil)
  }

  @Test("Queue, targets and hours")
  func queue() throws {
    let (desk, customer, _) = try desk()
    _ = try desk.ok("hours", "--zone", "UTC", "--day", "mon-sun=00:00-24:00", "--closed", "2020-12-24")
    #expect(desk.run("hours").output.contains("00:00-24:00"))
    _ = try desk.ok("ticket", "new", "Chat", "--customer", customer, "--channel", "chat", "--message", "Hi")
    func subjects() -> [String?] {
      desk.run("queue", "--json").json?.elements?.map { $0["ticket"]?["subject"]?.string } ?? []
    }
    #expect(subjects() == ["Chat", "The tap leaks"])
    _ = try desk.ok("target", "set", "chat", "--first", "9h", "--next", "none")
    #expect(subjects() == ["The tap leaks", "Chat"])
    #expect(desk.run("target", "list").output.contains("9 hours"))
    #expect(desk.run("queue", "--limit", "1").output.contains("1 of 2 tickets"))
    #expect(desk.run("hours", "--day", "mon=17:00-08:00").code == .usage)
    #expect(desk.run("hours", "--zone", "../../etc/passwd").code == .usage)
    #expect(desk.run("target", "set", "chat", "--first", "soon").code == .usage)
  }

  @Test("A brief: by number, by a name with a mistake, several, nobody")
  func brief() throws {
    let (desk, customer, ticket) = try desk()
    _ = try desk.ok(
      "customer", "set", customer, "--prefers", "email", "--avoid", "phone", "--phone", "070 1234567")
    for text in ["0701234567", "maja@example.org", "Mjaa Lindt", "INC7", customer] {
      let outcome = desk.run("brief", text)
      #expect(outcome.code == .ok, "\(text)")
      for word in ["Maja Lind", "best by email", "not by phone", "The tap leaks", "It drips"] {
        #expect(outcome.output.contains(word), "\(text): \(word)")
      }
    }
    #expect(desk.run("brief", ticket, "--json").json?["open"]?.elements?.count == 1)
    _ = try desk.ok("customer", "new", "Maja Berg")
    #expect(desk.run("brief", "Maja").code == .ambiguous)
    #expect(desk.run("brief", "Zebra").code == .notFound)
  }
}
