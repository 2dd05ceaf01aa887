import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("Facts and the ask-once guard")
struct FactTests {
  private func fact(_ key: String, _ value: String, _ edit: (inout NewFact) -> Void = { _ in }) -> NewFact {
    var fact = NewFact(key, JSONText(value))
    edit(&fact)
    return fact
  }

  private func state(_ desk: Desk, _ id: EntityID, _ key: String, for purpose: String = "service") throws
    -> Answer.State?
  {
    try desk.answers(id, [key], for: purpose).first?.state
  }

  @Test("A fact is known under every spelling of its key, with where it comes from")
  func provenance() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.anna.setFact(
      customer,
      fact("Shoe size", "38") {
        $0.channel = "phone"
        $0.ticket = ticket
        $0.confidence = "verified"
      })
    try desks.sync()
    let answer = try #require(try desks.bo.answers(customer, ["SHOE-SIZE"]).first)
    #expect(answer.state == .known)
    let value = try #require(answer.values.first)
    #expect(value.value.plain == "38")
    #expect(value.by == "anna")
    #expect(value.channel == "phone")
    #expect(value.ticket == ticket)
    #expect(value.confidence == "verified")
    #expect(try state(desks.bo, customer, "height") == .unknown)
    // What the profile says is not asked either.
    let profile = try desks.bo.answers(customer, ["name", "phone", "address"])
    #expect(profile.map(\.state) == [.known, .known, .unknown])
    #expect(profile[1].values.map(\.value.plain) == ["+46 70 123 45 67"])
    #expect(profile[1].values.map(\.by) == ["anna"])
  }

  @Test(
    "Two agents write different values offline: both stay, to be confirmed; the same value is no conflict")
  func concurrent() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    try desks.anna.setFact(customer, fact("size", "38") { $0.channel = "phone" })
    try desks.bo.setFact(customer, fact("size", "39") { $0.channel = "chat" })
    try desks.anna.setFact(customer, fact("colour", "red") { $0.channel = "phone" })
    try desks.bo.setFact(customer, fact("colour", "red") { $0.channel = "chat" })
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let answers = try desk.answers(customer, ["size", "colour"])
      #expect(answers.map(\.state) == [.conflict, .known])
      #expect(Set(answers[0].values.map(\.value.plain)) == ["38", "39"])
      #expect(Set(answers[0].values.map(\.by)) == ["anna", "bo"])
      #expect(try desk.customer(customer)?.conflicts.map(\.name.text) == ["fact.size"])
      #expect(try desk.openConflictCount() == 1)
    }
    // Confirming settles it for both.
    try desks.bo.setFact(customer, fact("size", "39"))
    try desks.sync()
    #expect(try state(desks.anna, customer, "size") == .known)
    #expect(try desks.agree())
  }

  @Test("A fact is taken back while a colleague writes another value: that one stays")
  func retracted() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    try desks.anna.setFact(customer, fact("size", "38"))
    try desks.sync()
    #expect(try desks.anna.retractFact(customer, "size", because: "misheard") != nil)
    #expect(try state(desks.anna, customer, "size") == .unknown)
    try desks.bo.setFact(customer, fact("size", "40"))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.answers(customer, ["size"]).first?.values.map(\.value.plain) == ["40"])
    }
    #expect(try desks.anna.retractFact(customer, "height", because: nil) == nil)
  }

  @Test("Expired, for another purpose, withdrawn: known, but not to be used")
  func obstacles() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let now = desks.anna.store.environment.now()
    try desks.anna.setFact(
      customer, fact("away", "until May") { $0.expires = HybridTime(milliseconds: now - 1) })
    try desks.anna.setFact(
      customer, fact("visit", "Monday") { $0.expires = HybridTime(milliseconds: now + 1_000_000) })
    #expect(try state(desks.anna, customer, "away") == .expired)
    #expect(try state(desks.anna, customer, "visit") == .known)
    try desks.anna.setFact(customer, fact("likes", "tea") { $0.purpose = "marketing" })
    // Advertising needs consent; service may not use it at all.
    #expect(try state(desks.anna, customer, "likes", for: "marketing") == .withdrawn)
    try desks.anna.setConsent(customer, "marketing", isGranted: true)
    #expect(try state(desks.anna, customer, "likes", for: "marketing") == .known)
    #expect(try state(desks.anna, customer, "likes") == .purpose)
    #expect(try desks.anna.answers(customer, ["likes"]).first?.values.isEmpty == true)
    #expect(throws: DeskError.self) {
      try desks.anna.setFact(customer, fact("x", "y") { $0.purpose = "spying" })
    }
  }

  @Test("What was spared, asked, confirmed and asked again is counted")
  func counting() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    try desks.anna.setFact(customer, fact("size", "38"))
    let answers = try desks.anna.answers(customer, ["size", "height"])
    try desks.anna.logQuestions(answers, of: customer, channel: "phone")
    try desks.bo.logQuestions(
      try desks.bo.answers(customer, ["name"]), of: customer, because: "to be sure that it is her")
    try desks.sync()
    // The customer says again what was known: nobody had looked.
    let outcome = try desks.bo.setFact(customer, fact("size", "38") { $0.channel = "chat" })
    #expect(outcome.repeated?.by == "anna")
    let confirmed = try desks.bo.setFact(customer, fact("size", "38") { $0.isConfirmation = true })
    #expect(confirmed.repeated == nil)
    try desks.sync()
    var counts = QuestionCounts()
    for entry in try #require(try desks.anna.customer(customer)).questions { counts.add(entry) }
    #expect(counts.spared == 1)
    #expect(counts.asked == 1)
    #expect(counts.again == 2)
    #expect(counts.repeatRate == 2.0 / 3)
  }

  @Test("Two agents add to a checklist offline: both keys are in it; a ticket's own answers come first")
  func checklists() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.anna.setChecklist("repair", adding: ["serial", "fault"])
    try desks.bo.setChecklist("repair", adding: ["product"], question: "What is it?", days: 30)
    try desks.sync()
    #expect(try desks.anna.settings().checklist("repair") == ["fault", "product", "serial"])
    try desks.bo.setChecklist("repair", adding: [], dropping: ["serial"])
    try desks.anna.setFact(customer, fact("product", "Tap 400"))
    try desks.anna.setFact(ticket, fact("product", "Tap 500"))
    try desks.sync()
    let list = try desks.anna.checklist(ticket, for: "repair")
    #expect(list.known.map(\.key) == ["product"])
    #expect(list.known.first?.values.first?.value.plain == "Tap 500")
    #expect(list.toAsk.map(\.key) == ["fault"])
    // Three built-in ones start a list of one's own.
    try desks.anna.setChecklist("return", adding: ["colour"], dropping: ["reason"])
    #expect(
      try desks.anna.settings().checklist("return") == [
        "colour", "order_number", "product", "refund_or_exchange",
      ])
    #expect(throws: DeskError.self) { try desks.anna.checklist(ticket, for: "nothing") }
  }

  @Test(
    "Secrets are refused by name and by look",
    arguments: [
      ("PIN", "x"), ("Card number", "1"), ("securityAnswer2", "blue"), ("Mother's maiden name", "Ek"),
      ("note", "4111 1111 1111 1111"), ("note", "card 5500-0055-5555-5559, exp 12/27"),
      ("note", "378282246310005"), ("note", "my PIN is 4711"), ("note", "password: hunter2"),
      ("note", "Visa4111111111111111"), ("lösenord", "x"), ("note", "４１１１１１１１１１１１１１１１"),
    ])
  func secrets(_ key: String, _ value: String) throws {
    #expect(Secrets().reason(key: key, value: JSONText(value)) != nil)
    let desks = try TwoDesks()
    let customer = try desks.customer()
    #expect(throws: DeskError.self) { try desks.anna.setFact(customer, NewFact(key, JSONText(value))) }
    #expect(try desks.anna.customer(customer)?.facts.isEmpty == true)
  }

  @Test(
    "What only looks like one is kept",
    arguments: [
      ("phone", "+46 70 123 45 67"), ("imei", "490154203237518"), ("shipping", "by post"),
      ("note", "4111 1111 1111 1112"), ("note", "forgot the password again"), ("opinion", "good"),
      ("account_number", "12345678"), ("iban", "SE35 5000 0000 0549 1000 0003"),
      ("order", "1234567890123456"), ("checksum", "0a4111111111111111b9"),
      ("note", "the pin of the hinge is broken"),
    ])
  func noSecrets(_ key: String, _ value: String) {
    #expect(Secrets().reason(key: key, value: JSONText(value)) == nil)
  }

  @Test(
    "What two write down of one thing is no disagreement where only how they know it differs",
    arguments: ["ticket", "organisation"])
  func sameOfAnyEntity(_ type: String) throws {
    let desks = try TwoDesks()
    let id =
      try type == "ticket" ? desks.ticket(nil) : desks.anna.newOrganisation(name: "Nord").on
    try desks.sync()
    for (desk, channel) in [(desks.anna, "phone"), (desks.bo, "email")] {
      try desk.setFact(id, fact("order_number", "17") { $0.channel = channel })
    }
    try desks.sync()
    for isCompacted in [false, true] {
      if isCompacted { try desks.anna.store.compact(all: true) }
      for desk in [desks.anna, desks.bo] {
        #expect(try desk.conflicts().conflicts.isEmpty)
        #expect(try desk.conflicts(of: id).map(\.state) == [.ruled])
        let rows = try desk.tickets().rows.map(\.conflicts) + desk.organisations().rows.map(\.conflicts)
        #expect(rows == [0])
      }
    }
    try desks.anna.setFact(id, fact("order_number", "18"))
    try desks.bo.setFact(id, fact("order_number", "19"))
    try desks.sync()
    for desk in [desks.anna, desks.bo] { #expect(try desk.conflicts().conflicts.map(\.on) == [id]) }
  }

  @Test(
    "An answer rests on no outdated fact where a colleague had the same value, learned another way",
    arguments: [false, true])
  func confirmedMeanwhile(_ isOther: Bool) throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.anna.setFact(customer, fact("shoe_size", "38") { $0.channel = "phone" })
    try desks.sync()
    try desks.bo.setFact(
      customer,
      fact("shoe_size", isOther ? "39" : "38") {
        ($0.channel, $0.confidence, $0.isConfirmation) = ("email", "verified", true)
      })
    desks.minutes(1)
    var reply = NewEntry("message", "We send 38", channel: "email", direction: "out")
    reply.facts = ["shoe_size"]
    try desks.anna.write(ticket, reply)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.conflicts().conflicts.map(\.kind) == (isOther ? [.staleFact] : []))
    }
  }
}
