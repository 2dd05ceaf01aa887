import Codec
import Testing

@testable import CLI

@Suite("What an import says of the entries of timelines")
struct ImportedEntriesTests {
  private static let formats = ["changes", "entities"]

  /// A ticket with a message that was sent, one that was cancelled, one that waits, and notes with what became of them.
  private func desk(_ stores: String...) throws -> TestDesk {
    let desk = try TestDesk()
    for store in ["store"] + stores {
      try #require(desk.run("init", "--agent", "anna", "--store", desk.folder + "/" + store).code == .ok)
    }
    let customer = try desk.ok("customer", "new", "Maja Lind", "--email", "maja@example.org")
    _ = try desk.ok("ticket", "new", "Tap", "--customer", customer, "--channel", "email", "--ref", "T")
    _ = try desk.ok("ticket", "reply", "T", "Sent once")
    #expect(gateway(desk, "store") == "1 sent, 0 failed, 0 waiting, 0 held")
    _ = try desk.ok("ticket", "reply", "T", "Better not")
    let cancelled = try #require(entries(desk, "store").last?["id"]?.string)
    _ = try desk.ok("ticket", "cancel", "T", cancelled)
    _ = try desk.ok("ticket", "note", "T", "Card 4111")
    let secret = try #require(entries(desk, "store").last?["id"]?.string)
    _ = try desk.ok("ticket", "redact", "T", secret, "--because", "card number")
    _ = try desk.ok("ticket", "note", "T", "Tuesday")
    let wrong = try #require(entries(desk, "store").last?["id"]?.string)
    _ = try desk.ok("ticket", "correct", "T", wrong, "Monday")
    return desk
  }

  private func gateway(_ desk: TestDesk, _ store: String) -> String {
    desk.run(
      "gateway", "--channel", "email", "--no-sync", "--exec", "cat >> \(desk.folder)/sent; echo 1",
      "--store", desk.folder + "/" + store
    ).line
  }

  private func entries(_ desk: TestDesk, _ store: String) -> [JSONText] {
    desk.run("ticket", "show", "T", "--json", "--store", desk.folder + "/" + store).json?["timeline"]?
      .elements ?? []
  }

  /// What people see of the entries, without ids.
  private func shown(_ desk: TestDesk, _ store: String) -> [String] {
    entries(desk, store).map { entry in
      ["text", "state", "redacted", "corrected"].map { entry[$0]?.text ?? "-" }.joined(separator: " ")
    }
  }

  private func exported(_ desk: TestDesk, _ what: String, from store: String) throws -> String {
    try desk.write(
      desk.run("export", what, "--store", desk.folder + "/" + store).output, to: "\(store).\(what)")
  }

  @Test("What was sent, cancelled, redacted and corrected is so where it is imported", arguments: formats)
  func follow(_ format: String) throws {
    let desk = try desk("other", "third")
    let before = shown(desk, "store")
    #expect(before.count == 4)
    for (from, store) in [("store", "other"), ("other", "third")] {
      let file = try exported(desk, format, from: from)
      #expect(desk.run("import", file, "--store", desk.folder + "/" + store).code == .ok)
      #expect(shown(desk, store) == before)
      #expect(gateway(desk, store) == "0 sent, 0 failed, 0 waiting, 0 held")
      let page = desk.run("ticket", "show", "T", "--store", desk.folder + "/" + store).output
      #expect(!page.contains("4111"))
      let digest = desk.run("digest", "--store", desk.folder + "/" + store).line
      #expect(desk.run("import", file, "--store", desk.folder + "/" + store).output.hasPrefix("0 imported"))
      #expect(desk.run("digest", "--store", desk.folder + "/" + store).line == digest)
    }
    let back = try exported(desk, format, from: "third")
    let digest = desk.run("digest").line
    #expect(desk.run("import", back).output.hasPrefix("0 imported"))
    #expect(desk.run("digest").line == digest)
  }

  @Test(
    "A message that was let go with all that the customer wrote is let go where it is imported",
    arguments: formats)
  func released(_ format: String) throws {
    let desk = try desk("other")
    _ = try desk.ok("ticket", "reply", "T", "Waits")
    let waiting = try #require(entries(desk, "store").last?["id"]?.string)
    _ = try exported(desk, "changes", from: "store")
    // Somebody who had not seen the message wrote down what the customer said.
    let lines = try desk.read("store.changes").split(separator: "\n")
    let ticket = try #require(lines.first { $0.contains(#""on":"ticket/"#) })
    let id = try #require(ticket.firstMatch(of: /"on":"(ticket\/[^"]*)"/)?.1)
    let said = (1...2).map { number in
      #"{"id":"b2x9m1c0aa.\#(number)","at":"2026-11-21T17:21:0\#(number).306Z","seen":0,"by":"bo","on":"\#(id)","#
        + #""log":{"timeline":{"kind":"message","channel":"email","direction":"in","text":"No \#(number)"}}}"#
    }
    let more = try desk.write(said.joined(separator: "\n") + "\n", to: "more.jsonl")
    #expect(desk.run("import", more, "--format", "changes").code == .ok)
    #expect(gateway(desk, "store") == "0 sent, 0 failed, 0 waiting, 1 held")
    _ = try desk.ok("ticket", "release", "T", waiting)
    let file = try exported(desk, format, from: "store")
    #expect(desk.run("import", file, "--store", desk.folder + "/other").code == .ok)
    for store in ["store", "other"] {
      #expect(gateway(desk, store) == "1 sent, 0 failed, 0 waiting, 0 held", "\(store)")
    }
  }

  @Test("A message that went out here stays sent when an older export of it comes")
  func staysSent() throws {
    let desk = try desk("other")
    _ = try desk.ok("ticket", "reply", "T", "Waits")
    let waiting = try #require(entries(desk, "store").last?["id"]?.string)
    _ = try desk.ok("ticket", "cancel", "T", waiting)
    _ = try desk.ok("ticket", "release", "T", waiting)
    let file = try exported(desk, "entities", from: "store")
    #expect(gateway(desk, "store") == "1 sent, 0 failed, 0 waiting, 0 held")
    #expect(desk.run("import", file).code == .ok)
    #expect(gateway(desk, "store") == "0 sent, 0 failed, 0 waiting, 0 held")
  }

  @Test("What is redacted after it was imported is redacted by the next import, and stays one entry")
  func redactedLater() throws {
    let desk = try desk("other")
    _ = try desk.ok("ticket", "note", "T", "Card 4222")
    let card = try #require(entries(desk, "store").last?["id"]?.string)
    let other = desk.folder + "/other"
    #expect(desk.run("import", try exported(desk, "entities", from: "store"), "--store", other).code == .ok)
    _ = try desk.ok("ticket", "redact", "T", card, "--because", "card number")
    let file = try exported(desk, "entities", from: "store")
    for imported in ["1 imported", "0 imported"] {
      #expect(desk.run("import", file, "--store", other).output.hasPrefix(imported))
      #expect(shown(desk, "other") == shown(desk, "store"))
    }
    #expect(!desk.run("ticket", "show", "T", "--store", other).output.contains("4222"))
  }

  @Test("Entries whose import kept no id of theirs are told by author and time when they are redacted")
  func redactedOlder() throws {
    let desk = try desk("other")
    _ = try desk.ok("ticket", "note", "T", "Card 4222")
    let card = try #require(entries(desk, "store").last?["id"]?.string)
    let other = desk.folder + "/other"
    let file = try exported(desk, "entities", from: "store")
    // Without its id an entry's key depends on its words, as all keys did once.
    let older = try desk.read("store.entities").replacing("{\"id\":\"\(card)\",", with: "{")
    #expect(desk.run("import", try desk.write(older, to: "older"), "--store", other).code == .ok)
    _ = try desk.ok("ticket", "redact", "T", card, "--because", "card number")
    let newer = try exported(desk, "entities", from: "store")
    for name in [newer, newer, file] {
      #expect(desk.run("import", name, "--store", other).code == .ok)
      #expect(shown(desk, "other") == shown(desk, "store"))
    }
  }

  @Test("Entries that tell of a merge name the tickets as they are called where they are imported")
  func merged() throws {
    let desk = try desk("other")
    let path = desk.folder + "/other"
    // So that ids differ.
    _ = try desk.ok("ticket", "new", "Before", "--store", path)
    let other = try desk.ok("ticket", "new", "Part", "--ref", "P")
    _ = try desk.ok("ticket", "merge", "T", other, "--anyway")
    func told(_ store: String) throws -> [String] {
      try entries(desk, store).filter { $0["event"]?.string == "merged" }.compactMap { entry in
        let words = try #require(entry["text"]?.string).split(separator: " ")
        let name = String(try #require(words.last))
        let ticket = try #require(
          desk.run("entity", "show", "ticket/" + name, "--json", "--store", desk.folder + "/" + store).json)
        if let id = entry["ticket"]?.string { #expect(ticket["id"]?.string == id) }
        return words.dropLast().joined(separator: " ") + " " + (ticket["fields"]?["ref"]?.string ?? "")
      }
    }
    let before = try told("store")
    #expect(before.sorted() == ["became a part of T", "took in P"])
    let file = try exported(desk, "entities", from: "store")
    #expect(desk.run("import", file, "--store", path).code == .ok)
    #expect(try told("other").sorted() == before.sorted())
    #expect(desk.run("import", file, "--store", path).output.hasPrefix("0 imported"))
    let back = try exported(desk, "entities", from: "other")
    let digest = desk.run("digest").line
    #expect(desk.run("import", back).code == .ok)
    #expect(try told("store") == before)
    #expect(desk.run("import", file).output.hasPrefix("0 imported"))
    #expect(desk.run("digest").line != digest, "the ticket that is only there came")
  }
}
