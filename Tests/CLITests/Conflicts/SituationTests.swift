import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Storage
import Testing

@testable import CLI

/// Each situation through two stores and a server; and again where the second author had seen the first one's change.
@Suite("Situations")
struct SituationTests {
  @Test("A ticket solved without having seen a message", arguments: [false, true])
  func unseenMessage(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    let open = try Situation.meet(
      desks, knowing: knowing,
      first: { try desks.bo.reply(ticket, channel: "phone", text: "It still leaks", direction: "in") },
      then: { try desks.anna.set(ticket, ["status": "solved"]) })
    let conflict = try Situation.expect(open, .unseenMessage, unless: knowing)
    if let conflict {
      #expect(
        conflict.says
          == "The ticket of Lars was solved by anna, who had not seen the message that bo took down 40 minutes before: "
          + "\"It still leaks\"")
      #expect(conflict.apology?.hasPrefix("Dear Lars, ") == true)
      // Whoever knew both and answers ends it.
      try desks.bo.reply(ticket, channel: "phone", text: "We come again")
      try desks.sync()
      #expect(try desks.open().isEmpty)
    }
  }

  @Test("What was redacted since is not quoted, neither to colleagues nor in an apology")
  func redactedMessage() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    let open = try Situation.meet(
      desks, knowing: false,
      first: { try desks.bo.reply(ticket, channel: "phone", text: "My code is 4417", direction: "in") },
      then: { try desks.anna.set(ticket, ["status": "solved"]) })
    let quoting = open.filter { $0.json.text.contains("4417") }
    #expect(quoting.map(\.kind) == [.unseenMessage])
    let entry = try #require(try desks.bo.page(ticket).entries.last { $0.entry.direction == "in" }).entry.id
    try desks.bo.correct(ticket, entry, text: "His code is 4417")
    try desks.anna.correct(ticket, entry, text: "His door code is 4417")
    try desks.sync()
    #expect(try desks.open().count == 2)
    try desks.bo.redact(ticket, entry, because: "a code")
    try desks.sync()
    let after = try desks.bo.conflicts().conflicts
    let unseen = try #require(after.first { $0.kind == .unseenMessage })
    #expect(
      unseen.says
        == "The ticket of Lars was solved by anna, who had not seen the message that bo took down 40 minutes before, whose "
        + "words are hidden since")
    #expect(unseen.apology?.contains("\"") == false)
    for desk in [desks.anna, desks.bo] {
      let all = try desk.conflicts(of: ticket) + desk.conflicts().conflicts
      #expect(all.count == 4)
      for conflict in all {
        #expect(!conflict.json.text.contains("4417"))
        #expect(conflict.isWithheld == (conflict.kind == .field))
      }
    }
  }

  @Test("A reply after a withdrawal that was redacted since is not quoted")
  func redactedReply() throws {
    let desks = try TwoDesks()
    let (customer, ticket) = try desks.ticket()
    let open = try Situation.meet(
      desks, knowing: false, first: { try desks.bo.setConsent(customer, "contact", isGranted: false) },
      then: { try desks.anna.reply(ticket, channel: "phone", text: "Your code is 4417") })
    #expect(open.map { $0.json.text.contains("4417") } == [true])
    let entry = try #require(try desks.anna.page(ticket).entries.last).entry.id
    try desks.anna.redact(ticket, entry, because: "a code")
    try desks.sync()
    #expect(try desks.open().map(\.kind) == [.withdrawnConsent])
    #expect(try desks.open().map { $0.json.text.contains("4417") } == [false])
  }

  @Test("What was redacted is not told around a conflict either")
  func redactedAround() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    let entry = try #require(
      try desks.anna.reply(ticket, channel: "phone", text: "My code is 4417", direction: "in"))
    try desks.anna.correct(ticket, entry.id, text: "His code is 4417")
    try desks.sync()
    try desks.anna.set(ticket, ["topic": "tap"])
    try desks.bo.set(ticket, ["topic": "sink"])
    try desks.bo.redact(ticket, entry.id, because: "a code")
    try desks.sync()
    let conflict = try #require(try desks.open().first)
    let steps = try ConflictTimeline.steps(conflict, desks.anna)
    let words = steps.flatMap { HistoryText.edits($0) }
    #expect(words.contains { $0.contains("(redacted: a code)") })
    #expect(words.contains("corrected.\(entry.id): (may not be shown)"))
    #expect(!words.contains { $0.contains("4417") })
  }

  @Test("A reply that never reached the customer answers nothing", arguments: ["cancelled", "failed"])
  func stoppedAnswer(_ state: String) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    _ = try Situation.meet(
      desks, knowing: false,
      first: { try desks.bo.reply(ticket, channel: "phone", text: "It still leaks", direction: "in") },
      then: { try desks.anna.set(ticket, ["status": "solved"]) })
    try desks.anna.write(
      ticket, NewEntry(Vocabulary.message, "We come again", channel: "email", direction: "out"))
    try desks.sync()
    #expect(try desks.open().isEmpty)
    // What was known of the conflict is gone from the files, so that only the news leads to it.
    try desks.anna.store.compact(all: true)
    try desks.bo.store.compact(all: true)
    let reply = try #require(try desks.anna.page(ticket).entries.last { $0.state == "queued" })
    if state == "failed" {
      try desks.anna.record(reply, as: state)
    } else {
      try desks.anna.cancel(reply)
    }
    // Of few news all are looked at.
    for number in 0..<40 { try desks.anna.newTicket(customer: nil, subject: "Ticket \(number)") }
    try desks.sync()
    #expect(try desks.open().map(\.kind) == [.unseenMessage])
    let stopped = try #require(try desks.bo.page(ticket).entries.last { $0.state == state })
    try desks.bo.release(stopped)
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("Two promises for the same thing", arguments: [false, true])
  func promisedTwice(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (customer, ticket) = try desks.ticket()
    func promise(_ desk: Desk, _ fields: [ExactString: String]) throws -> EntityID {
      var fields = fields
      fields["ticket"] = "\(ticket)"
      fields["customer"] = "\(customer)"
      return try #require(try desk.store.commit(Edit(.new(type: "promise"), Draft(set: fields)))).on
    }
    var second: EntityID?
    let open = try Situation.meet(
      desks, knowing: knowing,
      first: { _ = try promise(desks.anna, ["amount": "200", "currency": "kr"]) },
      then: { second = try promise(desks.bo, ["text": "a new part"]) })
    let conflict = try Situation.expect(open, .promisedTwice, unless: knowing)
    if let conflict, let second {
      #expect(conflict.on == ticket)
      #expect(
        conflict.says
          == "Lars was promised 200 kr by anna and a new part by bo, 40 minutes apart, neither knowing")
      // A promise that is taken back ends it.
      try desks.anna.set(second, ["state": "waived"])
      try desks.sync()
      #expect(try desks.open().isEmpty)
    }
  }

  @Test("Two compensations for the same thing", arguments: [false, true])
  func compensatedTwice(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    func give(_ desk: Desk, _ amount: String) throws {
      var draft = Draft()
      draft.log["timeline"] = JSONText(object: [
        ("kind", JSONText("compensation")), ("amount", JSONText(amount)), ("currency", JSONText("DKK")),
      ])
      try desk.store.commit(Edit(.entity(ticket), draft))
    }
    let open = try Situation.meet(
      desks, knowing: knowing, first: { try give(desks.anna, "200") }, then: { try give(desks.bo, "150") })
    let conflict = try Situation.expect(open, .compensatedTwice, unless: knowing)
    if let conflict {
      #expect(
        conflict.says == "Lars was given 200 DKK by anna and 150 DKK by bo, 40 minutes apart, neither knowing"
      )
    }
  }

  @Test("Two agents who took the same ticket", arguments: [false, true])
  func takenTwice(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    let open = try Situation.meet(
      desks, knowing: knowing, first: { try desks.anna.set(ticket, ["assignee": "anna"]) },
      then: { try desks.bo.set(ticket, ["assignee": "bo"]) })
    let conflict = try Situation.expect(open, .takenTwice, unless: knowing)
    if let conflict {
      #expect(
        conflict.says == "anna and bo took the ticket of Lars, 40 minutes apart, neither knowing; anna has it"
      )
      #expect(conflict.field == "assignee")
      #expect(conflict.shown.map { conflict.sides[$0].by } == "anna")
    }
  }

  @Test("A reply after the consent was withdrawn", arguments: [false, true])
  func withdrawnConsent(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (customer, ticket) = try desks.ticket()
    let open = try Situation.meet(
      desks, knowing: knowing,
      first: {
        var draft = Draft()
        draft.set["consent.contact"] = JSONText(object: [("state", JSONText("withdrawn"))])
        try desks.bo.store.commit(Edit(.entity(customer), draft))
      },
      then: { try desks.anna.reply(ticket, channel: "email", text: "An offer") })
    let conflict = try Situation.expect(open, .withdrawnConsent, unless: knowing)
    if let conflict {
      #expect(
        conflict.says
          == "Lars was written to by anna on email 40 minutes after withdrawing the consent for contact, which bo knew and "
          + "anna did not")
    }
  }

  @Test("A reply about a case is no harm where only marketing was withdrawn")
  func otherPurpose() throws {
    let desks = try TwoDesks()
    let (customer, ticket) = try desks.ticket()
    func withdraw(_ purpose: String) throws {
      try desks.bo.set(customer, [ExactString("consent.\(purpose)"): "withdrawn"])
    }
    try withdraw("marketing")
    desks.minutes(5)
    try desks.anna.reply(ticket, channel: "email", text: "The part is here")
    try desks.sync()
    #expect(try desks.open().isEmpty)
    try withdraw("analytics")
    desks.minutes(5)
    try desks.anna.reply(
      ticket, channel: "email", text: "May we ask?", more: [("purpose", JSONText("analytics"))])
    try desks.sync()
    #expect(try desks.open().map(\.kind) == [.withdrawnConsent])
  }

  @Test("An answer with a fact of which a colleague had a newer one", arguments: [false, true])
  func staleFact(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (customer, ticket) = try desks.ticket()
    try desks.anna.set(customer, ["fact.shoe_size": "43"])
    try desks.sync()
    let open = try Situation.meet(
      desks, knowing: knowing, first: { try desks.bo.set(customer, ["fact.shoe_size": "44"]) },
      then: {
        try desks.anna.reply(
          ticket, channel: "email", text: "We send size 43",
          more: [("facts", JSONText(array: [JSONText("shoe_size")]))])
      })
    let conflict = try Situation.expect(open, .staleFact, unless: knowing)
    if let conflict {
      #expect(
        conflict.says
          == "Lars got an answer from anna with shoe_size \"43\", while bo had \"44\" since 40 minutes")
      try desks.bo.reply(ticket, channel: "email", text: "No, we send size 44")
      try desks.sync()
      #expect(try desks.open().isEmpty)
    }
  }

  @Test("A conflict settled by two people in two ways", arguments: [false, true])
  func settledTwice(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    try desks.anna.set(ticket, ["topic": "water"])
    try desks.bo.set(ticket, ["topic": "heating"])
    try desks.sync()
    let first = try #require(try desks.open().first)
    let open = try Situation.meet(
      desks, knowing: knowing, first: { try desks.bo.settle(first, .value(JSONText("tap"))) },
      then: {
        if !knowing {
          try desks.anna.settle(first, .value(JSONText("pipe")))
        } else {
          // Whoever knows that it is settled has nothing to settle, and may still set the field.
          let now = try desks.anna.conflict(first.id)
          #expect(throws: SettlingError.self) { try desks.anna.settle(now, .value(JSONText("pipe"))) }
          try desks.anna.set(ticket, ["topic": "pipe"])
        }
      })
    let conflict = try Situation.expect(open, .settledTwice, unless: knowing)
    if let conflict {
      #expect(conflict.says.hasPrefix("topic of the ticket of Lars was settled as "))
    }
  }
}
