import CLI
import Codec
import Foundation
import Testing

@Suite("Commands for who is who")
struct PeopleCommandTests {
  private func desk() throws -> TestDesk {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    _ = try desk.ok("country", "se")
    return desk
  }

  @Test("A profile that is here twice is told while it is made, merged, and split again")
  func merge() throws {
    let desk = try desk()
    let first = try desk.ok(
      "customer", "new", "Anna Lind", "--phone", "070-123 45 67", "--city", "Lund", "fact.shoe_size:=38")
    let similar = desk.run("customer", "similar", "ana lin", "--phone", "+46701234567", "--typing", "--json")
    #expect(similar.code == .ok)
    #expect(similar.json?.elements?.first?["other"]?.string == first)
    let made = desk.run(
      "customer", "new", "Lind Anna", "--phone", "+46 70 123 45 67", "--city", "Malmö", "fact.shoe_size:=39")
    #expect(made.errors.contains("this may be Anna Lind"))
    #expect(made.errors.contains("askonce customer merge"))
    let second = made.line
    let pairs = desk.run("customer", "duplicates", "--json").json?.elements ?? []
    #expect(pairs.count == 1)
    #expect(Set([pairs.first?["id"]?.string, pairs.first?["other"]?.string]) == [first, second])
    #expect(pairs.first?["evidence"]?["phone"]?.int == 10)
    #expect(desk.run("customer", "duplicates").output.contains("name, phone"))

    let merged = desk.run("customer", "merge", second, first)
    #expect(merged.code == .ok)
    for word in ["one customer now", "customer set", "Lund", "Malmö", "shoe_size"] {
      #expect(merged.output.contains(word), "\(word)")
    }
    let shown = desk.run("customer", "show", second, "--json").json
    #expect(shown?["merged"]?.elements?.compactMap(\.string) == [first, second].sorted())
    #expect(desk.run("customer", "list", "--json").json?.elements?.count == 1)
    _ = try desk.ok("ticket", "new", "Of the first", "--customer", first)
    _ = try desk.ok("ticket", "new", "Of the second", "--customer", second)
    #expect(desk.run("ticket", "list", "--customer", first, "--json").json?.elements?.count == 2)
    _ = try desk.ok("customer", "set", first, "--city", "Lund")
    #expect(desk.run("customer", "show", first, "--json").json?["conflicts"]?["address.city"] == nil)

    let split = desk.run("customer", "split", first)
    #expect(split.output.contains("a customer of its own again"))
    let questions = desk.run("customer", "questions", "--json").json?.elements ?? []
    // What was written on the first of the two may be the other's; what was written on the other one is its own.
    for question in questions {
      #expect(question["profile"]?.string == [first, second].sorted()[0])
      let name = try #require(question["question"]?.string)
      #expect(desk.run("customer", "answer", name, "--belongs-to", first).code == .ok)
    }
    #expect(!questions.isEmpty)
    #expect(desk.run("customer", "questions", "--json").output == "[]\n")
    #expect(desk.run("customer", "answer", "zzzz.1", "--belongs-to", first).code == .notFound)
    #expect(desk.run("customer", "duplicates", "--json").output == "[]\n")
    for (id, size) in [(first, "38"), (second, "39")] {
      #expect(desk.run("customer", "show", id, "--json").json?["fields"]?["fact.shoe_size"]?.plain == size)
    }
    #expect(try desk.ok("customer", "split", first).contains("merged with nobody"))
    #expect(desk.run("customer", "merge", first, first).code == .failed)
    _ = try desk.ok("customer", "distinct", first, second)
  }

  @Test("Who has just this phone or e-mail is shown, whatever the name")
  func sameContact() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    let first = try desk.ok(
      "customer", "new", "Maja Ek", "--phone", "070-123 45 67", "--email", "maja@example.org")
    for option in [["--phone", "0701234567"], ["--email", "maja@example.org"]] {
      for name in [[], ["Olof Berg"]] {
        let similar = desk.run(["customer", "similar", "--json"] + name + option)
        #expect(similar.json?.elements?.map { $0["other"]?.string } == [first])
      }
    }
    #expect(desk.run("customer", "similar", "--phone", "0701234568").code == .notFound)
    let made = desk.run("customer", "new", "Olof Berg", "--phone", "0701234567")
    #expect(made.errors.contains("Maja Ek") && made.errors.contains("has the same phone"))
  }

  @Test("A number is found in national and international form of the workspace's country")
  func country() throws {
    let desk = try desk()
    #expect(desk.run("country").line == "SE")
    _ = try desk.ok("customer", "new", "Bo Ek", "--phone", "08-12 34 56 78")
    _ = try desk.ok("customer", "new", "Jens Holm", "--phone", "20 12 34 56", "--country", "DK")
    func found(_ text: String) -> [String] {
      desk.run("customer", "find", text, "--json").json?.elements?.compactMap { $0["name"]?.string } ?? []
    }
    #expect(found("+46 8 12345678") == ["Bo Ek"])
    #expect(found("0046812345678") == ["Bo Ek"])
    #expect(found("+45 20 12 34 56") == ["Jens Holm"])
    #expect(desk.run("country", "XX").code == .usage)
    #expect(desk.run("customer", "similar", "nobody").code == .notFound)
  }

  @Test("An organisation has members, shared facts and contracts")
  func organisations() throws {
    let desk = try desk()
    let organisation = try desk.ok("organisation", "new", "Nord Bryggeri", "--ref", "556677-8899")
    let anna = try desk.ok("customer", "new", "Anna Lind")
    let bo = try desk.ok("customer", "new", "Bo Ek")
    for id in [anna, bo] { _ = try desk.ok("organisation", "join", id, organisation) }
    _ = try desk.ok("organisation", "leave", bo, organisation)
    _ = try desk.ok("organisation", "set", organisation, "fact.delivery_day=Tuesday")
    _ = try desk.ok(
      "organisation", "contract", organisation, "support", "Within 4 hours", "--until", "2027-12-31")
    let shown = desk.run("organisation", "show", "556677-8899", "--json").json
    #expect(shown?["members"]?.elements?.compactMap { $0["name"]?.string } == ["Anna Lind"])
    let page = desk.run("organisation", "show", organisation).output
    for word in ["Nord Bryggeri", "Tuesday", "Within 4 hours (until 2027-12-31)", "Anna Lind"] {
      #expect(page.contains(word), "\(word)")
    }
    let customer = desk.run("customer", "show", anna).output
    for word in ["belongs to Nord Bryggeri", "Tuesday", "Within 4 hours"] { #expect(customer.contains(word)) }
    #expect(!desk.run("customer", "show", bo).output.contains("Nord"))
    #expect(desk.run("organisation", "list").output.contains("Nord Bryggeri"))
    #expect(desk.run("organisation", "contract", organisation, "x", "y", "--until", "soon").code == .usage)
  }
}

@Suite("Commands for search and self-service")
struct SearchCommandTests {
  @Test("Articles are written, changed, searched and told as news; topics show what has none")
  func articles() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init", "--agent", "anna")
    let article = try desk.ok(
      "article", "new", "Send something back", "You have 30 days.", "--audience", "public", "--topic",
      "returns",
      "--language", "en")
    _ = try desk.ok("article", "set", article, "--body", "You have 60 days.")
    _ = try desk.ok(
      "ticket", "new", "Where is my parcel?", "--topic", "delivery", "--message", "It did not arive")
    #expect(desk.run("search", "sixty").code == .notFound)
    #expect(desk.run("search", "60", "days", "--json").json?.elements?.map { $0["id"]?.string } == [article])
    #expect(desk.run("search", "percel ", "--type", "ticket").output.contains("Where is my parcel?"))
    #expect(desk.run("search", "--audience", "public", "--language", "sv", "days").code == .notFound)
    #expect(desk.run("search", "x", "--type", "planet").code == .usage)
    #expect(desk.run("search", "x", "--type", "ticket", "--audience", "public").code == .usage)
    // What nobody may read yet, or any more, is not what a customer may read.
    let draft = try desk.ok(
      "article", "new", "Plans", "In 90 days.", "--audience", "public", "state=draft")
    let retired = try desk.ok(
      "article", "new", "Once", "In 10 days.", "--audience", "public", "state=retired")
    let readable = desk.run("search", "--audience", "public", "days", "--json").json?.elements
    #expect(readable?.map { $0["id"]?.string } == [article])
    #expect(readable?.map { $0["state"]?.string } == ["published"])
    let all = desk.run("search", "days", "--json").json?.elements ?? []
    #expect(Set(all.map { $0["id"]?.string }) == [article, draft, retired])
    #expect(desk.run("search", "plans").output.contains("Plans  [draft]"))
    for id in [draft, retired] { _ = try desk.ok("article", "set", id, "--body", "Nothing") }
    let versions = desk.run("article", "show", article, "--versions", "--json").json?.elements ?? []
    #expect(versions.map { $0["body"]?.string } == ["You have 30 days.", "You have 60 days."])
    let page = desk.run("article", "show", article).output
    for word in ["Send something back", "everybody", "You have 60 days."] { #expect(page.contains(word)) }
    #expect(desk.run("article", "list").output.contains("Send something back"))
    #expect(desk.run("article", "news", "--json").output == "[]\n")
    let topics = desk.run("topics", "--json").json?.elements ?? []
    #expect(topics.map { $0["topic"]?.string } == ["delivery"])
    #expect(desk.run("topics", "--without-article").output.contains("delivery"))
    #expect(desk.run("article", "set", article).code == .usage)
  }

  @Test func aProfileIsNotDistinctFromItself() throws {
    let desk = try TestDesk()
    _ = try desk.ok("init")
    let customer = try desk.ok("customer", "new", "Maja")
    let outcome = desk.run("customer", "distinct", customer, customer)
    #expect(outcome.code == .failed && outcome.errors.contains("is one profile, named twice"))
  }
}
