import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

/// Which two of several profiles were merged, and in which order, makes no difference once they are split.
@Suite struct MergeOrderTests {
  /// What somebody does with the profiles, by their places in the order of their ids.
  private enum Step {
    case withdraw(Int, String, by: Int)
    case grant(Int, String, by: Int)
    case learn(Int, ExactString, String, by: Int)
    /// Bo may have written something before that anna does not know.
    case split(Int)
    case sync
  }

  private static let purposes = ["contact", "marketing"]

  private func profiles(_ desks: TwoDesks, _ count: Int) throws -> [EntityID] {
    let ids = try (0..<count).map { try desks.anna.newCustomer(name: "P\($0)").on }.sorted()
    for id in ids { try desks.anna.setConsent(id, "marketing", isGranted: true) }
    try desks.sync()
    return ids
  }

  private func everywhere(_ desks: TwoDesks, _ check: (Desk) throws -> Void) throws {
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] { try check(desk) }
  }

  /// What a desk tells of some profiles, without ids and times.
  private func told(_ desk: Desk, _ ids: [EntityID]) throws -> [String] {
    func place(_ id: EntityID) -> Int { ids.firstIndex(of: id) ?? -1 }
    var lines: [String] = []
    for id in ids {
      let consents = try desk.consents(id)
      let view = try #require(try desk.customer(id))
      let facts = view.facts.map { "\($0.key) \($0.value.plain)" }.sorted()
      let granted = Self.purposes.filter(consents.allows)
      lines.append("\(place(id)) of \(view.members.map(place)) grants \(granted), \(facts)")
    }
    let questions = try desk.splitQuestions(touching: nil).map { (question) -> String in
      let items = question.items.map { (item) -> String in
        if case .field(let field, let value) = item {
          "\(field) \(value["state"] ?? value)"
        } else {
          "\(item)"
        }
      }
      return "\(place(question.profile)) or \(question.others.map(place)): \(items)"
    }
    var touching: Set<SplitQuestion> = []
    for id in ids { touching.formUnion(try desk.splitQuestions(touching: id)) }
    #expect(touching.count == questions.count)
    return lines + questions.sorted()
  }

  /// What is told after some steps on profiles that were merged by these pairs.
  private func told(
    seed: UInt64, _ count: Int, merging pairs: [(Int, Int)], _ steps: [Step]
  ) throws -> [String] {
    let desks = try TwoDesks(seed: seed)
    let both = [desks.anna, desks.bo]
    let ids = try profiles(desks, count)
    for (index, pair) in pairs.enumerated() {
      try both[index % 2].mergeCustomers(ids[pair.0], ids[pair.1])
      try desks.sync()
    }
    for step in steps {
      switch step {
      case .withdraw(let place, let purpose, let who):
        try both[who].setConsent(ids[place], purpose, isGranted: false)
      case .grant(let place, let purpose, let who):
        try both[who].setConsent(ids[place], purpose, isGranted: true)
      case .learn(let place, let field, let value, let who): try both[who].set(ids[place], [field: value])
      case .split(let place):
        try desks.anna.splitCustomer(ids[place])
        try desks.sync()
      case .sync: try desks.sync()
      }
    }
    var found: [[String]] = []
    try everywhere(desks) { found.append(try told($0, ids)) }
    #expect(found[0] == found[1])
    return found[0]
  }

  @Test("Whatever tree the merges made, a split leaves the same answers and questions", arguments: 1...12)
  func tree(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let count = generator.int(3...5)
    var steps: [Step] = []
    for _ in 0..<generator.int(4...14) {
      let (place, who) = (generator.int(0...(count - 1)), generator.int(0...1))
      let purpose = generator.pick(Self.purposes)
      switch generator.int(0...7) {
      case 0, 1: steps.append(.withdraw(place, purpose, by: who))
      case 2: steps.append(.grant(place, purpose, by: who))
      case 3, 4:
        let field: ExactString = generator.oneIn(2) ? "fact.floor" : "fact.door"
        steps.append(.learn(place, field, "\(generator.int(1...3))", by: who))
      case 5: steps.append(.sync)
      default: steps.append(.split(place))
      }
    }
    steps.append(.split(generator.int(0...(count - 1))))
    let star = (1..<count).map { (0, $0) }
    var places = Array(0..<count)
    places.shuffle(using: &generator)
    let tree = (1..<count).map { index in
      let pair = (places[index], places[generator.int(0...(index - 1))])
      return generator.oneIn(2) ? pair : (pair.1, pair.0)
    }
    let expected = try told(seed: UInt64(seed), count, merging: star, steps)
    #expect(
      try told(seed: UInt64(seed), count, merging: tree, steps) == expected, "merged by \(tree): \(steps)")
  }

  @Test("What was said of the whole of a chain of merges may be the last one's")
  func chain() throws {
    let desks = try TwoDesks()
    let ids = try profiles(desks, 3)
    try desks.anna.mergeCustomers(ids[0], ids[1])
    try desks.anna.mergeCustomers(ids[1], ids[2])
    try desks.sync()
    try desks.bo.setConsent(ids[0], "contact", isGranted: false)
    try desks.bo.set(ids[0], ["fact.shoe_size": "42"])
    try desks.sync()
    try desks.anna.splitCustomer(ids[2])
    try everywhere(desks) { (desk) throws in
      for id in ids { #expect(try !desk.consents(id).allows("contact")) }
      let questions = try desk.splitQuestions(touching: ids[2])
      #expect(
        questions.map(\.profile) == [ids[0], ids[0]] && questions.map(\.others) == [[ids[2]], [ids[2]]])
    }
    for question in try desks.bo.splitQuestions(touching: ids[2]) {
      try desks.bo.answer(question, belongsTo: ids[2])
    }
    try everywhere(desks) { (desk) throws in
      #expect(try desk.customer(ids[2])?.facts.map(\.value.plain) == ["42"])
      #expect(try desk.customer(ids[0])?.facts.isEmpty == true)
      #expect(try desk.consents(ids[1]).allows("contact") && !desk.consents(ids[2]).allows("contact"))
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
    }
  }

  @Test("Profiles that were split before ask again after the next merge")
  func mergedAgain() throws {
    let desks = try TwoDesks()
    let ids = try profiles(desks, 2)
    try desks.anna.mergeCustomers(ids[0], ids[1])
    try desks.anna.splitCustomer(ids[0])
    try desks.sync()
    try desks.bo.mergeCustomers(ids[0], ids[1])
    try desks.bo.setConsent(ids[0], "contact", isGranted: false)
    try desks.bo.splitCustomer(ids[0])
    try everywhere(desks) { (desk) throws in
      #expect(try !desk.consents(ids[1]).allows("contact"))
      #expect(try desk.splitQuestions(touching: ids[1]).map(\.others) == [[ids[1]]])
    }
  }
}
