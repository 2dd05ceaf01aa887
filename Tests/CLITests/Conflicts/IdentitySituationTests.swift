import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Storage
import TestSupport
import Testing

/// Situations about what exists, once, twice, merged or erased, and about when: likewise.
@Suite("Situations of identity")
struct IdentitySituationTests {
  @Test("An edit of an erased customer", arguments: [false, true])
  func erasedEdit(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (customer, _) = try desks.ticket()
    let open = try Situation.meet(
      desks, knowing: knowing,
      first: {
        var draft = Draft()
        draft.erase = true
        try desks.anna.store.commit(Edit(.entity(customer), draft))
      },
      then: { if !knowing { try desks.bo.set(customer, ["language": "da"]) } })
    let conflict = try Situation.expect(open, .erasedEdit, unless: knowing)
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

  @Test("An edit in the order before an erasure, whose author did not know it", arguments: [false, true])
  func editBeforeErasure(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let (customer, _) = try desks.ticket()
    try desks.bo.set(customer, ["language": "da"])
    try desks.server.sync(desks.bo.store)
    if knowing { try desks.sync() }
    try desks.anna.watchConflicts()
    try desks.bo.watchConflicts()
    var draft = Draft()
    draft.erase = true
    try desks.anna.store.commit(Edit(.entity(customer), draft))
    try desks.sync()
    let conflict = try Situation.expect(try desks.open(), .erasedEdit, unless: knowing)
    // Both hear of it with the sync that brings it.
    for desk in [desks.anna, desks.bo] {
      let news = try desk.newConflicts(concerning: desk.store.configuration.agent)
      #expect(news.map(\.id) == [conflict].compactMap { $0?.id })
    }
    #expect(conflict?.sides.map(\.by) == (knowing ? nil : ["anna", "bo"]))
  }

  @Test("Two profiles of one person", arguments: [false, true])
  func createdTwice(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    var made: [EntityID] = []
    let open = try Situation.meet(
      desks, knowing: knowing,
      first: { made.append(try desks.anna.newCustomer(name: "Lars", phones: ["+45 20 12 34 56"]).on) },
      then: {
        made.append(try desks.bo.newCustomer(name: "Lars Holm", phones: ["20123456", "+45 20 12 34 56"]).on)
      })
    let conflict = try Situation.expect(open, .createdTwice, unless: knowing)
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

  @Test(
    "Two profiles of one person, the number in two forms",
    arguments: [
      ("070-123 45 67", "+46 70 123 45 67", true), ("0046701234567", "+46 70 123 45 67", true),
      ("20 12 34 56", "+45 20 12 34 56", true), ("+45 20 12 34 56", "+46 20 12 34 56", false),
      ("070-123 45 67", "0501234567", false),
    ])
  func createdTwice(_ one: String, _ other: String, _ isFound: Bool) throws {
    let desks = try TwoDesks()
    try desks.anna.newCustomer(name: "Lars", phones: [one])
    try desks.bo.newCustomer(name: "Lars Holm", phones: [other])
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.conflicts().conflicts.map(\.kind) == (isFound ? [.createdTwice] : []))
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

  @Test("Profiles merged by one agent and called two people by another", arguments: [false, true])
  func sameAndDistinct(_ knowing: Bool) throws {
    let desks = try TwoDesks()
    let one = try desks.anna.newCustomer(name: "Lars Holm").on
    let two = try desks.anna.newCustomer(name: "Lars Holm").on
    try desks.sync()
    let open = try Situation.meet(
      desks, knowing: knowing, first: { try desks.bo.distinguishCustomers(one, two) },
      then: { try desks.anna.mergeCustomers(one, two) })
    let conflict = try Situation.expect(open, .sameAndDistinct, unless: knowing)
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
    let open = try Situation.meet(
      desks, knowing: knowing, first: { try desks.anna.set(one, ["merged": "\(two)"]) },
      then: { if !knowing { try desks.bo.set(two, ["merged": "\(one)"]) } })
    let conflict = try Situation.expect(open, .mergedBothWays, unless: knowing)
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
    let conflict = try Situation.expect(try desks.open(), .wrongClock, unless: isRight, by: ["bo"])
    if let conflict {
      #expect(conflict.says.hasPrefix("The clock of bo's device ran 2 days ahead when it made an edit here"))
      let side = try #require(conflict.sides.first)
      #expect(side.effective.milliseconds + 2 * 86_400_000 <= side.at.milliseconds + 60_000)
    }
  }
}
