import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

/// Lists of customers of whom some are merged: each is there once, and the total is right whatever the limit.
@Suite struct MergedListTests {
  /// Profiles that both agents know, ordered.
  private func profiles(_ desks: TwoDesks, _ count: Int) throws -> [EntityID] {
    let ids = try (0..<count).map { try desks.anna.newCustomer(name: "Profile \($0)").on }.sorted()
    try desks.sync()
    return ids
  }

  /// Runs a check on both desks, on what is newer than the runs and again on runs.
  private func everywhere(_ desks: TwoDesks, _ check: (Desk) throws -> Void) throws {
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] { try check(desk) }
    for desk in [desks.anna, desks.bo] {
      try desk.store.compact(all: true)
      try check(desk)
    }
  }

  @Test("A chain that two agents make at once from both ends is one customer", arguments: [0, 1, 2])
  func chain(_ middle: Int) throws {
    let desks = try TwoDesks()
    let ids = try profiles(desks, 3)
    let ends = ids.filter { $0 != ids[middle] }
    try desks.anna.mergeCustomers(ends[0], ids[middle])
    try desks.bo.mergeCustomers(ends[1], ids[middle])
    // Updated later than the chain, so that a short list does not reach it.
    let others = try (0..<3).map { try desks.bo.newCustomer(name: "Other \($0)").on }
    try everywhere(desks) { desk in
      #expect(try desk.store.members(of: ids[2]) == ids)
      #expect(try Set(desk.customers().rows.map(\.id)) == Set(others + [ids[0]]))
      for limit in 0...5 {
        let (rows, total) = try desk.customers(limit: limit)
        #expect(total == 4 && rows.count == min(limit, 4), "limit \(limit)")
        #expect(rows.map(\.updated) == rows.map(\.updated).sorted(by: >))
      }
    }
    // An edit of any of them brings the whole to the top.
    try desks.anna.set(ids[2], ["language": "sv"])
    try everywhere(desks) { desk in
      let first = try #require(try desk.customers(limit: 1).rows.first)
      #expect(first.id == ids[0] && first.language == "sv")
    }
  }

  @Test("Who was merged with a profile that somebody else erased meanwhile stays in the list")
  func erased() throws {
    let desks = try TwoDesks()
    let ids = try profiles(desks, 2)
    try desks.bo.mergeCustomers(ids[0], ids[1])
    var erasing = Draft()
    erasing.erase = true
    try desks.anna.store.commit(Edit(.entity(ids[0]), erasing))
    try everywhere(desks) { desk in
      let (rows, total) = try desk.customers()
      #expect(rows.map(\.id) == [ids[1]] && total == 1)
    }
  }

  @Test("More profiles than are shown as one are shown as several, none of them left out")
  func tooMany() throws {
    let desks = try TwoDesks()
    let ids = try profiles(desks, Store.maximumMembers + 6)
    for (left, right) in zip(ids, ids.dropFirst()) {
      var draft = Draft()
      draft.add[Links.same] = [ExactString(right.description)]
      try desks.anna.store.commit(Desk.alone(left, draft))
      draft.add[Links.same] = [ExactString(left.description)]
      try desks.anna.store.commit(Desk.alone(right, draft))
    }
    try everywhere(desks) { desk in
      let (rows, total) = try desk.customers(limit: .max)
      #expect(rows.map(\.id).sorted() == [ids[0], ids[Store.maximumMembers]] && total == 2)
    }
  }

  @Test(
    "The list has what the members of each customer say, after random merges and splits", arguments: 1...6)
  func random(_ seed: Int) throws {
    let desks = try TwoDesks(seed: UInt64(seed))
    var generator = SeededGenerator(seed: UInt64(seed))
    let ids = try profiles(desks, 9)
    for _ in 0..<4 {
      for desk in [desks.anna, desks.bo] {
        for _ in 0..<generator.int(0...2) {
          let (left, right) = (generator.pick(ids), generator.pick(ids))
          if generator.oneIn(4), try desk.store.members(of: left).count > 1 {
            try desk.splitCustomer(left)
          } else if left != right {
            try desk.mergeCustomers(left, right)
          }
        }
      }
      try everywhere(desks) { desk in
        let groups = Set(try ids.map { try desk.store.members(of: $0) })
        let (rows, total) = try desk.customers()
        #expect(Set(rows.map(\.id)) == Set(groups.compactMap(\.first)))
        #expect(rows.count == groups.count && total == groups.count)
        #expect(try desk.customers(limit: 2).total == groups.count)
      }
    }
  }
}
