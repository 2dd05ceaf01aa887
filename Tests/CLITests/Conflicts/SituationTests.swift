import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Storage
import Testing

/// Each situation through two stores and a server; and again where the second author had seen the first one's change.
@Suite("Situations")
struct SituationTests {
  /// Lets one agent act, then the other, who has synced in between or not; returns what is open then.
  private func meet(
    _ desks: TwoDesks, knowing: Bool, first: () throws -> Void, then second: () throws -> Void
  ) throws -> [Conflict] {
    try first()
    if knowing { try desks.sync() }
    desks.minutes(40)
    try second()
    try desks.sync()
    return try desks.open()
  }

  private func expect(
    _ open: [Conflict], _ kind: ConflictKind, unless knowing: Bool, by authors: Set<String> = ["anna", "bo"],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Conflict? {
    if knowing {
      #expect(!open.contains { $0.kind == kind }, sourceLocation: sourceLocation)
      return nil
    }
    let found = open.filter { $0.kind == kind }
    #expect(found.count == 1, "\(open.map(\.says))", sourceLocation: sourceLocation)
    let conflict = try #require(found.first, sourceLocation: sourceLocation)
    #expect(Set(conflict.sides.map(\.by)) == authors, sourceLocation: sourceLocation)
    #expect(conflict.sides.allSatisfy { $0.knew.isEmpty }, sourceLocation: sourceLocation)
    #expect(conflict.harm == conflict.kind.harm, sourceLocation: sourceLocation)
    return conflict
  }

  @Test("A ticket solved without having seen a message", arguments: [false, true])
  func unseenMessage(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    let open = try meet(
      desks, knowing: knowing,
      first: { try desks.bo.reply(ticket, channel: "phone", text: "It still leaks", direction: "in") },
      then: { try desks.anna.set(ticket, ["status": "solved"]) })
    let conflict = try expect(open, .unseenMessage, unless: knowing)
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
    let open = try meet(
      desks, knowing: knowing,
      first: { _ = try promise(desks.anna, ["amount": "200", "currency": "kr"]) },
      then: { second = try promise(desks.bo, ["text": "a new part"]) })
    let conflict = try expect(open, .promisedTwice, unless: knowing)
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
    let open = try meet(
      desks, knowing: knowing, first: { try give(desks.anna, "200") }, then: { try give(desks.bo, "150") })
    let conflict = try expect(open, .compensatedTwice, unless: knowing)
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
    let open = try meet(
      desks, knowing: knowing, first: { try desks.anna.set(ticket, ["assignee": "anna"]) },
      then: { try desks.bo.set(ticket, ["assignee": "bo"]) })
    let conflict = try expect(open, .takenTwice, unless: knowing)
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
    let open = try meet(
      desks, knowing: knowing,
      first: {
        var draft = Draft()
        draft.set["consent.contact"] = JSONText(object: [("state", JSONText("withdrawn"))])
        try desks.bo.store.commit(Edit(.entity(customer), draft))
      },
      then: { try desks.anna.reply(ticket, channel: "email", text: "An offer") })
    let conflict = try expect(open, .withdrawnConsent, unless: knowing)
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

  @Test("An edit of an erased customer", arguments: [false, true])
  func erasedEdit(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (customer, _) = try desks.ticket()
    let open = try meet(
      desks, knowing: knowing,
      first: {
        var draft = Draft()
        draft.erase = true
        try desks.anna.store.commit(Edit(.entity(customer), draft))
      },
      then: { if !knowing { try desks.bo.set(customer, ["language": "da"]) } })
    let conflict = try expect(open, .erasedEdit, unless: knowing)
    if let conflict {
      #expect(
        conflict.says
          == "The customer that anna erased was edited by bo, not knowing, last 40 minutes after; nothing of it is kept"
      )
      // What was erased takes no words, but that the entry was dealt with.
      #expect(throws: SettlingError.self) { try desks.anna.settle(conflict, .done, note: "Told bo") }
      try desks.anna.settle(conflict, .done)
      try desks.sync()
      for desk in [desks.anna, desks.bo] {
        #expect(try desk.conflicts().conflicts.isEmpty)
        #expect(try desk.conflict(conflict.id).state == .settled)
      }
      try desks.bo.unsettle(try desks.bo.conflict(conflict.id))
      try desks.sync()
      #expect(try desks.anna.conflicts().conflicts.map(\.id) == [conflict.id])
      try desks.anna.settle(conflict, .done)
      try desks.sync()
      #expect(try desks.open().isEmpty && desks.agree())
    }
  }

  @Test("An answer with a fact of which a colleague had a newer one", arguments: [false, true])
  func staleFact(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (customer, ticket) = try desks.ticket()
    try desks.anna.set(customer, ["fact.shoe_size": "43"])
    try desks.sync()
    let open = try meet(
      desks, knowing: knowing, first: { try desks.bo.set(customer, ["fact.shoe_size": "44"]) },
      then: {
        try desks.anna.reply(
          ticket, channel: "email", text: "We send size 43",
          more: [("facts", JSONText(array: [JSONText("shoe_size")]))])
      })
    let conflict = try expect(open, .staleFact, unless: knowing)
    if let conflict {
      #expect(
        conflict.says
          == "Lars got an answer from anna with shoe_size \"43\", while bo had \"44\" since 40 minutes")
      try desks.bo.reply(ticket, channel: "email", text: "No, we send size 44")
      try desks.sync()
      #expect(try desks.open().isEmpty)
    }
  }

  @Test("Two profiles of one person", arguments: [false, true])
  func createdTwice(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    var made: [EntityID] = []
    let open = try meet(
      desks, knowing: knowing,
      first: { made.append(try desks.anna.newCustomer(name: "Lars", phones: ["+45 20 12 34 56"]).on) },
      then: {
        made.append(try desks.bo.newCustomer(name: "Lars Holm", phones: ["20123456", "+45 20 12 34 56"]).on)
      })
    let conflict = try expect(open, .createdTwice, unless: knowing)
    if let conflict {
      #expect(conflict.on == made.min())
      #expect(
        conflict.says.contains(
          "is there twice: anna and bo each made a profile with 4520123456, 40 minutes apart"))
      // Merging one into the other ends it, on whichever side that is said.
      let (least, other) = (try #require(made.min()), try #require(made.max()))
      try desks.bo.set(other, ["merged": "\(least)"])
      try desks.sync()
      #expect(try desks.open().isEmpty)
    }
  }

  @Test("A number that many share, such as a switchboard's, tells nobody apart")
  func sharedByMany() throws {
    let desks = try TwoDesks()
    for number in 0..<40 {
      try desks.anna.newCustomer(name: "Clerk \(number)", phones: ["+45 20 12 34 56"])
      if number == 20 {
        _ = try desks.bo.newCustomer(name: "Another", phones: ["+45 20 12 34 56"])
        try desks.sync()
        #expect(try desks.open().count == 21)
      } else if number > 20 {
        try desks.bo.newCustomer(name: "Colleague \(number)", phones: ["+45 20 12 34 56"])
      }
    }
    // More than 64 in all, of whom each was made by an author who did not know of half of the others.
    for number in 0..<20 { try desks.bo.newCustomer(name: "Late \(number)", phones: ["+45 20 12 34 56"]) }
    try desks.sync()
    #expect(try desks.open().isEmpty)
  }

  @Test("A conflict settled by two people in two ways", arguments: [false, true])
  func settledTwice(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    try desks.anna.set(ticket, ["topic": "water"])
    try desks.bo.set(ticket, ["topic": "heating"])
    try desks.sync()
    let first = try #require(try desks.open().first)
    let open = try meet(
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
    let conflict = try expect(open, .settledTwice, unless: knowing)
    if let conflict {
      #expect(conflict.says.hasPrefix("topic of the ticket of Lars was settled as "))
    }
  }

  @Test("Profiles merged by one agent and called two people by another", arguments: [false, true])
  func sameAndDistinct(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let one = try desks.anna.newCustomer(name: "Lars Holm").on
    let two = try desks.anna.newCustomer(name: "Lars Holm").on
    try desks.sync()
    let open = try meet(
      desks, knowing: knowing, first: { try desks.bo.distinguishCustomers(one, two) },
      then: { try desks.anna.mergeCustomers(one, two) })
    let conflict = try expect(open, .sameAndDistinct, unless: knowing)
    if let conflict {
      #expect(conflict.on == one)
      #expect(
        conflict.says
          == "Lars Holm is shown as one person, because anna merged two profiles that bo called two people, 40 minutes apart, "
          + "neither knowing")
      // Whoever knows both merges them again, or splits them.
      try desks.bo.mergeCustomers(one, two)
      try desks.sync()
      #expect(try desks.open().isEmpty)
      #expect(try desks.anna.store.members(of: two) == [one, two])
    }
  }

  @Test("Tickets merged in two directions", arguments: [false, true])
  func mergedBothWays(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (customer, one) = try desks.ticket()
    let two = try desks.anna.newTicket(customer: customer, subject: "Tap again").on
    try desks.sync()
    let open = try meet(
      desks, knowing: knowing, first: { try desks.anna.set(one, ["merged": "\(two)"]) },
      then: { if !knowing { try desks.bo.set(two, ["merged": "\(one)"]) } })
    let conflict = try expect(open, .mergedBothWays, unless: knowing)
    if let conflict {
      #expect(conflict.on == min(one, two))
      // Taking one of the two back ends it.
      try desks.anna.set(one, ["merged": nil])
      try desks.sync()
      #expect(try desks.open().isEmpty)
    }
  }

  @Test("A clock that ran ahead", arguments: [false, true])
  func wrongClock(_ isRight: Bool) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    if !isRight { desks.skewBo(minutes: 50 * 60) }
    try desks.bo.set(ticket, ["topic": "water"])
    try desks.sync()
    let conflict = try expect(try desks.open(), .wrongClock, unless: isRight, by: ["bo"])
    if let conflict {
      #expect(conflict.says.hasPrefix("The clock of bo's device ran 2 days ahead when it made an edit here"))
      let side = try #require(conflict.sides.first)
      #expect(side.effective.milliseconds + 2 * 86_400_000 <= side.at.milliseconds + 60_000)
    }
  }
}
