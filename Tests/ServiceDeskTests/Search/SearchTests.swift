import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

@Suite struct SearchTests {
  let desk: Desk
  let store: Store
  let disk = MemoryDisk()

  init() throws {
    let environment = NodeClock(VirtualClock()).environment(SeededGenerator(seed: 11))
    store = try Store.make(disk: disk, root: "", agent: "anna", environment: environment)
    desk = Desk(store)
  }

  private func titles(_ text: String, _ filter: SearchFilter = SearchFilter()) throws -> [String] {
    try desk.search(text, filter).map(\.title)
  }

  /// Runs a check on what is newer than the runs, again on a run, and on one run with news.
  private func everywhere(_ check: () throws -> Void) throws {
    try check()
    try store.compact(all: true)
    try check()
    try desk.newTicket(customer: nil, subject: "zzz")
    try check()
  }

  @Test(
    "The one article for some readers is found behind many that are for others", arguments: [true, false])
  func fewOfMany(isByLanguage: Bool) throws {
    for index in 0..<260 {
      try desk.newArticle(
        title: "Router reset \(index)", body: "The router.", language: "en", audience: "internal")
    }
    try desk.newArticle(
      title: "When nothing works", body: "Unplug the router.", language: "sv", audience: "public")
    var filter = SearchFilter()
    if isByLanguage { filter.language = "sv" } else { filter.audience = "public" }
    try everywhere { () throws in
      #expect(try titles("router", filter) == ["When nothing works"])
    }
    filter.types = [Vocabulary.ticket]
    #expect(try titles("router", filter).isEmpty)
  }

  @Test(
    "What has more of the words comes first, a title counts more than what was said, and rarer words more than common ones"
  )
  func ranked() throws {
    for index in 0..<20 {
      try desk.newTicket(customer: nil, subject: "The delivery \(index)", message: "The parcel is late")
    }
    try desk.newTicket(
      customer: nil, subject: "Something else", message: "Also, the kitchen tap is leaking since May")
    try desk.newTicket(customer: nil, subject: "Leaking tap", message: "Please come")
    try desk.newArticle(
      title: "When a tap leaks", body: "Close the valve under the sink.", audience: "public")
    try everywhere { () throws in
      let hits = try desk.search("leaking tap")
      #expect(hits.map(\.title).prefix(2) == ["Leaking tap", "Something else"])
      #expect(hits[1].excerpt.contains("kitchen tap is leaking"))
      #expect(hits[0].missing.isEmpty)
      #expect(hits.first { $0.title == "When a tap leaks" }?.missing == ["leaking"])
      // A rare word outweighs one that all have.
      #expect(try titles("the kitchen ").first == "Something else")
      var filter = SearchFilter()
      filter.types = ["article"]
      #expect(try titles("tap", filter) == ["When a tap leaks"])
      filter = SearchFilter()
      filter.audience = "internal"
      #expect(try titles("tap", filter).isEmpty)
      #expect(try titles("").isEmpty)
      #expect(try titles("  ?! ").isEmpty)
      #expect(try titles("nothingofthekind ").isEmpty)
      #expect(try desk.search("delivery ", limit: 3).count == 3)
    }
  }

  @Test("The word as it was typed comes before longer ones that begin so")
  func exact() throws {
    try desk.newTicket(customer: nil, subject: "Currently away", message: "We are currently closed")
    try desk.newTicket(customer: nil, subject: "The bill", message: "Is this my current address?")
    try everywhere { () throws in
      #expect(try titles("current") == ["The bill", "Currently away"])
      #expect(try titles("currentl").first == "Currently away")
    }
  }

  @Test("Mistakes, case, accents and unfinished words find what was meant")
  func tolerant() throws {
    try desk.newTicket(customer: nil, subject: "Återbetalning försenad", message: "Kundtjänst svarar inte")
    try desk.newTicket(customer: nil, subject: "Broken refrigerator")
    try desk.newTicket(customer: nil, subject: "東京都の住所を変更したい")
    try desk.newCustomer(name: "Åse Østergård", emails: ["ase@example.org"])
    try everywhere { () throws in
      for text in [
        "refrigerator ", "REFRIGERATOR ", "refrigerater ", "refridgerator ", "rerfigerator ", "refri",
        "brokn ",
      ] {
        #expect(try titles(text) == ["Broken refrigerator"], "\(text)")
      }
      #expect(try titles("aterbetalning ") == ["Återbetalning försenad"])
      #expect(try titles("åtebetalning ") == ["Återbetalning försenad"])
      #expect(try titles("kundtjanst ") == ["Återbetalning försenad"])
      #expect(try titles("ostergaard") == ["Åse Østergård"])
      #expect(try titles("ase@example.org") == ["Åse Østergård"])
      #expect(try titles("住所 ") == ["東京都の住所を変更したい"])
      #expect(try titles("tax ").isEmpty)
    }
  }

  @Test(
    "What does not hold any more is not found: replaced, redacted, erased; facts never are; a merged customer is found once"
  )
  func current() throws {
    let ticket = try desk.newTicket(
      customer: nil, subject: "Old subject", message: "My password is swordfish"
    ).on
    let gone = try desk.newTicket(customer: nil, subject: "Walrus").on
    let ids = try ["Berta Quist", "Berta Quist-Holm"].map { try desk.newCustomer(name: $0).on }
    try desk.set(ids[0], ["fact.diet": "pescatarian"])
    try store.compact(all: true)
    try desk.set(ticket, ["subject": "New subject"])
    let entry = try #require(try desk.ticket(ticket)?.timeline.first)
    try desk.set(ticket, [ExactString("redacted.\(entry.id)"): "a secret"])
    var draft = Draft()
    draft.erase = true
    try store.commit(Edit(.entity(gone), draft))
    try desk.mergeCustomers(ids[0], ids[1])
    try everywhere { () throws in
      for text in ["old ", "swordfish ", "walrus ", "pescatarian "] {
        #expect(try titles(text).isEmpty, "\(text)")
      }
      #expect(try titles("new ") == ["New subject"])
      #expect(try desk.search("berta quist").map(\.id) == [ids.sorted()[0]])
    }
  }

  @Test("A damaged or lost index is made anew, wherever the damage is")
  func damage() throws {
    for index in 0..<300 { try desk.newTicket(customer: nil, subject: "Ticket word\(index) leaks") }
    try store.compact(all: true)
    let expected = try titles("word17 ")
    #expect(expected == ["Ticket word17 leaks"])
    let name = try #require(try disk.list("runs").first { $0.hasSuffix(".words") })
    let size = try disk.open("runs/\(name)", .read).size()
    for offset in stride(from: 0, to: size, by: max(1, size / 60)) {
      let file = try disk.open("runs/\(name)", .read)
      var bytes = try file.read(at: 0, count: size)
      bytes[offset] ^= 0x41
      let broken = try disk.open("runs/\(name)", .replace)
      try broken.append(bytes.span)
      #expect(try Desk(store).search("word17 ").map(\.title) == expected, "byte \(offset)")
    }
    try disk.remove("runs/\(name)")
    #expect(try Desk(store).search("word17 ").map(\.title) == expected)
  }

  @Test("What was put right is found as it is now, and not as it was misheard")
  func corrected() throws {
    let ticket = try desk.newTicket(customer: nil, subject: "An order").on
    let entry = try #require(
      try desk.write(ticket, NewEntry("message", "The Xanadu", channel: "email", direction: "in")))
    try desk.correct(ticket, entry.id, text: "The Zeppelin", because: "misheard")
    try everywhere { () throws in
      #expect(try titles("Zeppelin") == ["An order"])
      #expect(try titles("Xanadu").isEmpty)
    }
  }
}

/// Two agents write articles offline and at the same time.
@Suite struct ArticleTests {
  @Test("Two texts written at once are a conflict and both versions; what arrives late is news all the same")
  func concurrent() throws {
    let desks = try TwoDesks()
    let article = try desks.anna.newArticle(title: "Returns", body: "30 days", topic: "returns").on
    try desks.sync()
    #expect(try desks.bo.articleNews(for: "bo").map(\.isNew) == [true])
    #expect(try desks.anna.articleNews(for: "anna").isEmpty)
    try desks.bo.markArticlesRead()
    // Anna wrote before Bo looked, but he could not see it.
    try desks.anna.set(article, ["body": "60 days"])
    #expect(try desks.bo.articleNews(for: "bo").isEmpty)
    try desks.bo.set(article, ["body": "45 days"])
    try desks.bo.markArticlesRead()
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] {
      let view = try #require(try desk.article(article))
      #expect(view.conflicts.map(\.name) == ["body"])
      #expect(view.versions.map(\.body) == ["30 days", "60 days", "45 days"])
      #expect(try desk.search("60 ").map(\.id) == [article])
      #expect(try desk.search("45 ").map(\.id) == [article])
    }
    #expect(try desks.bo.articleNews(for: "bo").map(\.by) == [["anna"]])
    #expect(try desks.anna.articleNews(for: "anna").map(\.by) == [["bo"]])
    try desks.bo.markArticlesRead()
    #expect(try desks.bo.articleNews(for: "bo").isEmpty)
  }

  @Test(
    "A draft that was here when somebody looked is news once it is published, and a retired one when it comes back"
  )
  func published() throws {
    let desks = try TwoDesks()
    let draft = try desks.bo.newArticle(title: "Returns", body: "30 days", fields: ["state": "draft"]).on
    let other = try desks.bo.newArticle(title: "Delivery", body: "2 days").on
    try desks.sync()
    #expect(try desks.anna.articleNews(for: "anna").map(\.id) == [other])
    try desks.anna.markArticlesRead()
    try desks.sync()
    try desks.bo.set(draft, ["state": "published"])
    try desks.bo.set(other, ["state": "retired"])
    try desks.sync()
    #expect(try desks.anna.articleNews(for: "anna").map(\.id) == [draft])
    #expect(try desks.anna.articleNews(for: "anna").map(\.isNew) == [true])
    #expect(try desks.anna.articleNews(for: "anna").map(\.by) == [["bo"]])
    #expect(try desks.bo.articleNews(for: "bo").isEmpty)
    try desks.anna.markArticlesRead()
    #expect(try desks.anna.articleNews(for: "anna").isEmpty)
    try desks.sync()
    // It was to be read before, so it is not new.
    try desks.bo.set(other, ["state": "published"])
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      try desk.store.compact(all: true)
      #expect(try desk.articleNews(for: "anna").map(\.id) == [other])
      #expect(try desk.articleNews(for: "anna").map(\.isNew) == [false])
    }
  }

  @Test("Topics are counted by week whatever their case, and tell what has no article")
  func topics() throws {
    let desks = try TwoDesks()
    let now: UInt64 = 1_795_281_663_306
    for topic in ["Returns", "returns", "delivery"] {
      try desks.anna.newTicket(customer: nil, subject: "A", topic: topic)
    }
    try desks.bo.newTicket(customer: nil, subject: "B", topic: "Returns")
    try desks.bo.newTicket(
      customer: nil, subject: "C", topic: "delivery",
      at: HybridTime(milliseconds: now - 7 * 86_400_000))
    try desks.bo.newTicket(customer: nil, subject: "D")
    let article = try desks.bo.newArticle(title: "Sending back", body: "So", topic: "RETURNS").on
    try desks.sync()
    try desks.anna.store.compact(all: true)
    for desk in [desks.anna, desks.bo] {
      let (topics, weeks) = try desk.topics(weeks: 2, now: now)
      #expect(topics.map(\.topic) == ["Returns", "delivery", ""])
      #expect(topics.map(\.weeks) == [[0, 3], [1, 1], [0, 1]])
      #expect(topics.map(\.articles) == [[article], [], []])
      #expect(
        weeks.map { HybridTime(milliseconds: $0).description.prefix(10) } == ["2026-11-09", "2026-11-16"])
    }
  }
}
