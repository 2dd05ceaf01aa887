import Agent
import Causality
import Merge
import Storage

extension Desk {
  /// Of each customer that consists of several profiles the row of the first one, with the time of the latest update of all;
  /// rows of profiles that are tied to nobody who is here and not erased are among them.
  ///
  /// Cost: a column of the table of customers, and a row for each profile that is merged.
  func mergedRows() throws(StorageError) -> [CustomerRow] {
    if try tables.entities(.linked).isEmpty { return [] }
    var tests = RowTests(CustomerRow.columns)
    tests.require(number: "erased") { $0 == 0 }
    tests.require("same") { !$0.isEmpty }
    let order = RowOrder(first: tests.column("updated") ?? 0)
    let found = try tables.scan(Vocabulary.customer, tests, order, limit: .max)
    var rows: [EntityID: CustomerRow] = [:]
    for row in found.rows { rows[row.entity] = CustomerRow(row.entity, row.values) }
    var firsts: [CustomerRow] = []
    for group in Self.groups(rows.mapValues(\.same)) {
      for members in try shown(group) {
        let all = members.compactMap { rows[$0] }
        guard var first = all.first else { continue }
        first.updated = all.map(\.updated).max() ?? first.updated
        firsts.append(first)
      }
    }
    return firsts
  }

  /// More than are shown as one come in parts, each as its first profile shows it.
  private func shown(_ group: [EntityID]) throws(StorageError) -> [[EntityID]] {
    guard group.count > Store.maximumMembers else { return [group] }
    var parts: [[EntityID]] = []
    var rest = Set(group)
    while let first = rest.min() {
      let members = Set(try store.members(of: first)).union([first]).intersection(rest)
      parts.append(members.sorted())
      rest.subtract(members)
    }
    return parts
  }

  /// What hangs together by ties, in whichever direction, each group ordered. Ties to what is not among the keys tie nothing.
  static func groups(_ ties: [EntityID: [EntityID]]) -> [[EntityID]] {
    var neighbours: [EntityID: [EntityID]] = [:]
    for (id, others) in ties {
      for other in others where ties[other] != nil {
        neighbours[id, default: []].append(other)
        neighbours[other, default: []].append(id)
      }
    }
    var seen: Set<EntityID> = []
    var groups: [[EntityID]] = []
    for id in ties.keys.sorted() where seen.insert(id).inserted {
      var group = [id]
      var index = 0
      while index < group.count {
        group += (neighbours[group[index]] ?? []).filter { seen.insert($0).inserted }
        index += 1
      }
      groups.append(group.sorted())
    }
    return groups
  }
}
