import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import Testing

@testable import ServiceDesk

/// What was done to the whole of two profiles by people who knew that they were one, once they are two again.
@Suite struct SplittingTests {
  let desks: TwoDesks
  /// The profile that names the whole, and the other one; both agents know both.
  let first: EntityID
  let second: EntityID

  init() throws {
    desks = try TwoDesks()
    let ids = [
      try desks.anna.newCustomer(name: "Anna Lind").on, try desks.anna.newCustomer(name: "Ana Lint").on,
    ].sorted()
    (first, second) = (ids[0], ids[1])
    try desks.sync()
  }

  /// Merges the two, has bo do something to the whole, and splits them; both agents know all of it.
  private func whole(_ work: (Desk) throws -> Void) throws {
    try desks.anna.mergeCustomers(first, second)
    try desks.sync()
    try work(desks.bo)
    try desks.sync()
    try desks.anna.splitCustomer(second)
    try desks.sync()
  }

  /// Checks something on both desks, which have the same changes.
  private func everywhere(_ check: (Desk) throws -> Void) throws {
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] { try check(desk) }
  }

  private func question() throws -> SplitQuestion {
    let questions = try desks.anna.splitQuestions(touching: nil)
    #expect(questions.count == 1)
    return try #require(questions.first)
  }

  // MARK: Consent

  @Test(
    "A withdrawal that was said of the whole holds for both until somebody tells whose it is",
    arguments: [true, false])
  func withdrawal(isSeconds: Bool) throws {
    for id in [first, second] { try desks.anna.setConsent(id, "marketing", isGranted: true) }
    var fact = NewFact("hobby", "golf")
    fact.purpose = "marketing"
    try desks.anna.setFact(second, fact)
    try whole { try $0.setConsent(first, "marketing", isGranted: false, channel: "phone") }
    try everywhere { (desk) throws in
      for id in [first, second] {
        let answer = try desk.consents(id).answer("marketing")
        #expect(!answer.isGranted && answer.channel == "phone" && answer.head?.by == "bo")
      }
      #expect(try desk.answers(second, ["hobby"], for: "marketing").map(\.state) == [.withdrawn])
      #expect(try desk.brief(second).withheld.consent == 1)
    }
    // What the first one says now is no answer of the second one's.
    try desks.bo.setConsent(first, "marketing", isGranted: true)
    try everywhere { (desk) throws in
      #expect(try desk.consents(first).allows("marketing"))
      #expect(try !desk.consents(second).allows("marketing"))
    }
    try desks.anna.answer(try question(), belongsTo: isSeconds ? second : first)
    try everywhere { (desk) throws in
      #expect(try desk.consents(first).allows("marketing"))
      #expect(try desk.consents(second).allows("marketing") == !isSeconds)
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
    }
  }

  @Test("The other customer may grant it again, and what was granted on the whole after it holds for both")
  func grantedAgain() throws {
    for id in [first, second] { try desks.anna.setConsent(id, "contact", isGranted: true) }
    try whole { desk in
      try desk.setConsent(first, "contact", isGranted: false)
      try desk.setConsent(first, "marketing", isGranted: false)
      try desk.setConsent(first, "marketing", isGranted: true)
    }
    try desks.bo.setConsent(second, "contact", isGranted: true)
    try everywhere { (desk) throws in
      #expect(try !desk.consents(first).allows("contact"))
      #expect(try desk.consents(second).allows("contact"))
      #expect(try desk.consents(first).allows("marketing"))
      // Its default; nobody withdrew it.
      #expect(try desk.consents(second).answer("marketing").head == nil)
    }
  }

  // MARK: What was taken back

  @Test(
    "What was taken back of the whole and stands on the other profile is a question, under either's number",
    arguments: [true, false], [true, false])
  func removals(isSeconds: Bool, byFirst: Bool) throws {
    // The profile by whose number somebody takes back what stands on the other one.
    let (called, other) = byFirst ? (first, second) : (second, first)
    try desks.anna.setFact(other, NewFact("dog", "Rex"))
    try desks.anna.setFact(called, NewFact("cat", "Tom"))
    var draft = Draft(set: ["language": "sv"])
    (draft.add["emails"], draft.add["tags"]) = (["c2@example.org"], ["slow"])
    try desks.anna.store.commit(Edit(.entity(other), draft))
    try desks.sync()
    try whole { desk in
      try desk.retractFact(called, "dog", because: nil)
      // It is that one's own, so there is nothing to ask.
      try desk.retractFact(called, "cat", because: nil)
      var draft = Draft()
      draft.clear = ["language"]
      draft.drop = ["emails": ["c2@example.org"], "tags": ["slow"]]
      try desk.store.commit(Edit(.entity(called), draft))
    }
    let questions = try desks.anna.splitQuestions(touching: called)
    #expect(questions.map(\.profile) == [called, called] && questions.map(\.others) == [[other], [other]])
    #expect(questions.map(\.items.count) == [1, 3])
    for question in try desks.anna.splitQuestions(touching: nil) {
      try desks.anna.answer(question, belongsTo: isSeconds == byFirst ? other : called)
    }
    try everywhere { (desk) throws in
      let view = try #require(try desk.customer(other))
      let isGone = isSeconds == byFirst
      #expect(view.emails == (isGone ? [] : ["c2@example.org"]) && view.tags == (isGone ? [] : ["slow"]))
      #expect(view.language == (isGone ? nil : "sv") && view.facts.isEmpty == isGone)
      #expect(try desk.customer(called)?.facts.isEmpty == true)
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
    }
  }

  // MARK: What is given back

  /// Bo and anna disagree about the city of the first profile; the second one's is Oslo.
  private func disagree() throws -> String {
    try desks.anna.set(first, ["address.city": "Malmö"])
    try desks.bo.set(first, ["address.city": "Ystad"])
    try desks.anna.set(second, ["address.city": "Oslo"])
    try desks.sync()
    return try #require(try desks.anna.conflicts(limit: .max).conflicts.first { $0.state == .open }).id
  }

  private func cities(_ desk: Desk, _ id: EntityID) throws -> [String] {
    try #require(try desk.customer(id)).field("address.city")?.heads.map(\.value.plain).sorted() ?? []
  }

  @Test("Who gets back what there was before gets a disagreement back as one")
  func disagreement() throws {
    let conflict = try disagree()
    try whole { try $0.set(first, ["address.city": "Bergen"]) }
    try desks.anna.answer(try question(), belongsTo: second)
    try everywhere { (desk) throws in
      #expect(try cities(desk, first) == ["Malmö", "Ystad"])
      #expect(try cities(desk, second) == ["Bergen"])
      let open = try desk.conflicts(limit: .max).conflicts.filter { $0.state == .open }
      #expect(open.map(\.id) == [conflict])
      #expect(open.first?.sides.map(\.by).sorted() == ["anna", "bo"])
    }
  }

  @Test("Settled with the other one's value, both values of a profile come back when they are split")
  func settled() throws {
    let conflict = try disagree()
    try whole { try $0.set(first, ["address.city": "Oslo"]) }
    try everywhere { (desk) throws in
      #expect(try cities(desk, first) == ["Malmö", "Ystad"])
      #expect(try cities(desk, second) == ["Oslo"])
      let open = try desk.conflicts(limit: .max).conflicts.filter { $0.state == .open }
      #expect(open.map(\.id) == [conflict])
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
    }
  }

  @Test("What was learned of the other profile since stays beside what an answer takes there")
  func learnedSince() throws {
    try desks.anna.set(second, ["address.city": "Oslo"])
    try desks.sync()
    try whole { desk in
      try desk.set(first, ["address.city": "Ystad"])
      try desk.setConsent(first, "contact", isGranted: false)
    }
    try desks.bo.set(second, ["address.city": "Bergen"])
    try desks.bo.setConsent(second, "contact", isGranted: true)
    try desks.sync()
    for question in try desks.bo.splitQuestions(touching: nil) {
      try desks.bo.answer(question, belongsTo: second)
    }
    try everywhere { (desk) throws in
      #expect(try cities(desk, second) == ["Bergen", "Ystad"])
      #expect(try cities(desk, first) == [])
      let open = try desk.conflicts(limit: .max).conflicts.filter { $0.state == .open }
      #expect(open.map(\.on) == [second])
      #expect(try desk.consents(second).allows("contact") && desk.consents(first).allows("contact"))
    }
  }

  // MARK: Answered by two

  /// What is told of each of the two: the city, whether the tag is there, and the notes.
  private func told(_ desk: Desk) throws -> [[String]] {
    try [first, second].map { id in
      let view = try #require(try desk.customer(id))
      return try cities(desk, id) + view.tags + view.timeline.map(\.text)
    }
  }

  /// One change on the whole that sets, adds, takes out and tells.
  private func mixed() throws {
    try desks.anna.set(second, ["address.city": "Oslo", "language": "sv"])
    try desks.anna.set(first, ["address.city": "Lund"])
    try desks.sync()
    try whole { desk in
      var draft = Draft(set: ["address.city": "Ystad"])
      draft.clear = ["language"]
      draft.add["tags"] = ["cats"]
      draft.log[Vocabulary.timeline] = JSONText(object: [("kind", "note"), ("text", "likes cats")])
      try desk.store.commit(Edit(.entity(first), draft))
    }
  }

  @Test(
    "Answered differently by two, a question is open again until somebody who knows answers it",
    arguments: [true, false])
  func contradicted(isSeconds: Bool) throws {
    try mixed()
    let asked = try question()
    try desks.anna.answer(asked, belongsTo: second)
    try desks.bo.answer(asked, belongsTo: first)
    try everywhere { (desk) throws in
      let questions = try desk.splitQuestions(touching: nil)
      #expect(questions.map(\.change) == [asked.change] && questions.map(\.isContradicted) == [true])
      #expect(questions.map { Set($0.items) } == [Set(asked.items)])
    }
    try desks.bo.answer(try question(), belongsTo: isSeconds ? second : first)
    try everywhere { (desk) throws in
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
      let there = ["Ystad", "cats", "likes cats"]
      #expect(try told(desk) == (isSeconds ? [["Lund"], there] : [there, ["Oslo"]]))
      #expect(try desk.customer(second)?.language == (isSeconds ? nil : "sv"))
      #expect(try desk.conflicts(limit: .max).conflicts.allSatisfy { $0.state != .open })
    }
  }

  @Test(
    "Answered alike by two, it is at the other profile once, and comes back from there whole when a third answers otherwise"
  )
  func answeredAlike() throws {
    try mixed()
    let asked = try question()
    for desk in [desks.anna, desks.bo] { try desk.answer(asked, belongsTo: second) }
    try everywhere { (desk) throws in
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
      let view = try #require(try desk.customer(second))
      #expect(view.timeline.map(\.text) == ["likes cats"] && view.timeline.map(\.by) == ["bo"])
      #expect(Set(try cities(desk, second)) == ["Ystad"])
      #expect(try Set(cities(desk, first)) == ["Lund"])
    }
    var draft = Draft()
    draft.add[Vocabulary.kept] = [ExactString("\(asked.change)")]
    try desks.anna.store.commit(Desk.alone(first, draft))
    try desks.anna.answer(try question(), belongsTo: first)
    try everywhere { (desk) throws in
      #expect(try told(desk) == [["Ystad", "cats", "likes cats"], ["Oslo"]])
      #expect(try desk.customer(second)?.language == "sv")
    }
  }

  // MARK: Who learned it

  @Test("Who learned a fact and when stays with it when it is taken, brought back, given and given back")
  func learned() throws {
    func told(_ desk: Desk, _ id: EntityID, _ key: String) throws -> [String] {
      try desk.answers(id, [key])[0].values.map { "\($0.value.plain) \($0.by) \($0.at)" }.sorted()
    }
    try desks.anna.setFact(first, NewFact("boots", JSONText(3)))
    try desks.bo.set(first, ["fact.boots": "4"])
    try desks.anna.setFact(first, NewFact("floor", JSONText(1)))
    try desks.sync()
    let boots = try told(desks.anna, first, "boots")
    let floor = try told(desks.anna, first, "floor")
    #expect(boots.count == 2)
    let open = try #require(try desks.bo.conflicts(of: first).first { $0.state == .open })
    try desks.bo.settle(open, .take(0))
    let taken = try told(desks.bo, first, "boots")
    #expect(taken.count == 1 && boots.contains(taken[0]))
    try desks.bo.unsettle(try #require(try desks.bo.conflicts(of: first).first { $0.id == open.id }))
    try everywhere { (desk) throws in #expect(try told(desk, first, "boots") == boots) }
    var given: [String] = []
    try whole { desk in
      try desk.setFact(first, NewFact("floor", JSONText(7)))
      given = try told(desk, first, "floor")
    }
    try desks.anna.answer(try question(), belongsTo: second)
    try everywhere { (desk) throws in
      #expect(try told(desk, second, "floor") == given)
      #expect(try told(desk, first, "floor") == floor)
    }
  }
}
